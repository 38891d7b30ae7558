"""What the fields of a spec are made of; `expected` has the words for it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field

BillingMode = Literal["PROVISIONED", "PAY_PER_REQUEST"]
AttributeType = Literal["S", "N", "B"]
ProjectionType = Literal["ALL", "KEYS_ONLY", "INCLUDE"]
StreamViewType = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
TableClass = Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"]
InsightsMode = Literal["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"]
T = TypeVar("T")


def _listed(value: object) -> object:
    """No set, which has no order, and nothing that can be read only once."""
    if isinstance(value, (list, tuple)):
        return value
    raise ValueError("must be a list")


def _names(value: object) -> object:
    """One attribute's name, or several."""
    return (value,) if isinstance(value, str) else () if value is None else _listed(value)


def _whole(value: object) -> object:
    """No booleans, fractions or digits in quotes in the place of a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("must be a whole number")


def _maximum(value: object) -> object:
    """-1 is none; 0 is nothing at all, which AWS refuses."""
    if _whole(value) == 0:
        raise ValueError("must not be 0")
    return value


def _off(value: object) -> object:
    """Not 0, which is equal to it."""
    if value is False:
        return value
    raise ValueError("must be False")


Off = Annotated[Literal[False], BeforeValidator(_off)]
KeyAttributes = Annotated[tuple[str, ...], BeforeValidator(_names)]
Listed = Annotated[tuple[T, ...], BeforeValidator(_listed)]
Attributes = Listed[str]
Units = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
Maximum = Annotated[int, BeforeValidator(_maximum), Field(ge=-1)]
Days = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=35)]
KeyId = Annotated[str, Field(min_length=1)]
