"""One table of the simulator, behind clients that take a round trip for each request."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from threading import RLock
from typing import Any

from botocore.exceptions import ClientError

from dynoresilience.ports import Clock
from dynoresilience.testing.replies import Body, Refused, Reply
from dynoresilience.testing.service.engine import Engine
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.journal import Journal
from dynoresilience.testing.service.settings import Settings
from dynoresilience.testing.table_request import create_table_request
from tests.support.fleet.hub import Process

REGION = "eu-central-1"
ARN = f"arn:aws:dynamodb:{REGION}:123456789012:table/"
_DONE = Reply(200, b"{}")


class Shelf:
    """A backend of the simulator that keeps descriptions and tags, and no items."""

    def __init__(self) -> None:
        self._tables: dict[str, Body] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def __call__(self, operation: str, body: Body) -> Reply:
        if operation in ("PutItem", "GetItem"):
            return _DONE
        if operation == "CreateTable":
            return self._create(body)
        if operation == "DescribeTable":
            found = self._tables.get(body["TableName"])
            if found is None:
                return Refused("ResourceNotFoundException", "no such table").reply()
            return Reply.of({"Table": found})
        tags = self._tags.setdefault(body.get("ResourceArn", ""), {})
        if operation == "TagResource":
            tags.update((tag["Key"], tag["Value"]) for tag in body["Tags"])
            return _DONE
        if operation == "UntagResource":
            for key in body["TagKeys"]:
                tags.pop(key, None)
            return _DONE
        if operation == "ListTagsOfResource":
            return Reply.of({"Tags": [{"Key": k, "Value": v} for k, v in tags.items()]})
        return _DONE

    def _create(self, body: Body) -> Reply:
        name = body["TableName"]
        table = {**body, "TableArn": ARN + name, "TableStatus": "ACTIVE", "TableId": name}
        self._tables[name] = table
        return Reply.of({"TableDescription": table})


class Service:
    """The real rules, and a log of what was asked of it, with the instant of each request."""

    def __init__(self, clock: Clock, round_trip: float = 0.02, **settings: Any) -> None:
        self.round_trip = round_trip
        self.journal = Journal()
        self.requests: list[tuple[float, str, str]] = []
        self._clock = clock
        self._backend = Shelf()
        self._engine = Engine(
            REGION,
            clock,
            Settings(**settings),
            journal=self.journal,
            faults=FaultPlan(),
            lock=RLock(),
        )

    def create_table(self, name: str, units: int) -> None:
        self.ask("CreateTable", create_table_request(name, units, units, {}, "id", {}, False))

    def ask(self, operation: str, body: Body) -> Reply:
        reply = self._engine.handle(operation, body, self._backend)
        if operation != "PutItem":
            self.requests.append((self._clock.monotonic(), operation, reply.code))
        return reply

    def sent(self, operation: str) -> list[float]:
        """The instants of the requests of this kind, those that were refused included."""
        return [at for at, name, _ in self.requests if name == operation]

    def refused(self, operation: str) -> Counter[str]:
        return Counter(code for _, name, code in self.requests if name == operation and code)

    def tags(self, table: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self._backend(
            "ListTagsOfResource", {"ResourceArn": ARN + table}
        ).body["Tags"]
        return found


class WireClient:
    """As much of a boto3 client as the library's control plane calls, in one process's time."""

    def __init__(self, service: Service, process: Process) -> None:
        self._service = service
        self._process = process

    def put(self, table: str, key: str) -> bool:
        """One write of one unit; False: throttled."""
        self._process.sleep(self._service.round_trip)
        return self._service.ask("PutItem", {"TableName": table, "Item": {"id": {"S": key}}}).ok

    def describe_table(self, **body: Any) -> Any:
        return self._call("DescribeTable", body)

    def update_table(self, **body: Any) -> Any:
        return self._call("UpdateTable", body)

    def list_tags_of_resource(self, **body: Any) -> Any:
        return self._call("ListTagsOfResource", body)

    def tag_resource(self, **body: Any) -> Any:
        return self._call("TagResource", body)

    def untag_resource(self, **body: Any) -> Any:
        return self._call("UntagResource", body)

    def _call(self, operation: str, body: Body) -> Any:
        self._process.sleep(self._service.round_trip / 2)
        reply = self._service.ask(operation, body)
        self._process.sleep(self._service.round_trip / 2)
        if reply.ok:
            return _parsed(reply.body)
        error = {"Code": reply.code, "Message": reply.body.get("message", "")}
        status = {"HTTPStatusCode": reply.status}
        raise ClientError({"Error": error, "ResponseMetadata": status}, operation)  # type: ignore[typeddict-item]


def _parsed(value: Any) -> Any:
    """As botocore parses it: instants are datetimes."""
    if isinstance(value, list):
        return [_parsed(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: datetime.fromtimestamp(each, timezone.utc)
        if name.endswith("DateTime")
        else _parsed(each)
        for name, each in value.items()
    }
