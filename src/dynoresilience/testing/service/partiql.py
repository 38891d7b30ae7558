"""What PartiQL statements cost, and what of them is let through.

Writes cost what the same PutItem, UpdateItem or DeleteItem costs. A SELECT of one primary key costs
what GetItem costs; of any other what came back is counted, which is less than what was read if
the statement filters or projects. A statement that can't be read is not charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynoresilience.testing.capacity.meters import Charges, Spot, add, times
from dynoresilience.testing.capacity.sizes import Item, item_size, read_units, write_units
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.gate import Gate
from dynoresilience.testing.service.statements import Statement, read_statement
from dynoresilience.testing.service.throttles import item_error
from dynoresilience.testing.service.writes import Write, settle_write


@dataclass(frozen=True, slots=True)
class Read:
    """A SELECT: ``key`` is the primary key if it names one whole."""

    schema: TableSchema
    spot: Spot
    key: Item | None
    consistent: bool

    @property
    def reserved(self) -> Charges:
        return {self.spot: read_units(0, consistent=self.consistent)}

    def spent(self, gate: Gate, items: list[Item]) -> Charges:
        """What it cost, now that it has answered with ``items``."""
        if self.key is not None:
            items = [gate.stored(self.schema, self.key) or {}]
        size = sum(item_size(item) for item in items)
        return {self.spot: read_units(size, consistent=self.consistent)}


def execute_one(operation: str, body: Body, gate: Gate) -> Reply:
    """ExecuteStatement.

    Raises:
        Throttled: the table or an index is short.
    """
    plan = _plan(body, gate)
    if plan is not None:
        gate.require(plan.reserved, plan.schema)
    reply = gate.backend(operation, body)
    if isinstance(plan, Read):
        spent = plan.spent(gate, reply.body.get("Items") or []) if reply.ok else {}
        gate.settle(plan.reserved, spent)
    elif plan is not None:
        settle_write(plan, reply, gate)
    return reply


def execute_batch(operation: str, body: Body, gate: Gate) -> Reply:
    """BatchExecuteStatement: a statement that is not let in has an error in its place."""
    statements = body.get("Statements") or []
    plans = [_plan(statement, gate) for statement in statements]
    shorts = [None if plan is None else gate.admit(plan.reserved) for plan in plans]
    admitted = [each for each, short in zip(statements, shorts, strict=True) if short is None]
    if admitted or not statements:
        reply = gate.backend(operation, {**body, "Statements": admitted})
    else:
        reply = Reply.of({"Responses": []})
    answers = iter(reply.body.get("Responses") or [])
    responses: list[Any] = []
    for plan, short in zip(plans, shorts, strict=True):
        if short is not None and plan is not None:
            responses.append({"Error": item_error(short), "TableName": plan.schema.name})
            continue
        answer: Body = next(answers, {}) if reply.ok else {"Error": {}}
        responses.append(answer)
        if plan is not None:
            gate.settle(plan.reserved, _spent(plan, answer, gate))
    if not reply.ok or not any(shorts):
        return reply
    return Reply.of({**reply.body, "Responses": responses})


def execute_transaction(operation: str, body: Body, gate: Gate) -> Reply:
    """ExecuteTransaction: everything or nothing, at twice the price.

    Raises:
        Refused: TransactionCanceledException, at least one statement was short.
    """
    plans = [_plan(statement, gate, consistent=True) for statement in body["TransactStatements"]]
    taken = gate.admit_together(
        [{} if plan is None else times(2, plan.reserved) for plan in plans],
        [None if plan is None else plan.schema for plan in plans],
    )
    reply = gate.backend(operation, body)
    if reply.ok:
        answers = reply.body.get("Responses") or [{}] * len(plans)
        spent = [
            times(2, _spent(plan, answer, gate))
            for plan, answer in zip(plans, answers, strict=False)
            if plan is not None
        ]
        gate.settle(taken, add(*spent))
    elif reply.code != "TransactionCanceledException":
        gate.settle(taken, {})
    return reply


def _plan(body: Body, gate: Gate, *, consistent: bool = False) -> Read | Write | None:
    statement = read_statement(body.get("Statement"), body.get("Parameters"))
    schema = None if statement is None else gate.schema(statement.table)
    if statement is None or schema is None:
        return None
    if statement.kind != "Select":
        return _write(statement, schema, gate)
    spot = schema.read_spot(statement.equal, statement.index)
    key = schema.key_of(statement.equal) if statement.index is None else None
    return Read(schema, spot, key, consistent or bool(body.get("ConsistentRead")))


def _write(statement: Statement, schema: TableSchema, gate: Gate) -> Write | None:
    given = statement.item if statement.kind == "Put" else statement.equal
    key = schema.key_of(given)
    if key is None:
        return None
    old = gate.stored(schema, key)
    charges: Charges
    if statement.kind == "Check":
        charges = {schema.write_spot(key): float(write_units(item_size(old)))}
    elif statement.kind == "Update":
        new = {**(old or {}), **key, **statement.assigned}
        charges = schema.update_charges(key, old, new, statement.touched)
    else:
        charges = schema.write_charges(key, old, given if statement.kind == "Put" else None)
    return Write(schema, statement.kind, key, old, charges)


def _spent(plan: Read | Write, answer: Body, gate: Gate) -> Charges:
    if isinstance(plan, Read):
        return {} if "Error" in answer else plan.spent(gate, [answer.get("Item") or {}])
    if "Error" in answer:
        failed = answer["Error"].get("Code") in ("ConditionalCheckFailed", "DuplicateItem")
        return plan.failed() if failed else {}
    return plan.spent(gate)
