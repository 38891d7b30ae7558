"""How requests name a target, and how they are refused. Pure.

Errors have AWS's own words where these are on record; the others say what is wrong in ours.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.replies import Body, Refused

NAMESPACE = "dynamodb"
ACCOUNT = "123456789012"

_ID = re.compile(r"table/(?P<table>[\w.-]+)(?:/index/(?P<index>[\w.-]+))?")
_DIMENSION = re.compile(r"dynamodb:(?P<kind>table|index):(?P<name>Read|Write)CapacityUnits")


class TargetKey(NamedTuple):
    """How requests name a target: ``ResourceId`` and ``ScalableDimension``."""

    resource_id: str
    scalable_dimension: str

    @classmethod
    def of(cls, body: Body) -> TargetKey:
        return cls(body["ResourceId"], body["ScalableDimension"])

    def __str__(self) -> str:
        return (
            f"service namespace: {NAMESPACE}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.scalable_dimension}"
        )


def parse(key: TargetKey) -> tuple[Resource, Dimension]:
    """The table or index of a target, and which of its units.

    Raises:
        Refused: ValidationException.
    """
    named, scaled = _ID.fullmatch(key.resource_id), _DIMENSION.fullmatch(key.scalable_dimension)
    if not named or not scaled or (scaled["kind"] == "index") is not (named["index"] is not None):
        raise invalid("Unsupported service namespace, resource type or scalable dimension")
    return Resource(named["table"], named["index"]), Dimension(scaled["name"].lower())


def check_namespace(body: Body) -> None:
    """Refuse a request that is not about DynamoDB.

    Raises:
        Refused: ValidationException.
    """
    if body.get("ServiceNamespace") != NAMESPACE:
        raise invalid("Unsupported service namespace, resource type or scalable dimension")


def invalid(message: str) -> Refused:
    """ValidationException."""
    return Refused("ValidationException", message)


def not_found(message: str) -> Refused:
    """ObjectNotFoundException."""
    return Refused("ObjectNotFoundException", message)
