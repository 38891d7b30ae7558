"""The tables of one region: schema, capacity, units and states of each, kept in step."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from dynoresilience.model import Resource, Units
from dynoresilience.testing.capacity.buckets import CapacityModel
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.control.attributes import types_of
from dynoresilience.testing.control.control_plane import AcceptedUpdate, ControlPlane
from dynoresilience.testing.control.descriptions import is_on_demand, units_described
from dynoresilience.testing.control.lifecycle import Lifecycle
from dynoresilience.testing.control.on_demand_maximum import CLEAR, Maximum, merged
from dynoresilience.testing.control.quotas import (
    ControlPlaneRate,
    check_account,
    check_concurrent,
)
from dynoresilience.testing.replies import Backend, Body
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.settings import Settings


class Request(NamedTuple):
    """One control-plane request: what is asked, who keeps the tables, and when."""

    body: Body
    backend: Backend
    at: float


class Tables:
    """What is known of the tables of a region.

    The backend stores the tables too and is asked for whatever is not about capacity and states.
    Of capacity only its first word counts: what it says when a table or index is met for the
    first time.

    Args:
        region: the name of the region.
        settings: how its tables behave.
        epoch: seconds since the epoch at the instant 0.
        on_update: hears of each accepted change of capacity.
    """

    def __init__(
        self,
        region: str,
        settings: Settings,
        *,
        epoch: float,
        on_update: Callable[[AcceptedUpdate], None],
    ) -> None:
        self.region = region
        self.settings = settings
        self.on_update = on_update
        self._known: dict[str, KnownTable] = {}
        self._ids = 0
        self._rate = ControlPlaneRate(settings.control_plane_rate)
        self.capacity = CapacityModel(
            burst_seconds=settings.burst_seconds,
            start_full=settings.start_full,
            account_read=settings.account_read_units,
            account_write=settings.account_write_units,
        )
        self.control = ControlPlane(
            update_seconds=settings.update_seconds,
            index_update_seconds=settings.index_update_seconds,
            epoch=epoch,
            region=region,
            long_dates=settings.long_dates,
            max_units=settings.table_max_units,
        )

    def catch_up(self, at: float) -> None:
        """Put in force what is due by ``at``, each change at its own instant."""
        for instant, resource, units in self.control.come_into_force(at):
            self.capacity.provision(resource, units, instant)
        for name in [name for name, table in self._known.items() if table.life.is_gone(at)]:
            self.forget(name)

    def get(self, table: str) -> KnownTable | None:
        """A table by name or ARN, if it has been met."""
        return self._known.get(table_name(table))

    def all(self) -> list[KnownTable]:
        """The tables that have been met, by name."""
        return [self._known[name] for name in sorted(self._known)]

    def find(self, table: str, backend: Backend, at: float) -> KnownTable | None:
        """A table by name or ARN, also one that was not created through here; None if none."""
        name = table_name(table)
        if name and name not in self._known:
            reply = backend("DescribeTable", {"TableName": name})
            if reply.ok:
                self.learn(reply.body["Table"], at)
        return self._known.get(name)

    def schema(self, table: str, backend: Backend, at: float) -> TableSchema | None:
        """What decides the costs of a table; None if there is no such table."""
        found = self.find(table, backend, at)
        return None if found is None else found.schema

    def check_served(self, asked: Iterable[tuple[str, str | None]], at: float) -> None:
        """Refuse items of tables that are coming or going, and reads of such an index."""
        for name, index in asked:
            table = self.get(name)
            if table is not None:
                table.life.check_served(at)
                if index is not None:
                    table.life.check_readable(index, at)

    def check_change(self, at: float) -> None:
        """Refuse a change, of whatever table, that the account may not make just now."""
        self._rate.take(at)
        changing = sum(
            table.life.status(at) != "ACTIVE" or not self.control.is_idle(name)
            for name, table in self._known.items()
        )
        check_concurrent(changing, self.settings.concurrent_changes)

    def check_account(self, more: Units) -> None:
        """Refuse units that the account has no quota for."""
        most = self.settings.account_max_units
        check_account(self.control.reserved(), more, most, self.region)

    def set_maximum(
        self, table: KnownTable, wanted: Mapping[str | None, Maximum], at: float
    ) -> None:
        """Take over what a request asks for as on-demand maximum of a table and its indexes."""
        for index, maximum in wanted.items():
            table.maximum[index] = merged(table.maximum.get(index, {}), maximum)
            self.capacity.set_maximum(
                Resource(table.name, index),
                at,
                read=maximum.get("MaxReadRequestUnits"),
                write=maximum.get("MaxWriteRequestUnits"),
            )

    def drop_maximum(self, table: KnownTable, at: float) -> None:
        """Forget the on-demand maximum of a table and its indexes."""
        self.set_maximum(table, {index: dict(CLEAR) for index in table.maximum}, at)

    def utc(self, at: float) -> float:
        """The instant in seconds since the epoch."""
        return self.control.utc(at)

    def learn(self, table: Body, at: float, life: Lifecycle | None = None) -> KnownTable:
        """Take over a table as the backend describes it; what is known of its capacity stays."""
        name = table["TableName"]
        schema = TableSchema.from_description(table)
        if name in self._known:
            self._known[name].schema = schema
        else:
            known = KnownTable(schema, life or Lifecycle(name, at, at))
            known.last_on_demand = self.utc(at) if is_on_demand(table) else None
            known.encryption.key = (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
            known.table_id = self._new_id(table["TableArn"])
            self._known[name] = known
        self._known[name].types.update(types_of(table))
        described, present = units_described(table), self.control.of_table(name)
        for index in present.keys() - described.keys():
            self._drop(Resource(name, index))
            self._known[name].insights.pop(index, None)
        for index, units in described.items():
            if index not in present:
                self._add(Resource(name, index), units, at)
        return self._known[name]

    def forget(self, name: str) -> None:
        """A table is gone."""
        for index in self.control.of_table(name):
            self._drop(Resource(name, index))
        self._known.pop(name, None)

    def _new_id(self, arn: str) -> str:
        """One that no table had before, nor has in another region."""
        self._ids += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{arn}#{self._ids}"))

    def _add(self, resource: Resource, units: Units, at: float) -> None:
        self.control.add(resource, units, at)
        self.capacity.provision(resource, units, at)

    def _drop(self, resource: Resource) -> None:
        self.control.remove(resource)
        self.capacity.forget(resource)


def table_name(table: str) -> str:
    """The name of a table that may be given by its ARN, or by that of an index or stream of it."""
    return table.rpartition(":table/")[2].partition("/")[0]


def no_such_table(name: str) -> str:
    """The message for a table that is not there."""
    return f"Requested resource not found: Table: {name} not found"
