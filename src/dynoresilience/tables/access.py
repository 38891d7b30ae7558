"""The way to the tables of one client: composition for this package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dynoresilience import stand_in
from dynoresilience.attachment import client_behind, control_plane_client
from dynoresilience.aws.autoscaling import ScalableTargets
from dynoresilience.aws.kms import KmsKeys
from dynoresilience.aws.punctual import be_punctual
from dynoresilience.aws.table_admin import BotoTableAdmin
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.engine import Runtime
from dynoresilience.ports import Clock, EventSink, Random, TableControl
from dynoresilience.ports.tables import KeyNames, TableAdmin
from dynoresilience.process.log_sink import LoggingSink, SafeSinks


@dataclass(frozen=True, slots=True)
class Access:
    """What the use cases of this package need."""

    admin: TableAdmin
    control: TableControl
    runtime: Runtime
    sink: EventSink
    keys: KeyNames | None = None
    """None: there is nobody to ask what an alias of a KMS key stands for."""

    @property
    def clock(self) -> Clock:
        return self.runtime.clock

    @property
    def chance(self) -> Random:
        return self.runtime.chance

    @classmethod
    def of(cls, client: Any, sinks: Sequence[EventSink] | None = None) -> Access:
        """Through a client, resource, Table or ScalingClient.

        Args:
            client: its credentials and region hold; attached or not.
            sinks: where events go. None: to the ``dynoresilience`` logger.

        Raises:
            NotAttachableError: it is none of these.
        """
        block = stand_in.current()
        runtime = block.runtime if block is not None else Runtime.of_process()
        original = client_behind(client)
        twin = control_plane_client(original)
        be_punctual(twin, runtime.clock)
        told = (LoggingSink(runtime.clock),) if sinks is None else tuple(sinks)
        return cls(
            admin=BotoTableAdmin(twin),
            control=BotoTableControl(twin, ScalableTargets.beside(original)),
            runtime=runtime,
            sink=SafeSinks(told),
            keys=KmsKeys.beside(original),
        )
