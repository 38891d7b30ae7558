"""The tables of one region: what is known of each, and the operations that change them."""

from __future__ import annotations

from collections.abc import Callable

from dynoresilience.model import Resource, Units
from dynoresilience.testing.capacity.buckets import CapacityModel
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.control.control_plane import AcceptedUpdate, ControlPlane
from dynoresilience.testing.control.descriptions import lay_over, units_described
from dynoresilience.testing.control.throughput import (
    besides_throughput,
    check_create,
    check_index_creates,
    check_switch,
    wanted_by_update,
)
from dynoresilience.testing.replies import Backend, Body, Reply
from dynoresilience.testing.service.settings import Settings


class Tables:
    """Schema, capacity and control plane of each table, kept in step.

    The backend stores the tables too and is asked for whatever is not about capacity. Of capacity
    only its first word counts: what it says when a table or index is met for the first time.

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
        self._region = region
        self._on_update = on_update
        self._schemas: dict[str, TableSchema] = {}
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
        )

    def catch_up(self, at: float) -> None:
        """Put in force what is due by ``at``, each change at its own instant."""
        for instant, resource, units in self.control.come_into_force(at):
            self.capacity.provision(resource, units, instant)

    def schema(self, table: str, backend: Backend, at: float) -> TableSchema | None:
        """A table by name or ARN, also one that was not created through here; None if none."""
        name = table_name(table)
        if name and name not in self._schemas:
            reply = backend("DescribeTable", {"TableName": name})
            if reply.ok:
                self._learn(reply.body["Table"], at)
        return self._schemas.get(name)

    def create(self, body: Body, backend: Backend, at: float) -> Reply:
        """CreateTable: active at once.

        Raises:
            Refused: its capacity is not allowed.
        """
        check_create(body, self._region)
        reply = backend("CreateTable", body)
        if reply.ok:
            self._forget(reply.body["TableDescription"]["TableName"])
            self._learn(reply.body["TableDescription"], at)
        return reply

    def describe(self, body: Body, backend: Backend, at: float, member: str = "Table") -> Reply:
        """DescribeTable: the backend's answer with capacity, states and counters laid over."""
        reply = backend("DescribeTable", {"TableName": body.get("TableName")})
        if not reply.ok:
            return reply
        table = reply.body["Table"]
        self._learn(table, at)
        states = self.control.of_table(table["TableName"])
        return Reply.of({member: lay_over(table, states, self.control.utc(at))})

    def update(self, body: Body, backend: Backend, at: float) -> Reply:
        """UpdateTable: capacity takes its time, anything else is done by the backend at once.

        Raises:
            Refused: nothing was changed.
        """
        schema = self.schema(body.get("TableName", ""), backend, at)
        if schema is None:
            return backend("UpdateTable", body)
        on_demand = self.control.of_table(schema.name)[None].on_demand
        mode = body.get("BillingMode")
        if mode is not None and (mode == "PAY_PER_REQUEST") != on_demand:
            failure = self._switch_mode(schema.name, body, backend, at)
        else:
            failure = self._update_in_mode(schema.name, body, backend, at)
        return failure or self.describe(body, backend, at, "TableDescription")

    def delete(self, body: Body, backend: Backend) -> Reply:
        """DeleteTable: gone at once.

        Raises:
            Refused: the table or an index is UPDATING.
        """
        name = table_name(body.get("TableName", ""))
        self.control.check_idle(name, "Table: {} is in the process of being updated.")
        reply = backend("DeleteTable", body)
        if reply.ok:
            self._forget(name)
        return reply

    def _update_in_mode(self, name: str, body: Body, backend: Backend, at: float) -> Reply | None:
        """An UpdateTable that leaves the billing mode as it is; a reply only if that fails."""
        if body.get("BillingMode") == "PROVISIONED":
            check_switch(body, [None], self._region)
        wanted = wanted_by_update(body)
        if wanted:
            self.control.check(name, wanted, at)
        else:
            self.control.check_idle(name)
        check_index_creates(body, self.control.of_table(name)[None].on_demand, self._region)
        rest = besides_throughput({k: v for k, v in body.items() if k != "BillingMode"})
        if rest is not None:
            reply = backend("UpdateTable", rest)
            if not reply.ok:
                return reply
        if wanted:
            self._on_update(self.control.update(name, wanted, at))
        return None

    def _switch_mode(self, name: str, body: Body, backend: Backend, at: float) -> Reply | None:
        """A change between provisioned and on-demand; a reply only if that fails."""
        states = self.control.of_table(name)
        check_switch(body, states, self._region)
        self.control.check_idle(name)
        reply = backend("UpdateTable", body)
        if not reply.ok:
            return reply
        self._on_update(self.control.switch_mode(name, wanted_by_update(body), at))
        for index, state in states.items():
            self.capacity.provision(Resource(name, index), state.units, at)
        return None

    def _learn(self, table: Body, at: float) -> None:
        """Take over a table as the backend describes it; what is known of its capacity stays."""
        name = table["TableName"]
        self._schemas[name] = TableSchema.from_description(table)
        described, known = units_described(table), self.control.of_table(name)
        for index in known.keys() - described.keys():
            self._drop(Resource(name, index))
        for index, units in described.items():
            if index not in known:
                self._add(Resource(name, index), units, at)

    def _add(self, resource: Resource, units: Units, at: float) -> None:
        self.control.add(resource, units, at)
        self.capacity.provision(resource, units, at)

    def _drop(self, resource: Resource) -> None:
        self.control.remove(resource)
        self.capacity.forget(resource)

    def _forget(self, table: str) -> None:
        for index in self.control.of_table(table):
            self._drop(Resource(table, index))
        self._schemas.pop(table, None)


def table_name(table: str) -> str:
    """The name of a table that may be given by its ARN."""
    return table.rpartition(":table/")[2]
