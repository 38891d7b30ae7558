"""One client and its engine: the light half that every client carries, throttled or not."""

from __future__ import annotations

import logging
import sys
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dynoresilience import fork_safe, scope, stand_in
from dynoresilience.aws import botocore_private
from dynoresilience.aws.arrivals import Arrivals, together
from dynoresilience.aws.hooks import Hooks
from dynoresilience.aws.wire import work_of
from dynoresilience.config import ScalingConfig
from dynoresilience.errors import NotAttachableError
from dynoresilience.look_around import LookAround

if TYPE_CHECKING:
    from dynoresilience.capacity.demand import Asked
    from dynoresilience.engine import Engine, Runtime
    from dynoresilience.ports import EventSink
    from dynoresilience.scaling.place import Place
    from dynoresilience.scaling.throttled_call import ThrottledCall
    from dynoresilience.stand_in import StandIn

_log = logging.getLogger("dynoresilience")

_ATTRIBUTE = "_dynoresilience"

_attached: weakref.WeakSet[Attachment] = weakref.WeakSet()


class Attachment:
    """The hooks on a botocore client, and the engine behind them, made at the first throttle."""

    def __init__(
        self,
        client: Any,
        config: ScalingConfig,
        sinks: Sequence[EventSink] | None,
        runtime: Runtime | None = None,
    ) -> None:
        self.config = config
        self.client = client
        self._sinks = sinks
        self._runtime = runtime
        self._engine: Engine | None = None
        self.owners = 0
        self.monotonic = stand_in.monotonic if runtime is None else runtime.clock.monotonic
        self.arrivals = Arrivals()
        self.around = LookAround(
            lambda: self.config,
            lambda table: self._made_engine().take_over(table),
            self.monotonic,
            runtime,
        )
        self.hooks = Hooks(self, client.meta.events)
        with fork_safe.lock:
            _attached.add(self)

    @property
    def engine(self) -> Engine | None:
        """None: this client was never throttled."""
        instead = self._stand_in()
        return self._engine if instead is None else instead.engines.get(self)

    @property
    def resting(self) -> int:
        """About how many of this client's calls wait between two attempts."""
        engine = self.engine if stand_in.blocks else self._engine  # each call asks: no detours
        return engine.resting if engine is not None else 0

    def succeeded(self, tables: Iterable[str]) -> None:
        """A call on these tables went through while others wait."""
        engine = self.engine
        if engine is not None:
            engine.succeeded(tables)

    def hold_back(self, operation: str, request: dict[str, Any], started: float) -> Place | None:
        """Let a new call queue behind those that wait for the same; its place, if it did."""
        engine = self.engine
        try:
            work, attributes = work_of(operation, request)
            if engine is None or work is None:
                return None
            return engine.hold_back(work, attributes, started, scope.current(self))
        except Exception:  # the call goes on, as if nobody waited
            _log.exception("a fault of ours; the call is sent at once")
            return None

    def _asked(self, table: str) -> Asked:
        """The latest calls on a table, of all clients of this process that may mean the same."""
        mine = botocore_private.account_of(self.client)
        with fork_safe.lock:
            others = [one for one in _attached if one._runtime is self._runtime]
        alike = (one for one in others if botocore_private.account_of(one.client) == mine)
        return together(one.arrivals.of(table) for one in alike)

    def configure(self, config: ScalingConfig | None, sinks: Sequence[EventSink] | None) -> None:
        """Replace what is given; holds from the next throttle on."""
        with fork_safe.lock:
            if config is not None:
                self.config = config
            if sinks is not None:
                self._sinks = sinks
            for engine in {self._engine, self.engine}:
                if engine is not None:
                    engine.configure(self.config, self._sinks)

    def begin(self, api: str, started: float, place: Place | None = None) -> ThrottledCall:
        return self._made_engine().begin(api, started, scope.current(self), place)

    def _made_engine(self) -> Engine:
        found = self.engine
        if found is not None:
            return found
        with fork_safe.imports:
            from dynoresilience.aws.autoscaling import ScalableTargets
            from dynoresilience.aws.eventbridge import EventBridgeScheduler
            from dynoresilience.aws.punctual import be_punctual
            from dynoresilience.aws.table_control import BotoTableControl
            from dynoresilience.aws.tag_ledger import TagLedger
            from dynoresilience.engine import Engine, Runtime
        with fork_safe.lock:
            if self.engine is not None:
                return self.engine
            instead = self._stand_in()
            runtime = self._runtime or (instead.runtime if instead else Runtime.of_process())
            twin = self.hooks.control_plane_client(self.client)
            be_punctual(twin, runtime.clock)
            control = BotoTableControl(twin, ScalableTargets.beside(self.client))
            ledger = TagLedger(twin, runtime.clock)
            endpoint = self.client.meta.endpoint_url
            scheduler = EventBridgeScheduler(self.client)
            made = Engine(
                control,
                ledger,
                endpoint,
                self.config,
                self._sinks,
                runtime,
                scheduler,
                self._asked,
            )
            if instead is None:
                self._engine = made
            else:
                instead.engines[self] = made
            return made

    def _stand_in(self) -> StandIn | None:
        return stand_in.current() if self._runtime is None else None


def attach_to(
    target: Any,
    config: ScalingConfig | None,
    sinks: Sequence[EventSink] | None,
    *,
    runtime: Runtime | None = None,
    lazily: bool = False,
) -> Attachment:
    """The attachment of the client behind ``target``: a new one, or the one it has already.

    Each call makes one more owner; the client stays attached until all have detached.
    """
    client = client_behind(target)
    with fork_safe.lock:
        found: Attachment | None = client.__dict__.get(_ATTRIBUTE)
        if found is None:
            found = Attachment(client, config or ScalingConfig.from_env(), sinks, runtime)
            found.hooks.attach(lazily=lazily)
            client.__dict__[_ATTRIBUTE] = found
            if sys.version_info >= (3, 11):
                botocore_private.see_errors(client, _explain)
        else:
            found.configure(config, sinks)
            found.hooks.take_place()
        found.owners += 1
        return found


def control_plane_client(client: Any) -> Any:
    """A second client on the same connections, that tries each call once; attached it is not."""
    found: Attachment | None = client.__dict__.get(_ATTRIBUTE)
    if found is None:
        return botocore_private.without_retries(client)
    return found.hooks.control_plane_client(client)


def detach_from(client: Any, error: Exception | None = None) -> None:
    """Undo one `attach_to`; a raise that is still to be taken back stays scheduled."""
    with fork_safe.lock:
        attachment: Attachment | None = client.__dict__.get(_ATTRIBUTE)
        if attachment is None:
            return
        attachment.owners -= 1
        if attachment.owners == 0:
            del client.__dict__[_ATTRIBUTE]
            attachment.hooks.detach(error)
            if attachment.config.learn_daily:  # what is down stays down
                attachment.configure(attachment.config.replace(learn_daily=False), None)
            botocore_private.see_errors_no_more(client)


def _explain(error: Exception) -> None:
    """Say in a note how the call fared that ends in ``error``, if it was throttled."""
    try:
        response = getattr(error, "response", None)
        if isinstance(response, dict) and "Dynoresilience" in response:
            with fork_safe.imports:
                from dynoresilience.throttling.note import note_on
            note_on(error)
    except Exception:
        _log.exception("a fault of ours; the call's own exception stands")


class LateAttachment:
    """For calls whose client is not attached: made at their first throttle.

    Args:
        client: whose credentials, region and endpoint are used to raise. None: one of the default
            session.
        config: None: from the environment, read now.
        sinks: where events go. None: to the log.

    Raises:
        ConfigError: a faulty environment variable.
        NotAttachableError: ``client`` is not of DynamoDB.
    """

    def __init__(
        self, client: Any, config: ScalingConfig | None, sinks: Sequence[EventSink] | None
    ) -> None:
        self.config = config or ScalingConfig.from_env()
        self._client = None if client is None else client_behind(client)
        self._sinks = sinks
        self._made: Attachment | None = None

    @property
    def takes_time(self) -> bool:
        """True while the next `attachment` has to make a client first."""
        return self._made is None and self._client is None

    def attachment(self) -> Attachment:
        if self._made is None:
            client = self._client
            if client is None:
                import boto3

                client = boto3.client("dynamodb")
            made = Attachment(client, self.config, self._sinks)
            with fork_safe.lock:
                self._made = self._made or made
        return self._made


def client_behind(target: Any) -> Any:
    """The botocore client of a client, resource, Table or ScalingClient.

    Raises:
        NotAttachableError: it is none of these, or of another service, or its calls are coroutines.
    """
    own = getattr(target, "__dict__", {}).get("_attachment")
    if isinstance(own, Attachment):  # a ScalingClient
        return own.client
    meta = getattr(target, "meta", None)
    client = getattr(meta, "client", target)
    model = getattr(getattr(client, "meta", None), "service_model", None)
    service = getattr(model, "service_name", None)
    if service == "dynamodb":
        if botocore_private.is_asynchronous([type(client)]):
            raise NotAttachableError(
                f"target={type(client).__name__}: the calls of this client are coroutines, and a "
                "wait within them would hold up the loop; decorate your functions with "
                "with_throughput_scaling instead, and for tables and items give a client of boto3"
            )
        return client
    what = f"a client of {service!r}" if service else f"{type(target).__name__}"
    raise NotAttachableError(
        f"target={what}: give a boto3 client, resource or Table of DynamoDB "
        "(for a session: install(session))"
    )
