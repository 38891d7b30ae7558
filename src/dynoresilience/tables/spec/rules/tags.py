"""Tags.

Source: Tagging restrictions in DynamoDB, Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import UNREAD, Fault, shown

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
RESERVED = {
    "aws:": "begins like AWS's own tags",
    "dynoresilience:": "begins like the tags in which this library notes its raises",
}

_SIGNS = frozenset("+-=._:/@")
_KINDS = "LNZM"
"""Unicode's letters, numbers, spaces and marks."""


def number_of_tags(spec: TableSpec) -> Iterator[Fault]:
    """50 at most."""
    tags = _tags(spec)
    if len(tags) > MOST:
        yield Fault("tags", len(tags), f"is more than the {MOST} that a table can have")


def keys_of_tags(spec: TableSpec) -> Iterator[Fault]:
    """Of 1 to 128 characters, and not of those that have an owner."""
    for key in _tags(spec):
        path = f"tags[{shown(key)}]"
        if not 1 <= len(key) <= LONGEST_KEY:
            yield Fault(path, key, f"a key has 1 to {LONGEST_KEY} characters, not {len(key)}")
        yield from _characters(path, key, "a key")
        for prefix, why in RESERVED.items():
            if key.lower().startswith(prefix):
                yield Fault(path, key, f"{why}, {prefix!r}; give it another key")


def values_of_tags(spec: TableSpec) -> Iterator[Fault]:
    """Of up to 256 characters."""
    for key, value in _tags(spec).items():
        if not isinstance(value, str):
            continue
        path = f"tags[{shown(key)}]"
        if len(value) > LONGEST_VALUE:
            remedy = f"a value has up to {LONGEST_VALUE} characters, not {len(value)}"
            yield Fault(path, value, remedy)
        yield from _characters(path, value, "a value")


def _characters(path: str, text: str, what: str) -> Iterator[Fault]:
    odd = sorted(
        {
            sign
            for sign in text
            if sign not in _SIGNS and unicodedata.category(sign)[0] not in _KINDS
        }
    )
    if odd:
        remedy = (
            f"{what} takes letters, digits, spaces and {''.join(sorted(_SIGNS))}, not {odd[0]!r}"
        )
        yield Fault(path, text, remedy)


def _tags(spec: TableSpec) -> dict[str, str]:
    return {} if spec.tags in (None, UNREAD) else dict(spec.tags)
