"""Whether a request has the form that DynamoDB's model gives it.

The simulator reads requests in order to price them. One that is not even of the right form is not
its affair: what keeps the items refuses it, in its own words.
"""

from __future__ import annotations

from typing import Any

from botocore.model import OperationNotFoundError, Shape

from dynoresilience.testing.dynamodb_model import service_model
from dynoresilience.testing.replies import Body

_TYPES: dict[str, type | tuple[type, ...]] = {
    "blob": str,
    "boolean": bool,
    "double": (int, float),
    "float": (int, float),
    "integer": int,
    "long": int,
    "string": str,
    "timestamp": (int, float, str),
}


class Misshapen(ValueError):
    """The request does not fit the model of its operation."""


def well_formed(operation: str, request: object, service: str = "dynamodb") -> Body:
    """The request without its nulls, which mean the same as nothing.

    Members that the model doesn't know are kept: the client may be newer than this botocore. So is
    everything in the request of an operation that the model doesn't know.

    Raises:
        Misshapen: something required is missing, or something is of another type.
    """
    if not isinstance(request, dict):
        raise Misshapen("a request is a JSON object")
    try:
        shape = service_model(service).operation_model(operation).input_shape
    except OperationNotFoundError:
        return request
    body: Body = request if shape is None else _fit(shape, request)
    return body


def _fit(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, value)
    if kind == "list":
        return [_fit(shape.member, each) for each in _of(shape, value, list)]
    if kind == "map":
        return {name: _fit(shape.value, each) for name, each in _of(shape, value, dict).items()}
    return _of(shape, value, _TYPES[kind])


def _structure(shape: Any, value: Any) -> Body:
    given = {name: each for name, each in _of(shape, value, dict).items() if each is not None}
    if not given.keys() >= set(shape.required_members):
        raise Misshapen(f"{shape.name} lacks a member")
    if shape.name == "AttributeValue" and len(given) != 1:
        raise Misshapen("an attribute has one value")
    members = shape.members
    return {
        name: _fit(members[name], each) if name in members else each for name, each in given.items()
    }


def _of(shape: Shape, value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind):
        raise Misshapen(f"{shape.name} can't be {type(value).__name__}")
    return value
