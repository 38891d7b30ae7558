"""The value of a partition key, in a form that equal values share. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from typing import Any

PartitionKey = tuple[str, ...]
"""One text for each attribute of the key: an index may have up to four."""

_EXACT = Context(prec=38)
"""A number has up to 38 digits."""


def partition_key(names: Iterable[str], item: Mapping[str, Any] | None) -> PartitionKey | None:
    """The key that the attributes ``names`` of ``item`` make; None if one is missing."""
    if item is None:
        return None
    try:
        return tuple(_text(item[name]) for name in names)
    except (AttributeError, KeyError, TypeError, ValueError):  # not there, or malformed
        return None


def key_given(value: Any) -> PartitionKey:
    """The key that a test names: a Python value, a wire value ``{"S": "x"}``, or a list of them.

    Raises:
        TypeError: no key attribute can have this type.
    """
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_text(_wire(each)) for each in values)


def _text(value: Mapping[str, Any]) -> str:
    ((kind, content),) = value.items()
    if kind == "N":
        try:
            content = _EXACT.add(Decimal(content), 0).normalize(_EXACT)  # 1 is 1.0 is 10e-1
        except ArithmeticError:  # no number, or one beyond all bounds
            raise ValueError("not a number") from None
    return f"{kind}:{content}"


def _wire(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (bytes, bytearray)):
        return {"B": base64.b64encode(value).decode()}
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return {"N": str(value)}
    raise TypeError(f"a partition key is a string, a number or bytes, not {type(value).__name__}")
