"""How large an item is and how many capacity units that costs. Pure.

The rules are those of the developer guide: a write unit pays for 1 KB, a read unit for 4 KB.
Items are in wire form, ``{"id": {"S": "42"}}``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Any]

_WRITE_STEP = 1024
_READ_STEP = 4096


def write_units(size: int) -> int:
    """Units that it costs to write ``size`` bytes; at least one, also when nothing is there."""
    return max(1, math.ceil(size / _WRITE_STEP))


def read_units(size: int, *, consistent: bool) -> float:
    """Units that it costs to read ``size`` bytes: half as many when eventually consistent."""
    units = max(1, math.ceil(size / _READ_STEP))
    return float(units) if consistent else units / 2


def item_size(item: Item | None) -> int:
    """Bytes of the attribute names and values of ``item``.

    0 if there is none, or if it is malformed: the backend will refuse it.
    """
    if item is None:
        return 0
    try:
        return sum(len(name.encode()) + _value_size(value) for name, value in item.items())
    except (AttributeError, TypeError, ValueError):
        return 0


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return _number_size(content)
    if kind == "B":
        return _binary_size(content)
    if kind == "SS":
        return sum(len(text.encode()) for text in content)
    if kind == "NS":
        return sum(_number_size(number) for number in content)
    if kind == "BS":
        return sum(_binary_size(blob) for blob in content)
    if kind == "L":
        return 3 + sum(1 + _value_size(element) for element in content)
    if kind == "M":
        return 3 + sum(
            1 + len(name.encode()) + _value_size(element) for name, element in content.items()
        )
    return 1  # BOOL and NULL


def _number_size(number: str) -> int:
    """One byte for two significant digits, and one more."""
    mantissa = number.lower().partition("e")[0].lstrip("+-")
    digits = mantissa.replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1


def _binary_size(blob: str) -> int:
    """Bytes behind a base64 text."""
    return len(blob) * 3 // 4 - blob.count("=", -2) if blob else 0
