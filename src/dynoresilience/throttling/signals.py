"""From an error response to what was short: table or index, read or write, and why.

Three sources, best first: ``ThrottlingReasons`` (botocore >= 1.40.10, endpoints that send it),
``CancellationReasons`` of a cancelled transaction, and the message with the request. A PartiQL
request says in its statements what it is about (`partiql`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dynoresilience.model import Dimension, Resource, ThrottleKind, ThrottleSignal
from dynoresilience.throttling.partiql import Statement, read_statement
from dynoresilience.throttling.work import READS, WRITES


@dataclass(frozen=True, slots=True)
class Throttle:
    """A throttled attempt. Without signals it is not known what was short: back off only.

    ``request``: its parameters, as far as they are known; they hold item data.
    """

    signals: tuple[ThrottleSignal, ...]
    request: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


PARTIQL = frozenset({"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"})
DATA_OPERATIONS = READS | WRITES | PARTIQL
"""The calls that consume capacity. A throttle of any other call is botocore's affair."""

_THROTTLE_CODES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "Throttling",
    }
)
_CANCELLED_FOR_CAPACITY = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
_SHORT_STATEMENT = frozenset(
    {"ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded"}
)
"""Codes of a ``BatchStatementError`` for a statement that was turned away before any work."""
_OF_INDEX = "global secondary index"
_REASON = re.compile(r"(Table|Index)(Read|Write)(\w+)")
_ARN = re.compile(r"arn:[^:]*:dynamodb:[^:]*:[^:]*:table/([^/]+)(?:/index/([^/]+))?")


def read_throttle(
    response: Mapping[str, Any], operation: str, request: Mapping[str, Any]
) -> Throttle | None:
    """What an error response says was short; None if it is not a throttle of a data call.

    ``response`` is the parsed error (``ClientError.response``), ``operation`` the API's name
    ("PutItem"), ``request`` its parameters as far as they are known (may be empty).
    """
    if operation not in DATA_OPERATIONS:
        return None
    error = response.get("Error") or {}
    code = error.get("Code")
    if code == "TransactionCanceledException":
        return _from_cancellation(response, operation, request)
    if code not in _THROTTLE_CODES:
        return None
    reasons = _reasons(response)
    if reasons:
        return Throttle(_from_reasons(reasons, operation, request), request)
    signals = _from_message(code, str(error.get("Message") or ""), operation, request)
    return Throttle(signals, request)


def read_statement_errors(
    answer: Mapping[str, Any], request: Mapping[str, Any]
) -> tuple[tuple[int, ...], Throttle]:
    """The statements of a BatchExecuteStatement that were refused for throughput, by their places.

    Beside them what was short, as far as it is known. They are safe to send again: none was carried
    out. Of all other errors some are for good (a failed condition), and of some (an
    InternalServerError) nobody knows whether the statement was carried out: they are not listed.

    Args:
        answer: the parsed answer, with ``Responses`` in the order of the statements.
        request: the parameters that it answers.
    """
    places: list[int] = []
    signals: list[ThrottleSignal] = []
    responses = answer.get("Responses") or ()
    for place, (entry, statement) in enumerate(zip(responses, _statements(request), strict=False)):
        error = entry.get("Error") or {}
        code = error.get("Code")
        if code not in _SHORT_STATEMENT:
            continue
        places.append(place)
        told = entry.get("TableName")
        if statement is not None and (told is None or _name(told) == _name(statement.table)):
            message = str(error.get("Message") or "")
            signals += _signals(code, message, statement.resource, statement.dimension)
    return tuple(places), Throttle(tuple(dict.fromkeys(signals)))


def regions_of(response: Mapping[str, Any]) -> frozenset[str]:
    """The AWS regions of the resources that the answer says were short."""
    arns = (str(reason.get("resource") or "").split(":") for reason in _reasons(response))
    return frozenset(arn[3] for arn in arns if len(arn) > 3)


def _reasons(response: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Both spellings; older botocore versions leave the member inside ``Error``."""
    for members in (response, response.get("Error") or {}):
        for name in ("ThrottlingReasons", "throttlingReasons"):
            if members.get(name):
                found: Sequence[Mapping[str, Any]] = members[name]
                return found
    return ()


def _from_reasons(
    reasons: Sequence[Mapping[str, Any]], operation: str, request: Mapping[str, Any]
) -> tuple[ThrottleSignal, ...]:
    signals = []
    for entry in reasons:
        match = _REASON.fullmatch(str(entry.get("reason") or ""))
        if match is None or match[3] not in ThrottleKind._value2member_map_:
            continue
        dimension = Dimension.READ if match[2] == "Read" else Dimension.WRITE
        kind = ThrottleKind(match[3])
        arn = _ARN.fullmatch(str(entry.get("resource") or ""))
        if arn is not None:
            table, index = _as_addressed(arn[1], request), arn[2]
        else:
            target = _target(operation, request)
            if target is None:
                continue
            table, index = target[0].table, target[0].index
        if match[1] == "Table":
            signals.append(ThrottleSignal(Resource(table), dimension, kind))
        else:
            resource = Resource(table, index)
            signals.append(ThrottleSignal(resource, dimension, kind, any_index=index is None))
    return tuple(dict.fromkeys(signals))


def _from_message(
    code: str, message: str, operation: str, request: Mapping[str, Any]
) -> tuple[ThrottleSignal, ...]:
    target = _target(operation, request)
    return () if target is None else _signals(code, message, *target)


def _signals(
    code: str, message: str, resource: Resource, dimension: Dimension
) -> tuple[ThrottleSignal, ...]:
    """What an error's code and message say of a request for ``resource``."""
    if code.startswith("Throttling") and "hroughput" not in message:
        return ()  # some other rate was exceeded, for example that of the table's KMS key
    kind = ThrottleKind.PROVISIONED
    if code == "RequestLimitExceeded" or "for your account" in message:
        kind = ThrottleKind.ACCOUNT
    any_index = resource.index is None and _OF_INDEX in message
    return (ThrottleSignal(resource, dimension, kind, any_index=any_index),)


def _from_cancellation(
    response: Mapping[str, Any], operation: str, request: Mapping[str, Any]
) -> Throttle | None:
    """A cancelled transaction is a throttle only if nothing but capacity stood in its way."""
    reasons = list(response.get("CancellationReasons") or ())
    codes = [str(reason.get("Code")) for reason in reasons]
    if not codes:
        message = str((response.get("Error") or {}).get("Message") or "")
        listed = re.search(r"\[([\w, ]*)\]", message)
        codes = [code.strip() for code in listed[1].split(",")] if listed else []
    blocking = [code for code in codes if code not in ("None", "")]
    if not blocking or any(code not in _CANCELLED_FOR_CAPACITY for code in blocking):
        return None
    signals: list[ThrottleSignal] = []
    for place, (code, target) in enumerate(zip(codes, _targets(operation, request), strict=False)):
        if code == "ProvisionedThroughputExceeded" and target is not None:
            told = str(reasons[place].get("Message") or "") if reasons else ""
            signals += _signals(code, told, *target)
    return Throttle(tuple(dict.fromkeys(signals)))


_Target = tuple[Resource, Dimension]


def _target(operation: str, request: Mapping[str, Any]) -> _Target | None:
    """The one thing that a whole request reads or writes; None: several, or not known."""
    if operation in PARTIQL:
        found = set(_statements(request))
        statement = found.pop() if len(found) == 1 else None
        return None if statement is None else (statement.resource, statement.dimension)
    tables = tables_of(request)
    if len(tables) != 1:
        return None
    return Resource(tables[0], request.get("IndexName")), _dimension(operation)


def _targets(operation: str, request: Mapping[str, Any]) -> list[_Target | None]:
    """What each item of a transaction reads or writes, in their order; None: not known."""
    if operation in PARTIQL:
        return [None if s is None else (s.resource, s.dimension) for s in _statements(request)]
    return [(Resource(action["TableName"]), _dimension(operation)) for action in _actions(request)]


def _dimension(operation: str) -> Dimension:
    return Dimension.READ if operation in READS else Dimension.WRITE


def _statements(request: Mapping[str, Any]) -> list[Statement | None]:
    """The statements of a PartiQL request, in their order; None: one that is not understood."""
    if "Statement" in request:
        return [read_statement(request["Statement"])]
    statements = request.get("Statements") or request.get("TransactStatements") or ()
    return [read_statement(each.get("Statement")) for each in statements]


def _actions(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The actions of a transaction, one for each of its items."""
    return [action for item in request.get("TransactItems") or () for action in item.values()]


def tables_of(request: Mapping[str, Any]) -> tuple[str, ...]:
    """The tables that a request names, each as it is addressed there (name or ARN)."""
    if "TableName" in request:
        return (str(request["TableName"]),)
    if "RequestItems" in request:
        return tuple(request["RequestItems"])
    tables = [str(action["TableName"]) for action in _actions(request)]
    tables += [statement.table for statement in _statements(request) if statement is not None]
    return tuple(dict.fromkeys(tables))


def _name(table: str) -> str:
    """The name of a table that is addressed by it, or by its ARN."""
    arn = _ARN.fullmatch(table)
    return table if arn is None else arn[1]


def _as_addressed(name: str, request: Mapping[str, Any]) -> str:
    """The caller's own spelling of a table: its ARN, if that is how the request names it."""
    return next((t for t in tables_of(request) if t.endswith(f":table/{name}")), name)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """``x-amz-retry-after`` (milliseconds) in seconds; None if absent or not a number >= 0."""
    try:
        seconds = int(headers["x-amz-retry-after"]) / 1000
    except (KeyError, ValueError):
        return None
    return seconds if seconds >= 0 else None
