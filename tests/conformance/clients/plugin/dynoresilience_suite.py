"""A pytest plugin for another project's tests: makes its DynamoDB clients resilient, and looks on.

    -p dynoresilience_suite --clients MODE --outcomes FILE

It lies in a folder of its own because that other project has a package ``tests`` too: it is found
by its name, and imports nothing of ours but the library. FILE gets, as JSON, the outcome of every
test, and counts that show whether the clients were what MODE says.
"""

from __future__ import annotations

import io
import json
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint

from dynoresilience import ScalingClient, ScalingConfig, attach, client, install

DATA_CALLS = {
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
}
THROTTLE = {
    "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "message": (
        "The level of configured provisioned throughput for the table was exceeded. Consider "
        "increasing your provisioning level with the UpdateTable API."
    ),
}
NO_WAITING = ScalingConfig(
    scaling_enabled=False, initial_retry_delay=0.001, max_retry_delay=0.001, max_retries=5
)

counts: Counter[str] = Counter()
"""``clients``: attached. ``requests``: to DynamoDB, first attempts and repeats together as one.
``hooked``: of these, those that passed our hooks. ``throttled``: first attempts refused by us."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("dynoresilience")
    group.addoption("--clients", choices=sorted(MODES), required=True)
    group.addoption("--outcomes", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    count_attachments()
    count_requests()
    MODES[config.option.clients]()
    config.pluginmanager.register(Recorder(config.option.outcomes))


class Recorder:
    """Writes down what became of each test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known, _ = self._outcomes.get(report.nodeid, ("", ""))
        if known != "failed" and (report.when == "call" or not report.passed):
            self._outcomes[report.nodeid] = (report.outcome, _first_line(report))

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps({"outcomes": self._outcomes, "counts": counts}))


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    return next(iter(text.splitlines()), "")


# -- what is counted -------------------------------------------------------------------------------


def count_attachments() -> None:
    """`ScalingClient`, `attach` and `install` all come by here."""
    attach_to = client.attach_to

    def counted(*args: Any, **kwargs: Any) -> Any:
        counts["clients"] += 1
        return attach_to(*args, **kwargs)

    client.attach_to = counted


def count_requests() -> None:
    """The hooks leave notes in the context of a request, under names that begin with ours."""
    make_request = Endpoint.make_request

    def counted(self: Endpoint, operation_model: Any, request_dict: dict[str, Any]) -> Any:
        if operation_model.service_model.service_name == "dynamodb":
            counts["requests"] += 1
            counts["hooked"] += any(
                name.startswith("dynoresilience") for name in request_dict["context"]
            )
        return make_request(self, operation_model, request_dict)

    Endpoint.make_request = counted


# -- the modes -------------------------------------------------------------------------------------


def replace_boto3s_clients() -> None:
    """Every session's ``client("dynamodb")`` is a `ScalingClient`; resources are attached."""
    make_client, make_resource = boto3.Session.client, boto3.Session.resource
    thread = threading.local()

    def scaling_client(self: boto3.Session, service_name: str, *args: Any, **kwargs: Any) -> Any:
        made = make_client(self, service_name, *args, **kwargs)
        for_a_resource = getattr(thread, "makes_a_resource", False)
        return made if service_name != "dynamodb" or for_a_resource else ScalingClient(made)

    def attached(self: boto3.Session, service_name: str, *args: Any, **kwargs: Any) -> Any:
        thread.makes_a_resource = True
        try:
            made = make_resource(self, service_name, *args, **kwargs)
        finally:
            thread.makes_a_resource = False
        return attach(made) if service_name == "dynamodb" else made

    boto3.Session.client, boto3.Session.resource = scaling_client, attached


def install_in_every_session() -> None:
    _with_each_session(install)


def throttle_first_attempts() -> None:
    """Each data call is refused once, at the level of HTTP, before it reaches its endpoint."""

    def prepare(session: Any) -> None:
        install(session, config=NO_WAITING)
        events = getattr(session, "events", None) or session.get_component("event_emitter")
        events.register_first("before-send.dynamodb", refuse_once, unique_id="refuse-once")

    _with_each_session(prepare)


def refuse_once(event_name: str, request: Any, **_: Any) -> AWSResponse | None:
    attempt = request.headers.get("amz-sdk-request", b"")
    if event_name.rpartition(".")[2] not in DATA_CALLS or b"attempt=1" not in attempt.split(b";"):
        return None
    counts["throttled"] += 1
    body = json.dumps(THROTTLE).encode()
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(body))}
    answer = AWSResponse(request.url, 400, headers, _Stream(body))
    # Every handler is asked, also those after the first answer. An emulator in this process is one
    # of them: it would do what was refused, if it recognised the address.
    request.url = "refused://here"
    return answer


class _Stream(io.BytesIO):
    """A body as `AWSResponse` reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _with_each_session(prepare: Callable[[Any], object]) -> None:
    """Those of boto3 and of botocore, also the default session that boto3 makes for itself."""
    for kind in (botocore.session.Session, boto3.Session):
        _after_init(kind, prepare)


def _after_init(kind: type, prepare: Callable[[Any], object]) -> None:
    init = kind.__init__

    def init_and_prepare(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        prepare(self)

    kind.__init__ = init_and_prepare


MODES: dict[str, Callable[[], object]] = {
    "boto3": lambda: None,
    "ScalingClient": replace_boto3s_clients,
    "install": install_in_every_session,
    "install-throttled": throttle_first_attempts,
}
