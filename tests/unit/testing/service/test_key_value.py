"""An engine in virtual time without boto3 and moto."""

import threading

from dynoresilience.model import Resource, Units
from dynoresilience.testing.clock import VirtualClock
from dynoresilience.testing.replies import Body
from dynoresilience.testing.service.engine import Engine
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.journal import Journal
from dynoresilience.testing.service.key_value import KeyValueBackend
from dynoresilience.testing.service.settings import Settings
from dynoresilience.testing.table_request import create_table_request

KEY = {"id": {"S": "1"}}


class World:
    def __init__(self) -> None:
        self.clock, self.journal, self.backend = VirtualClock(), Journal(), KeyValueBackend()
        self.engine = Engine(
            "us-east-1",
            self.clock,
            Settings(burst_seconds=1.0),
            journal=self.journal,
            faults=FaultPlan(),
            lock=threading.RLock(),
        )
        request = create_table_request("t", 5, 5, {"by-c": (5, 1)}, "id", {}, False)
        assert self.engine.handle("CreateTable", request, self.backend).ok

    def ask(self, operation: str, **body: object) -> tuple[str, Body]:
        reply = self.engine.handle(operation, {"TableName": "t", **body}, self.backend)
        return reply.code, reply.body


def test_items_are_kept_and_capacity_is_enforced() -> None:
    world = World()
    item = {**KEY, "c": {"S": "x"}}
    assert world.ask("PutItem", Item=item) == ("", {})
    code, body = world.ask("PutItem", Item=item)
    assert code == "ProvisionedThroughputExceededException"
    assert body["ThrottlingReasons"][0]["resource"].endswith("table/t/index/by-c")
    assert world.ask("GetItem", Key=KEY) == ("", {"Item": item})
    world.clock.advance(1.0)
    assert world.ask("DeleteItem", Key=KEY) == ("", {})
    assert world.ask("GetItem", Key=KEY) == ("", {})
    assert world.backend.items("t") == []
    assert world.journal.throttle_reasons == {"IndexWriteProvisionedThroughputExceeded": 1}


def test_capacity_changes_there_too() -> None:
    world = World()
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 50}
    code, body = world.ask("UpdateTable", ProvisionedThroughput=units)
    assert (code, body["TableDescription"]["TableStatus"]) == ("", "UPDATING")
    world.clock.advance(2.0)
    assert world.engine.units(Resource("t")) == Units(5, 50)
    assert world.engine.units(Resource("t", "by-c")) == Units(5, 1)


def test_what_it_does_not_know_is_refused() -> None:
    world = World()
    assert world.ask("PutItem", Item=KEY, ConditionExpression="a")[0] == "ValidationException"
    assert world.ask("Scan")[0] == "ValidationException"
    assert world.ask("PutItem", Item={"a": {"S": "1"}})[0] == "ValidationException"
    assert world.ask("PutItem", TableName="nope", Item=KEY)[0] == "ResourceNotFoundException"
    request = create_table_request("t", 5, 5, {}, "id", {}, False)
    assert world.ask("CreateTable", **request)[0] == "ResourceInUseException"
    assert world.ask("DeleteTable")[0] == ""
    assert world.ask("GetItem", Key=KEY)[0] == "ResourceNotFoundException"
