"""A simulated DynamoDB that listens on a port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from dynoresilience.ports import Clock
from dynoresilience.testing.backends.endpoint import EndpointStore, check_url
from dynoresilience.testing.backends.store import Store
from dynoresilience.testing.in_process.sessions import new_session
from dynoresilience.testing.replies import Backend, Body, Refused, Reply
from dynoresilience.testing.server.control import PATH, control
from dynoresilience.testing.server.endpoint import Endpoint, over_http
from dynoresilience.testing.server.http import (
    BrokenConnection,
    HttpAnswer,
    HttpListener,
    HttpRequest,
)
from dynoresilience.testing.service.fault_kinds import Dropped
from dynoresilience.testing.service.settings import Settings, SettingsOptions
from dynoresilience.testing.simulation import Simulation

if TYPE_CHECKING:
    from typing_extensions import Unpack


class SimulatorServer(Simulation):
    """A DynamoDB endpoint over HTTP that enforces capacity, for any process and any language.

        with SimulatorServer(update_seconds=0.5) as server:
            server.create_table("orders", write=5)
            boto3.client("dynamodb", endpoint_url=server.url)  # or server.client()

    It is one account: access keys are not told apart, and not checked. Requests are worked on one
    at a time.

    Args:
        backend: what keeps the items: "moto" is in memory, in this process; else the URL of any
            DynamoDB endpoint that doesn't check signatures, such as DynamoDB Local.
        host: the address to listen on.
        port: the port to listen on; 0 is any free one, see `port`.
        clock: where its time comes from; None is real time. A `VirtualClock` is for one client
            that makes one call at a time.
        region: of requests that are not signed, and of its own clients.
        settings: the fields of `Settings`.

    Raises:
        ValueError: a setting is out of range, or the backend is neither "moto" nor a URL.
        ImportError: the backend is "moto", which is not installed.
    """

    def __init__(
        self,
        backend: str = "moto",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        region: str = "us-east-1",
        **settings: Unpack[SettingsOptions],
    ) -> None:
        super().__init__(clock, region, Settings(**settings))
        self._new_store = _stores(backend)
        self._host = host
        self._asked_port = port
        self._stopped = threading.Event()
        self._listener: HttpListener | None = None
        self._store: Store | None = None
        self._clients = threading.Lock()
        self._session: Any = None

    def start(self) -> None:
        """Listen and answer, with no tables other than the backend's.

        Raises:
            OSError: the port can't be had.
            RuntimeError: it is started already.
        """
        if self._listener is not None:
            raise RuntimeError("this SimulatorServer is started already")
        self._store = self._new_store()
        endpoint = Endpoint(self._store, self._operate, self.region)
        listener = HttpListener(
            self._host, self._asked_port, lambda asked: self._answer(endpoint, asked), _refusal
        )
        self._begin()
        self._stopped.clear()
        listener.start()
        self._listener = listener

    def stop(self) -> None:
        """Stop answering and close all connections. What was observed stays readable."""
        listener, self._listener = self._listener, None
        store, self._store = self._store, None
        self._stopped.set()
        self._faults.freezer.release()
        if listener is not None:
            listener.stop()
        if store is not None:
            store.close()

    @property
    def port(self) -> int:
        """The port that it listens on.

        Raises:
            RuntimeError: it is not started.
        """
        if self._listener is None:
            raise RuntimeError("this SimulatorServer is not started")
        return self._listener.port

    @property
    def url(self) -> str:
        """What a client takes as ``endpoint_url``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    # Clients

    def client(self, **options: Any) -> Any:
        """A boto3 DynamoDB client of this server; ``options`` as for ``boto3.client``."""
        with self._clients:
            return self._own_session().client("dynamodb", **self._options(options))

    def resource(self, **options: Any) -> Any:
        """A boto3 DynamoDB resource of this server; ``options`` as for ``boto3.resource``."""
        with self._clients:
            return self._own_session().resource("dynamodb", **self._options(options))

    def autoscaling_client(self, **options: Any) -> Any:
        """A boto3 Application Auto Scaling client of this server; ``options`` as for boto3."""
        with self._clients:
            service = "application-autoscaling"
            return self._own_session().client(service, **self._options(options))

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        signed = Config(signature_version="v4")  # the region stands in the signature
        config = signed.merge(given["config"]) if given.get("config") else signed
        return {"endpoint_url": self.url, **given, "config": config}

    def _own_session(self) -> Any:
        if self._session is None:
            self._session = new_session(self.region)
        return self._session

    # Requests

    def _answer(self, endpoint: Endpoint, asked: HttpRequest) -> HttpAnswer | BrokenConnection:
        """Answer, after the waits that were ordered, which hold up nobody else."""
        if asked.path.startswith(PATH):
            return control(self, asked)
        freezer = self._faults.freezer
        if freezer.frozen:
            self._note_frozen(asked.headers.get("x-amz-target", asked.method).rpartition(".")[2])
            freezer.thawed.wait()
        if asked.method != "POST":
            return _health(asked, self.region)
        try:
            if self._stopped.is_set():
                raise Dropped(connected=True)
            reply = endpoint.answer(asked)
            if reply.delivery.seconds and self.clock.wait(self._stopped, reply.delivery.seconds):
                raise Dropped(connected=True)
        except Dropped as dropped:
            return BrokenConnection(reset=not dropped.connected)
        except Exception as failure:
            what = f"the simulator failed: {type(failure).__name__}: {failure}"
            reply = Refused("InternalServerError", what, status=500).reply()
        return over_http(reply, asked.headers)

    def _operate(self, region: str, operation: str, body: Body, backend: Backend) -> Reply:
        return self._regions.engine(region).handle(operation, body, backend)


def _stores(backend: str) -> Callable[[], Store]:
    """What makes the store of this name; wrong names are found before anything is started."""
    if backend != "moto":
        url = check_url(backend)
        return lambda: EndpointStore(url)
    try:
        from dynoresilience.testing.backends.moto import MotoStore
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("moto", "werkzeug"):
            raise
        raise ImportError(
            "the backend 'moto' needs moto: pip install 'dynoresilience[testing]'"
        ) from missing
    return MotoStore


def _health(asked: HttpRequest, region: str) -> HttpAnswer:
    if asked.method in ("GET", "HEAD") and asked.path.partition("?")[0] == "/":
        healthy = f"healthy: dynamodb.{region}.amazonaws.com "
        return over_http(Reply(200, healthy.encode(), {"content-type": "text/plain"}), {})
    return _refusal(404, f"there is nothing at {asked.method} {asked.path}")


def _refusal(status: int, why: str) -> HttpAnswer:
    """What HTTP refuses, in a form that AWS's clients can read."""
    code = "RequestEntityTooLarge" if status == 413 else "UnknownOperationException"
    return over_http(Refused(code, why, status=status).reply(), {})
