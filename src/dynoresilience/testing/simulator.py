"""A DynamoDB in this process that enforces capacity as the real one does, on top of moto."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from dynoresilience.ports import Clock
from dynoresilience.testing.in_process import interception, short_way
from dynoresilience.testing.in_process.moto import Moto, answer, call_moto
from dynoresilience.testing.in_process.sessions import new_session
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.fault_kinds import TimedOut
from dynoresilience.testing.service.settings import Settings, SettingsOptions
from dynoresilience.testing.simulation import Simulation

if TYPE_CHECKING:
    from typing_extensions import Unpack

_running = threading.Lock()


class SimulatedDynamoDB(Simulation):
    """Simulates DynamoDB for every boto3 or botocore client of the process while it is started.

    It does not matter when a client was made, or by which session; those with an ``endpoint_url``
    of their own are left alone. No request reaches AWS meanwhile: all regions are simulated (the
    methods here speak of ``region``), and other AWS services are mocked by moto.

        with SimulatedDynamoDB(clock=VirtualClock()) as sim:
            sim.create_table("orders", write=5, indexes={"by-customer": (5, 5)})
            sim.client().put_item(TableName="orders", Item={"id": {"S": "1"}})

    Args:
        clock: where its time comes from; None is real time.
        region: the default region of its clients.
        settings: the fields of `Settings`.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        region: str = "us-east-1",
        **settings: Unpack[SettingsOptions],
    ) -> None:
        super().__init__(clock, region, Settings(**settings))
        self._moto = Moto()
        self._started = False
        self._stopped = threading.Event()
        self._session: Any = None

    def start(self) -> None:
        """Begin to simulate, with no tables.

        Raises:
            RuntimeError: a simulator, this or another one, is running in this process already.
        """
        if not _running.acquire(blocking=False):
            raise RuntimeError(
                "a SimulatedDynamoDB is already running in this process; stop it before the next "
                "one is started (use one for all regions and tables)"
            )
        try:
            self._begin()
            self._moto.start()
        except BaseException:
            _running.release()
            raise
        self._started = True
        self._stopped.clear()
        interception.activate(self._handle, answer)

    def stop(self) -> None:
        """Stop simulating: tables are gone, environment and sessions are as before.

        What was observed stays readable. Stopping twice is harmless.
        """
        with self._lock:
            if not self._started:
                return
            self._started = False
            self._stopped.set()
            self._faults.freezer.release()
            interception.deactivate()
            self._session = None
            try:
                self._moto.stop()
            finally:
                _running.release()

    # Clients

    def session(self) -> Any:
        """The simulator's own boto3 session: dummy credentials, `region`.

        Its clients never reach AWS: once the simulator is stopped they raise RuntimeError.
        """
        with self._lock:
            self._check_started()
            if self._session is None:
                self._session = new_session(self.region, signs=False)
                for event in interception.EVENTS:
                    self._session.events.register_first(event, self._respond)
            return self._session

    def client(self, **options: Any) -> Any:
        """A boto3 DynamoDB client of `session`; ``options`` as for ``boto3.client``."""
        with self._lock:
            client = self.session().client("dynamodb", **options)
            self._hold_to_its_timeout(client)
            return client

    def resource(self, **options: Any) -> Any:
        """A boto3 DynamoDB resource of `session`; ``options`` as for ``boto3.resource``."""
        with self._lock:
            resource = self.session().resource("dynamodb", **options)
            self._hold_to_its_timeout(resource.meta.client)
            return resource

    def autoscaling_client(self, **options: Any) -> Any:
        """A boto3 Application Auto Scaling client of `session`; ``options`` as for boto3."""
        with self._lock:
            client = self.session().client("application-autoscaling", **options)
            self._hold_to_its_timeout(client)
            return client

    # Requests

    def _hold_to_its_timeout(self, client: Any) -> None:
        """Have the client's own handler answer it, which knows how long it waits."""
        timeout = client.meta.config.read_timeout
        respond = partial(self._respond, patience=math.inf if timeout is None else timeout)
        for event in interception.EVENTS:
            client.meta.events.unregister(event, self._respond)
            client.meta.events.register_first(event, respond)

    def _handle(
        self, request: Any, region: str, operation: str, body: Body, patience: float
    ) -> Reply:
        """Answer, after the waits that were ordered, which hold up nobody else."""
        freezer = self._faults.freezer
        if freezer.frozen:
            self._note_frozen(operation)
            if not self.clock.wait(freezer.thawed, patience):
                freezer.later(lambda: self._work_unheard(request, region, operation, body))
                raise TimedOut
        reply = self._work(request, region, operation, body)
        if reply.delivery.seconds:
            self.clock.wait(self._stopped, min(reply.delivery.seconds, patience))
            if reply.delivery.seconds > patience:
                raise TimedOut
        return reply

    def _work(self, request: Any, region: str, operation: str, body: Body) -> Reply:
        def backend(asked: str, its_body: Body) -> Reply:
            quick = short_way.answer(region, asked, its_body)
            return quick or call_moto(request, region, asked, its_body)

        with self._lock:
            self._check_started()
            return self._regions.engine(region).handle(operation, body, backend)

    def _work_unheard(self, request: Any, region: str, operation: str, body: Body) -> None:
        with suppress(Exception):  # the client has gone
            self._work(request, region, operation, body)

    def _respond(self, request: Any, patience: float = math.inf, **_: Any) -> Any:
        """For clients of our own session: an answer even while no simulator is running."""
        return interception.respond(self._handle, request, patience)

    def _check_started(self) -> None:
        if not self._started:
            raise RuntimeError("this SimulatedDynamoDB is not started")
