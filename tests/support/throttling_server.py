"""A small DynamoDB over HTTP, in memory, that enforces provisioned throughput.

The yardstick for the library: it shares no line with it and needs only the standard
library. What it does not know (an expression, a parameter) it refuses with a
ValidationException rather than guess.

Capacity is strict: a request that costs more than a bucket can hold (`units` x
`burst_seconds`) never passes; give more `burst_seconds` where single requests are big.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import operator
import re
import signal
import socket
import sys
import threading
import time
import uuid
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

T = TypeVar("T")
Json = dict[str, Any]
Key = tuple[Any, Any]  # (hash, range), comparable; '' where there is no range key
Units = tuple[int, int]  # (read, write)

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/"
UNIT_NAMES = ("ReadCapacityUnits", "WriteCapacityUnits")
MAX_UNITS = 40_000
FREE_DECREASES, DECREASE_PAUSE, DAY = 4, 3600, 86_400
MAX_TAGS = 50
PAGE_BYTES = 1_000_000
THROTTLE = "ProvisionedThroughputExceededException"
SHORT_TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
SHORT_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the "
    "under-provisioned global secondary indexes with the UpdateTable API"
)
ABOVE_MAXIMUM = (
    "Subscriber limit exceeded: Requested {name}: {units} is above the per table maximum for the "
    "account in us-east-1. Per table maximum: {maximum}"
)
NO_DECREASE = (
    "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
    "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be "
    "performed at most once every 3600 seconds. Number of decreases today: {today}. Last decrease "
    "at {last}. Next decrease can be made at {after}"
)
NO_CAPACITY_ON_DEMAND = (
    "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits "
    "can be specified when BillingMode is PAY_PER_REQUEST"
)
NOT_SERVED = {"AttributesToGet", "AttributeUpdates", "ConditionalOperator", "Expected", "Segment"}
NOT_SERVED |= {"FilterExpression", "ProjectionExpression", "LocalSecondaryIndexes"}
NOT_SERVED |= {"KeyConditions", "QueryFilter", "ScanFilter"}


class ApiError(Exception):
    """An error answer: HTTP status, code, message and further members of the body."""

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code, self.status = code, status
        denied = code == "AccessDeniedException"
        space = "com.amazon.coral.service" if denied else "com.amazonaws.dynamodb.v20120810"
        self.body: Json = {"__type": f"{space}#{code}", "message": message, **members}


class Throttled(ApiError):
    """A refusal for want of capacity."""


class Dropped(Exception):
    """The connection is to be closed without an answer."""


def invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


# --- items and expressions ----------------------------------------------------------------


def value_size(attribute: Json) -> int:
    """Bytes of one attribute value, by AWS's rules (numbers: about two digits a byte)."""
    [(kind, value)] = attribute.items()
    if kind in ("S", "N", "B"):
        return {"S": len(value.encode()), "N": len(value) // 2 + 1, "B": len(value) * 3 // 4}[kind]
    if kind in ("SS", "NS", "BS"):
        return sum(value_size({kind[0]: member}) for member in value)
    if kind == "L":
        return 3 + sum(1 + value_size(member) for member in value)
    return 3 + len(value) + item_size(value) if kind == "M" else 1


def item_size(item: Json) -> int:
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def comparable(attribute: Json) -> Any:
    """A Python value that equals and sorts as DynamoDB says."""
    [(kind, value)] = attribute.items()
    return Decimal(value) if kind == "N" else base64.b64decode(value) if kind == "B" else value


PATH, VALUE = r"(#?[A-Za-z0-9_][\w.-]*)", r"(:\w+)"
CLAUSE = re.compile(
    rf"(?P<exists>attribute_exists|attribute_not_exists)\s*\(\s*{PATH}\s*\)"
    rf"|(?P<prefix>begins_with)\s*\(\s*{PATH}\s*,\s*{VALUE}\s*\)"
    rf"|{PATH}\s*(?P<compare>=|<=|>=|<|>)\s*{VALUE}"
)
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    **{"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    "begins_with": lambda have, start: bool(have.startswith(start)),
}


@lru_cache(maxsize=1000)
def clauses(expression: str) -> list[tuple[str, str, str]]:
    """(test, path, value or '') of each clause; only AND and parentheses may stand between."""
    if re.sub(r"\bAND\b|[()\s]", "", CLAUSE.sub(" ", expression)):
        raise invalid(f"Invalid expression, or one that is not served here: {expression}")
    found = []
    for match in CLAUSE.finditer(expression):
        test = match["exists"] or match["prefix"] or match["compare"]
        path, value, *_ = [word for word in match.groups() if word and word != test] + [""]
        found.append((test, path, value))
    return found


class Expressions:
    """The expressions of one request, with its names and values."""

    def __init__(self, body: Json) -> None:
        self.names: dict[str, str] = body.get("ExpressionAttributeNames") or {}
        self.values: Json = body.get("ExpressionAttributeValues") or {}

    def name(self, path: str) -> str:
        return self.names[path] if path.startswith("#") else path

    def holds(self, expression: str | None, item: Json) -> bool:
        for test, path, reference in clauses(expression or ""):
            have = item.get(self.name(path))
            if not reference:
                met = (have is None) == (test == "attribute_not_exists")
            else:
                want = self.values[reference]
                met = have is not None and have.keys() == want.keys()
                met = met and TESTS[test](comparable(have or {}), comparable(want))
            if not met:
                return False
        return True

    def demanded(self, expression: str, name: str) -> Any:
        """The value that the expression demands of the hash key `name`."""
        for test, path, reference in clauses(expression):
            if test == "=" and self.name(path) == name:
                return comparable(self.values[reference])
        raise invalid(f"Query condition missed key schema element: {name}")

    def update(self, expression: str, item: Json) -> tuple[Json, set[str]]:
        """The item after `SET a = :v, ...` and `ADD n :v, ...`, and the names touched."""
        item, touched = dict(item), set[str]()
        junk, *parts = re.split(r"(?:^|\s+)(SET|ADD)\s+", expression.strip())
        for verb, actions in zip(parts[::2], parts[1::2], strict=True):
            form = rf"{PATH}\s*=\s*{VALUE}" if verb == "SET" else rf"{PATH}\s+{VALUE}"
            for action in actions.split(","):
                if match := re.fullmatch(form, action.strip()):
                    name, value = self.name(match[1]), self.values[match[2]]
                    if verb == "ADD":
                        total = Decimal(item.get(name, {"N": "0"})["N"]) + Decimal(value["N"])
                        value = {"N": format(total, "f")}
                    item[name] = value
                    touched.add(name)
                else:
                    junk += action
        if junk or not touched:
            raise invalid(f"Invalid UpdateExpression, or not served here: {expression}")
        return item, touched


# --- capacity -----------------------------------------------------------------------------


class Bucket:
    """Tokens of one resource and one direction, refilled continuously or on the second."""

    def __init__(self, units: int, burst_seconds: float, windows: bool, now: float) -> None:
        self.units, self.burst_seconds, self.windows, self.at = units, burst_seconds, windows, now
        self.tokens = self.room

    @property
    def room(self) -> float:
        return self.units if self.windows else max(1.0, self.units * self.burst_seconds)

    def refill(self, now: float) -> None:
        if self.windows and int(now) > int(self.at):
            self.tokens = self.room
        elif not self.windows and now > self.at:
            self.tokens = min(self.room, self.tokens + (now - self.at) * self.units)
        self.at = max(self.at, now)

    def has(self, cost: float, now: float) -> bool:
        self.refill(now)
        return self.tokens + 1e-3 >= cost  # forgives rounding; the debt stays in the bucket

    def set_units(self, units: int, now: float) -> None:
        self.refill(now)
        if self.windows:
            self.tokens += units - self.units  # what this second already spent stays spent
        self.units = units
        self.tokens = min(self.room, self.tokens)


class Resource:
    """A table's own or an index's keys, capacity, and items in key order."""

    def __init__(self, table: str, index: str | None, keys: tuple[str, ...], units: Units) -> None:
        self.table, self.index, self.keys, self.units = table, index, keys, units
        self.projected: set[str] | None = None  # None: all attributes
        self.buckets: dict[str, Bucket] = {}  # by "read", "write"; empty: no limit (on-demand)
        self.order: list[tuple[Any, Any, Key]] = []  # (hash, range, primary key), sorted
        self.decreases: list[float] = []
        self.last_increase: float | None = None

    def holds(self, item: Json) -> bool:
        return all(key in item for key in self.keys)

    def shown(self, item: Json) -> Json:
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}

    def key(self, item: Json) -> Key:
        values = [comparable(item[name]) for name in self.keys]
        return values[0], values[1] if len(values) > 1 else ""

    def set_units(self, units: Units, now: float) -> None:
        self.units = units
        for way, bucket in self.buckets.items():
            bucket.set_units(units[way == "write"], now)

    def decreases_today(self, now: float) -> int:
        return sum(at // DAY == now // DAY for at in self.decreases)

    def lowers(self, units: Units) -> bool:
        return units[0] < self.units[0] or units[1] < self.units[1]

    def check(self, units: Units, now: float) -> None:
        for name, amount in zip(UNIT_NAMES, units, strict=True):
            if amount < 1:
                raise invalid(f"1 validation error detected: {name} must be at least 1")
            if amount > MAX_UNITS:
                above = ABOVE_MAXIMUM.format(name=name, units=amount, maximum=MAX_UNITS)
                raise ApiError("LimitExceededException", above)
        today = self.decreases_today(now)
        if self.lowers(units) and today >= FREE_DECREASES:
            last = self.decreases[-1]
            after = min(last + DECREASE_PAUSE, (now // DAY + 1) * DAY)
            if now < after:
                no = NO_DECREASE.format(today=today, last=in_words(last), after=in_words(after))
                raise ApiError("LimitExceededException", no)

    def note(self, units: Units, now: float) -> None:
        if self.lowers(units):
            self.decreases.append(now)
        if units[0] > self.units[0] or units[1] > self.units[1]:
            self.last_increase = now

    def describe(self, now: float) -> Json:
        shown: Json = dict(zip(UNIT_NAMES, self.units, strict=True))
        shown["NumberOfDecreasesToday"] = self.decreases_today(now)
        if self.last_increase is not None:
            shown["LastIncreaseDateTime"] = self.last_increase
        if self.decreases:
            shown["LastDecreaseDateTime"] = self.decreases[-1]
        schema = zip(self.keys, ("HASH", "RANGE"), strict=False)
        return {
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in schema],
            "ProvisionedThroughput": shown,
            "ItemCount": len(self.order),
        }


def in_words(at: float) -> str:
    """AWS's way: Wednesday, July 25, 2018 8:00:00 PM UTC."""
    when = datetime.fromtimestamp(at, timezone.utc)
    return f"{when:%A, %B} {when.day}, {when.year} {when.hour % 12 or 12}:{when:%M:%S %p} UTC"


class Table:
    """Items, the table's own resource, its indexes, and the capacity change under way."""

    def __init__(self, own: Resource, types: dict[str, str], body: Json, now: float) -> None:
        self.own, self.types, self.body, self.created = own, types, body, now
        self.on_demand = body.get("BillingMode") == "PAY_PER_REQUEST"
        self.indexes: dict[str, Resource] = {}
        self.items: dict[Key, Json] = {}
        self.pending: dict[str | None, Units] = {}  # by index; None is the table itself
        self.due = 0.0
        self.tags: dict[str, str] = {}

    @property
    def resources(self) -> list[Resource]:
        return [self.own, *self.indexes.values()]

    def resource(self, index: str | None) -> Resource:
        if index is not None and index not in self.indexes:
            raise invalid(f"The table does not have the specified index: {index}")
        return self.own if index is None else self.indexes[index]

    def key(self, item: Json, exact: bool = False) -> Key:
        """The primary key of an item or, if `exact`, of a Key; checks all keys' types."""
        if not self.own.holds(item) or (exact and len(item) != len(self.own.keys)):
            raise invalid("The provided key element does not match the schema")
        for name, kind in self.types.items():
            if name in item and kind not in item[name]:
                raise invalid(
                    "One or more parameter values were invalid: Type mismatch for key "
                    f"{name} expected: {kind} actual: {''.join(item[name])}"
                )
        return self.own.key(item)

    def place(self, resource: Resource, item: Json) -> tuple[Any, Any, Key]:
        return (*resource.key(item), self.own.key(item))

    def store(self, key: Key, new: Json | None) -> None:
        old = self.items.pop(key, None)
        if new is not None:
            self.items[key] = new
        for resource in self.resources:
            before = self.place(resource, old) if old and resource.holds(old) else None
            after = self.place(resource, new) if new and resource.holds(new) else None
            if before != after and before:
                del resource.order[bisect_left(resource.order, before)]
            if before != after and after:
                insort(resource.order, after)

    def describe(self, now: float) -> Json:
        name = self.own.table
        shown = self.own.describe(now) | {
            "TableName": name,
            "TableArn": ARN + name,
            "TableStatus": "UPDATING" if None in self.pending else "ACTIVE",
            "CreationDateTime": self.created,
            "AttributeDefinitions": self.body["AttributeDefinitions"],
        }
        if self.on_demand:
            shown["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
        if self.indexes:
            shown["GlobalSecondaryIndexes"] = [
                self.indexes[index["IndexName"]].describe(now)
                | {
                    "IndexName": index["IndexName"],
                    "IndexArn": f"{ARN}{name}/index/{index['IndexName']}",
                    "IndexStatus": "UPDATING" if index["IndexName"] in self.pending else "ACTIVE",
                    "Projection": index["Projection"],
                }
                for index in self.body["GlobalSecondaryIndexes"]
            ]
        return shown


# --- operations ---------------------------------------------------------------------------

Demand = tuple[Resource, str, float]  # resource, "read" or "write", units


def refund(demands: Sequence[Demand]) -> None:
    for resource, way, units in demands:
        if resource.buckets:
            resource.buckets[way].tokens += units


@dataclass
class Database:
    """The operations. Knows no lock and no HTTP: one call at a time, `now` in unix seconds."""

    update_seconds: float
    burst_seconds: float
    windows: bool
    page_items: int | None
    name_first: str
    reasons: bool
    started: float
    now: float = 0.0
    tables: dict[str, Table] = field(default_factory=dict)
    updates: list[Json] = field(default_factory=list)
    peak: dict[tuple[str, str | None], Units] = field(default_factory=dict)
    throttles: Counter[tuple[str, str]] = field(default_factory=Counter)

    def run(self, name: str, body: Json, now: float) -> Json:
        self.advance(now)
        serve = OPERATIONS.get(name)
        if serve is None:
            raise ApiError("UnknownOperationException", f"Not served here: {name}")
        if unknown := NOT_SERVED & body.keys():
            raise invalid(f"Not served here: {', '.join(sorted(unknown))}")
        try:
            return serve(self, body)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise invalid(f"Malformed, or not served here: {error!r}") from error

    def advance(self, now: float) -> None:
        """Brings capacity changes that are due into force, as of the moment they were due."""
        self.now = max(self.now, now)
        for table in self.tables.values():
            if table.pending and self.now >= table.due:
                for index, units in table.pending.items():
                    table.resource(index).set_units(units, table.due)
                    self.note_peak(table.resource(index))
                table.pending = {}

    def note_peak(self, resource: Resource) -> None:
        read, write = self.peak.get((resource.table, resource.index), (0, 0))
        most = max(read, resource.units[0]), max(write, resource.units[1])
        self.peak[resource.table, resource.index] = most

    def table(self, name: str) -> Table:
        if name not in self.tables:
            message = f"Requested resource not found: Table: {name} not found"
            raise ApiError("ResourceNotFoundException", message)
        return self.tables[name]

    # Capacity

    def throttled(
        self, table: str, index: str | None, reason: str, code: str = THROTTLE
    ) -> Throttled:
        """Counts a throttle and returns its error."""
        label = f"{table}/{index}" if index else table
        self.throttles[label, "read" if "Read" in reason else "write"] += 1
        arn = f"{ARN}{table}/index/{index}" if index else ARN + table
        member = "throttlingReasons" if code == "ThrottlingException" else "ThrottlingReasons"
        members: Json = {member: [{"reason": reason, "resource": arn}]} if self.reasons else {}
        return Throttled(code, SHORT_INDEX if index else SHORT_TABLE, **members)

    def charge(self, demands: Sequence[Demand]) -> None:
        """Takes all the units, or none and raises Throttled naming one resource."""
        demands = [demand for demand in demands if demand[0].buckets]
        short = [d for d in demands if not d[0].buckets[d[1]].has(d[2], self.now)]
        if short:
            if self.name_first == "index":
                short.sort(key=lambda demand: demand[0].index is None)
            resource, way, _ = short[0]
            scope = "Index" if resource.index else "Table"
            reason = f"{scope}{way.title()}ProvisionedThroughputExceeded"
            raise self.throttled(resource.table, resource.index, reason)
        for resource, way, units in demands:
            resource.buckets[way].tokens -= units

    def charge_read(self, resource: Resource, size: int, body: Json) -> None:
        units = max(1, math.ceil(size / 4096))
        self.charge([(resource, "read", units if body.get("ConsistentRead") else units / 2)])

    # Tables

    def create_table(self, body: Json) -> Json:
        name = body["TableName"]
        if name in self.tables:
            raise ApiError("ResourceInUseException", f"Table already exists: {name}")
        types = {d["AttributeName"]: d["AttributeType"] for d in body["AttributeDefinitions"]}
        on_demand = body.get("BillingMode") == "PAY_PER_REQUEST"
        table = Table(self.new_resource(name, body, on_demand), types, body, self.now)
        for index in body.get("GlobalSecondaryIndexes") or []:
            resource = table.indexes[index["IndexName"]] = self.new_resource(name, index, on_demand)
            if index["Projection"]["ProjectionType"] != "ALL":
                others = index["Projection"].get("NonKeyAttributes", [])
                resource.projected = {*resource.keys, *table.own.keys, *others}
        if {key for resource in table.resources for key in resource.keys} != types.keys():
            raise invalid("AttributeDefinitions and the keys of table and indexes differ")
        self.tables[name] = table
        for resource in table.resources:
            self.note_peak(resource)
        return {"TableDescription": table.describe(self.now)}

    def new_resource(self, table: str, body: Json, on_demand: bool) -> Resource:
        schema = sorted((key["KeyType"], key["AttributeName"]) for key in body["KeySchema"])
        if [kind for kind, _ in schema] not in (["HASH"], ["HASH", "RANGE"]):
            raise invalid("Not served here: a KeySchema other than HASH or HASH and RANGE")
        given = not on_demand or body.get("ProvisionedThroughput")
        units = self.units_of(body, on_demand) if given else (0, 0)
        resource = Resource(table, body.get("IndexName"), tuple(name for _, name in schema), units)
        if not on_demand:
            resource.check(units, self.now)
            for way, amount in zip(("read", "write"), units, strict=True):
                bucket = Bucket(amount, self.burst_seconds, self.windows, self.now)
                resource.buckets[way] = bucket
        return resource

    def units_of(self, body: Json, on_demand: bool) -> Units:
        if on_demand:
            raise invalid(NO_CAPACITY_ON_DEMAND)
        read, write = (body["ProvisionedThroughput"][name] for name in UNIT_NAMES)
        return read, write

    def describe_table(self, body: Json) -> Json:
        return {"Table": self.table(body["TableName"]).describe(self.now)}

    def delete_table(self, body: Json) -> Json:
        table = self.idle_table(body)
        del self.tables[table.own.table]
        return {"TableDescription": table.describe(self.now) | {"TableStatus": "DELETING"}}

    def list_tables(self, body: Json) -> Json:
        return {"TableNames": sorted(self.tables)}

    def list_tags_of_resource(self, body: Json) -> Json:
        tags = self.table(body["ResourceArn"].removeprefix(ARN)).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}

    def tag_resource(self, body: Json) -> Json:
        for tag in body["Tags"]:
            check_tag(tag["Key"], 128)
            check_tag(tag["Value"], 256)
        new = {tag["Key"]: tag["Value"] for tag in body["Tags"]}
        tags = self.table(body["ResourceArn"].removeprefix(ARN)).tags
        if len(tags | new) > MAX_TAGS:
            raise invalid(f"Too many tags: a table may have {MAX_TAGS}")
        tags.update(new)
        return {}

    def untag_resource(self, body: Json) -> Json:
        for key in body["TagKeys"]:
            self.table(body["ResourceArn"].removeprefix(ARN)).tags.pop(key, None)
        return {}

    def idle_table(self, body: Json) -> Table:
        table = self.table(body["TableName"])
        if table.pending:
            raise ApiError(
                "ResourceInUseException",
                "Attempt to change a resource which is still in use: Table IOPS are currently "
                f"being updated: {table.own.table}",
            )
        return table

    def update_table(self, body: Json) -> Json:
        table = self.idle_table(body)
        parts: dict[str | None, Json] = {}
        if body.get("ProvisionedThroughput"):
            parts[None] = body
        for update in body.get("GlobalSecondaryIndexUpdates") or []:
            parts[update["Update"]["IndexName"]] = update["Update"]
        known = {"TableName", "ProvisionedThroughput", "GlobalSecondaryIndexUpdates"}
        if not parts or body.keys() - known:
            raise invalid("UpdateTable: ProvisionedThroughput or an index's, and nothing else")
        wanted = {index: self.units_of(part, table.on_demand) for index, part in parts.items()}
        before = {i: table.resource(i).units for i in wanted}
        after = {i: units for i, units in wanted.items() if units != before[i]}
        if not after:
            raise invalid(" ".join(unchanged(table.resource(index)) for index in wanted))
        for index, units in after.items():
            table.resource(index).check(units, self.now)
        for index, units in after.items():
            table.resource(index).note(units, self.now)
        before = {index: before[index] for index in after}
        at = self.now - self.started
        self.updates.append(
            {"at": at, "table": body["TableName"], "before": before, "after": after}
        )
        table.pending, table.due = after, self.now + self.update_seconds
        return {"TableDescription": table.describe(self.now)}

    # Items

    def write(
        self, table: Table, key: Key, new: Json | None, body: Json, factor: int = 1
    ) -> list[Demand]:
        """Charges for one item and stores it (None: removes it); returns what was charged.

        A failed condition costs the table alone, as at AWS.
        """
        old = table.items.get(key)
        met = Expressions(body).holds(body.get("ConditionExpression"), old or {})
        demands: list[Demand] = []
        for resource in table.resources if met else [table.own]:
            held = [resource.shown(item) for item in (old, new) if item and resource.holds(item)]
            if held or resource is table.own:
                size = max(map(item_size, held), default=0)
                demands.append((resource, "write", factor * max(1, math.ceil(size / 1024))))
        self.charge(demands)
        if not met:
            raise ApiError("ConditionalCheckFailedException", "The conditional request failed")
        table.store(key, new)
        return demands

    def put_item(self, body: Json) -> Json:
        table = self.table(body["TableName"])
        return self.replace(table, table.key(body["Item"]), body["Item"], body)

    def delete_item(self, body: Json) -> Json:
        table = self.table(body["TableName"])
        return self.replace(table, table.key(body["Key"], exact=True), None, body)

    def replace(self, table: Table, key: Key, new: Json | None, body: Json) -> Json:
        old = table.items.get(key)
        self.write(table, key, new, body)
        return {"Attributes": old} if old and body.get("ReturnValues") == "ALL_OLD" else {}

    def update_item(self, body: Json) -> Json:
        table = self.table(body["TableName"])
        key = table.key(body["Key"], exact=True)
        old = table.items.get(key, {})
        new, touched = Expressions(body).update(body["UpdateExpression"], old or body["Key"])
        if touched & {*table.own.keys}:
            raise invalid("One or more parameter values were invalid: Cannot update a key")
        table.key(new)  # the indexes' keys have the right types
        self.write(table, key, new, body)
        which, _, when = body.get("ReturnValues", "NONE").partition("_")
        shown = {"OLD": old, "NEW": new}.get(when, {})
        if which == "UPDATED":
            shown = {name: value for name, value in shown.items() if name in touched}
        return {"Attributes": shown} if shown else {}

    def get_item(self, body: Json) -> Json:
        table = self.table(body["TableName"])
        item = table.items.get(table.key(body["Key"], exact=True))
        self.charge_read(table.own, item_size(item or {}), body)
        return {"Item": item} if item else {}

    def query(self, body: Json) -> Json:
        """A page of a Query, or of a Scan: one without KeyConditionExpression."""
        table, terms = self.table(body["TableName"]), Expressions(body)
        resource = table.resource(body.get("IndexName"))
        if resource.index and body.get("ConsistentRead"):
            raise invalid("Consistent reads are not supported on global secondary indexes")
        order, condition = resource.order, body.get("KeyConditionExpression")
        low, high, forward = 0, len(order), body.get("ScanIndexForward", True)
        if condition:
            value = terms.demanded(condition, resource.keys[0])
            low = bisect_left(order, value, key=lambda place: place[0])
            high = bisect_right(order, value, key=lambda place: place[0])
        if start := body.get("ExclusiveStartKey"):
            place = table.place(resource, start)
            low = max(low, bisect_right(order, place)) if forward else low
            high = high if forward else min(high, bisect_left(order, place))
        limit = min(body.get("Limit") or sys.maxsize, self.page_items or sys.maxsize)
        page: list[Json] = []
        size, answer = 0, Json()
        for _, _, key in order[low:high] if forward else reversed(order[low:high]):
            item = resource.shown(table.items[key])
            if terms.holds(condition, item):
                page.append(item)
                size += item_size(item)
            if len(page) >= limit or size >= PAGE_BYTES:
                last = {name: item[name] for name in (*resource.keys, *table.own.keys)}
                answer["LastEvaluatedKey"] = last
                break
        self.charge_read(resource, size, body)
        return {"Items": page, "Count": len(page), "ScannedCount": len(page), **answer}

    # Batches

    def batch_write_item(self, body: Json) -> Json:
        work = []
        for name, requests in body["RequestItems"].items():
            table = self.table(name)
            for request in requests:
                new = request["PutRequest"]["Item"] if "PutRequest" in request else None
                key = table.key(new or request["DeleteRequest"]["Key"], exact=new is None)
                work.append((name, key, partial(self.write, table, key, new, {}), request))
        check_batch([(name, key) for name, key, _, _ in work], 25)
        errors, left = list[Throttled](), defaultdict[str, list[Json]](list)
        for name, _, write, request in work:
            try:
                write()
            except Throttled as error:
                errors.append(error)
                left[name].append(request)
        if len(errors) == len(work):
            raise errors[0]
        return {"UnprocessedItems": left}

    def batch_get_item(self, body: Json) -> Json:
        wanted = [(t, key) for t, part in body["RequestItems"].items() for key in part["Keys"]]
        check_batch([(name, self.table(name).key(key, exact=True)) for name, key in wanted], 100)
        found: dict[str, list[Json]] = {name: [] for name in body["RequestItems"]}
        errors, left = list[Throttled](), Json()
        for name, key in wanted:
            part = body["RequestItems"][name]
            try:
                get = {**part, "TableName": name, "Key": key}
                found[name] += self.run("GetItem", get, self.now).values()
            except Throttled as error:
                errors.append(error)
                left.setdefault(name, {**part, "Keys": []})["Keys"].append(key)
        if len(errors) == len(wanted):
            raise errors[0]
        return {"Responses": found, "UnprocessedKeys": left}

    def transact_write_items(self, body: Json) -> Json:
        """Puts, all or nothing; a transactional write costs twice."""
        puts = [(self.table(i["Put"]["TableName"]), i["Put"]) for i in body["TransactItems"]]
        check_batch([(put["TableName"], table.key(put["Item"])) for table, put in puts], 100)
        undo: list[Callable[[], None]] = []
        causes: list[Json] = []
        for table, put in puts:
            key = table.key(put["Item"])
            old = table.items.get(key)
            try:
                demands = self.write(table, key, put["Item"], put, factor=2)
                undo += [partial(table.store, key, old), partial(refund, demands)]
                causes.append({"Code": "None"})
            except ApiError as error:
                causes.append({"Code": error.code.removesuffix("Exception"), "Message": str(error)})
        if any(cause["Code"] != "None" for cause in causes):
            for step in undo:
                step()
            raise canceled(causes)
        return {}


OPERATIONS: dict[str, Callable[[Database, Json], Json]] = {
    "CreateTable": Database.create_table,
    "DescribeTable": Database.describe_table,
    "DeleteTable": Database.delete_table,
    "ListTables": Database.list_tables,
    "ListTagsOfResource": Database.list_tags_of_resource,
    "TagResource": Database.tag_resource,
    "UntagResource": Database.untag_resource,
    "UpdateTable": Database.update_table,
    "PutItem": Database.put_item,
    "GetItem": Database.get_item,
    "DeleteItem": Database.delete_item,
    "UpdateItem": Database.update_item,
    "Query": Database.query,
    "Scan": Database.query,
    "BatchWriteItem": Database.batch_write_item,
    "BatchGetItem": Database.batch_get_item,
    "TransactWriteItems": Database.transact_write_items,
}


def check_tag(text: str, most: int) -> None:
    if len(text) > most or not re.fullmatch(r"[\w\s+=.:/@-]*", text):
        raise invalid(f"Not a tag's key or value: {text!r}")


def check_batch(keys: list[tuple[str, Key]], most: int) -> None:
    if not 1 <= len(keys) <= most:
        raise invalid(f"Member must have length between 1 and {most}")
    if len(set(keys)) < len(keys):
        raise invalid("Provided list of item keys contains duplicates")


def unchanged(resource: Resource) -> str:
    kind = "index" if resource.index else "table"
    parts = [
        f"Current {name} provisioned for the {kind}: {units}. Requested {name}: {units}."
        for name, units in zip(UNIT_NAMES, resource.units, strict=True)
    ]
    return (
        f"The provisioned throughput for the {kind} {resource.index or ''}".rstrip()
        + " will not change. The requested value equals the current value. "
        + " ".join(parts)
        + " Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
        "higher limits."
    )


def canceled(causes: list[Json]) -> ApiError:
    return ApiError(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{', '.join(cause['Code'] for cause in causes)}]",
        CancellationReasons=causes,
    )


# --- the server ---------------------------------------------------------------------------

Fault = Callable[[str, Json], Json]  # takes an operation and its body; answers or raises


class ThrottlingServer:
    """The database behind HTTP on the loopback, with faults to order and things to observe.

    update_seconds: how long a capacity change takes; the old capacity serves meanwhile.
    burst_seconds: seconds of units that a token bucket holds; it starts full.
    windows: fixed one-second windows instead of token buckets.
    page_items: most items in a page of Query or Scan.
    name_first: "table" or "index", the one that a throttle names if both are short.
    reasons: whether throttles carry ThrottlingReasons.
    retry_after_ms: value of x-amz-retry-after on throttles; None: no such header.
    clock: unix seconds that never go back (default: real time).
    """

    def __init__(
        self,
        *,
        update_seconds: float = 1.0,
        burst_seconds: float = 1.0,
        windows: bool = False,
        page_items: int | None = None,
        name_first: str = "table",
        reasons: bool = True,
        retry_after_ms: int | None = None,
        port: int = 0,
        clock: Callable[[], float] | None = None,
    ) -> None:
        if name_first not in ("table", "index"):
            raise ValueError(f"name_first: 'table' or 'index', not {name_first!r}")
        offset = time.time() - time.monotonic()
        self._clock = clock or (lambda: time.monotonic() + offset)
        self._database = Database(
            update_seconds, burst_seconds, windows, page_items, name_first, reasons, self._clock()
        )
        self._retry_after_ms, self._port = retry_after_ms, port
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._requests: list[tuple[float, str, int]] = []
        self._denied: set[str] = set()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._http: _HTTPServer | None = None

    # Life

    def start(self) -> ThrottlingServer:
        self._http = _HTTPServer(self, self._port)
        return self

    def stop(self) -> None:
        """Closes the listening socket and all connections; what was observed stays."""
        if self._http:
            self._http.stop()
            self._http = None

    def __enter__(self) -> ThrottlingServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        if self._http is None:
            raise RuntimeError("the server is not running")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    # Faults: `deny` comes first, then what was ordered for the operation, in order

    def deny(self, *operations: str) -> None:
        """Answers these operations with AccessDeniedException until allowed again."""
        with self._lock:
            self._denied.update(operations)

    def allow(self, *operations: str) -> None:
        with self._lock:
            self._denied.difference_update(operations)

    def drop_next(self, operation: str, n: int = 1, *, applied: bool = False) -> None:
        """Closes the connection without an answer; with `applied`, after doing the work."""

        def drop(operation: str, body: Json) -> Json:
            if applied:
                with suppress(ApiError):
                    self._database.run(operation, body, self._clock())
            raise Dropped

        self._order(operation, n, drop)

    def fail_next(self, operation: str, n: int, code: str, message: str, status: int = 400) -> None:
        def fail(operation: str, body: Json) -> Json:
            raise ApiError(code, message, status)

        self._order(operation, n, fail)

    def throttle_next(
        self,
        operation: str,
        n: int = 1,
        reason: str = "TableWriteProvisionedThroughputExceeded",
        index: str | None = None,
        *,
        code: str = THROTTLE,
    ) -> None:
        """Throttles whatever the capacity. An `index` makes a Table... reason an Index... one."""
        reason = reason.replace("Table", "Index", 1) if index else reason

        def throttle(operation: str, body: Json) -> Json:
            error = self._database.throttled(table_of(body), index, reason, code)
            if operation != "TransactWriteItems":
                raise error
            first = {"Code": code.removesuffix("Exception"), "Message": str(error)}
            raise canceled([first] + [{"Code": "None"}] * (len(body["TransactItems"]) - 1))

        self._order(operation, n, throttle)

    def _order(self, operation: str, n: int, fault: Fault) -> None:
        with self._lock:
            self._faults[operation].extend([fault] * n)

    # Observation: every answer is a copy

    def _seen(self, look: Callable[[Database], T]) -> T:
        with self._lock:
            self._database.advance(self._clock())
            return look(self._database)

    @property
    def calls(self) -> Counter[str]:
        """Calls by operation, refused and dropped ones too."""
        return self._seen(lambda _: Counter(self._calls))

    @property
    def requests(self) -> list[tuple[float, str, int]]:
        """(time.monotonic() when decided, operation, HTTP status or 0 if dropped), in order."""
        return self._seen(lambda _: list(self._requests))

    @property
    def updates(self) -> list[Json]:
        """Accepted UpdateTable calls: `at` (seconds since start), `table`, `before`, `after`.

        `before` and `after` map each changed resource (the index's name; None for the table
        itself) to (read, write).
        """
        return self._seen(lambda database: list(database.updates))

    @property
    def throttles(self) -> Counter[tuple[str, str]]:
        """By ("table" or "table/index", "read" or "write"): refused calls, and every leftover
        of a batch and short item of a transaction."""
        return self._seen(lambda database: Counter(database.throttles))

    @property
    def peak(self) -> dict[tuple[str, str | None], Units]:
        """The most (read, write) units that were ever in force, by (table, index or None)."""
        return self._seen(lambda database: dict(database.peak))

    def units(self, table: str, index: str | None = None) -> Units:
        """(read, write) in force now."""
        return self._seen(lambda database: database.table(table).resource(index).units)

    def items(self, table: str) -> list[Json]:
        """The stored items, attribute values as on the wire; not to be changed."""
        return self._seen(lambda database: list(database.table(table).items.values()))

    # HTTP

    def answer(self, operation: str, body: Json) -> tuple[int, Json, dict[str, str]] | None:
        """(status, body, headers) of the answer; None: no answer at all."""
        with self._lock:
            self._calls[operation] += 1
            answer: tuple[int, Json, dict[str, str]] | None = None
            try:
                answer = 200, self._serve(operation, body), {}
            except ApiError as error:
                wait = isinstance(error, Throttled) and self._retry_after_ms is not None
                headers = {"x-amz-retry-after": str(self._retry_after_ms)} if wait else {}
                answer = error.status, error.body, headers
            except Dropped:
                pass
            self._requests.append((time.monotonic(), operation, answer[0] if answer else 0))
            return answer

    def _serve(self, operation: str, body: Json) -> Json:
        if operation in self._denied:
            raise ApiError(
                "AccessDeniedException",
                "User: arn:aws:iam::123456789012:user/x is not authorized to perform: "
                f"dynamodb:{operation} on resource: {ARN}{table_of(body)} because no "
                f"identity-based policy allows the dynamodb:{operation} action",
            )
        if faults := self._faults[operation]:
            return faults.popleft()(operation, body)
        return self._database.run(operation, body, self._clock())


def table_of(body: Json) -> str:
    """The (first) table that a request is about; '*' if none."""
    if body.get("TransactItems"):
        return table_of(next(iter(body["TransactItems"][0].values())))
    return str(body.get("TableName") or next(iter(body.get("RequestItems") or "*")))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    server: _HTTPServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        answer = self.server.owner.answer(operation, body)
        if answer is None:
            self.close_connection = True
            return
        status, shown, headers = answer
        content = json.dumps(shown).encode()
        self.send_response_only(status)
        headers |= {"Content-Type": "application/x-amz-json-1.0"}
        headers |= {"Content-Length": str(len(content)), "x-amzn-RequestId": uuid.uuid4().hex}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, owner: ThrottlingServer, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.owner = owner
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the idle keep-alive connections too, and waits for their threads."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            for connection in self._open:
                with suppress(OSError):  # already gone
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, timeout=5)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client may leave
            super().handle_error(request, client_address)


def main() -> None:
    """Prints the URL on one line and serves until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--update-seconds", type=float, default=1.0)
    parser.add_argument("--burst-seconds", type=float, default=1.0)
    parser.add_argument("--windows", action="store_true")
    parser.add_argument("--page-items", type=int)
    parser.add_argument("--name-first", choices=("table", "index"), default="table")
    parser.add_argument("--no-reasons", dest="reasons", action="store_false")
    parser.add_argument("--retry-after-ms", type=int)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with ThrottlingServer(**vars(parser.parse_args())) as server:
        print(server.url, flush=True)
        done.wait()


if __name__ == "__main__":
    main()
