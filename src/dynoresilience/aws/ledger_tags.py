"""The text of the ledger: what is raised of a table, as tags on the table itself.

One tag for each number that is up. The key says which (``dynoresilience:write:by-customer``), the
value from what to what and until when, so that a person can read it as well:

    base=5 was=5 to=10 due=2026-11-21T09:10:00.000Z at=2026-11-21T09:00:00.120Z table=3f2a90c1

The minimum of a scalable target has ``of=minimum`` at the end. A key has at most 128 characters,
a value 256: letters, digits, spaces and ``+-=._:/@``. Source: "Tagging restrictions in DynamoDB",
Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

from dynoresilience.model import Dimension, Raised, RaisedKey, RaisedTable, TableState

PREFIX = "dynoresilience:"
_LONGEST_KEY = 128
_MAXIMUM = "-maximum"
_MINIMUM = "minimum"
_HASHED = "@"
"""Begins what stands for an index name that is too long for a key; no index name has it."""


def to_tags(entry: RaisedTable) -> dict[str, str]:
    """The tags that say what the entry says."""
    mark = _mark(entry.table_id)
    return {
        tag_key(key, entry.on_demand): (
            f"base={raised.base} was={raised.was} to={raised.to} "
            f"due={_text(entry.due)} at={_text(raised.at)} table={mark}"
            f"{f' of={_MINIMUM}' if raised.minimum else ''}"
        )
        for key, raised in entry.raised.items()
    }


def tag_key(key: RaisedKey, on_demand: bool) -> str:
    """The key of the tag for one number of a table."""
    index, dimension = key
    head = f"{PREFIX}{dimension.value}{_MAXIMUM if on_demand else ''}"
    return head if index is None else f"{head}:{_short(index)}"


def from_tags(tags: Mapping[str, str], state: TableState) -> RaisedTable | None:
    """What a table's tags say is raised of it; None: nothing.

    What can't be read (written by a later version, or changed by hand) is left alone. Of tags
    for both billing modes those for the present one count. An entry about another table of the
    same name has another ``table_id``.
    """
    found: dict[bool, list[tuple[RaisedKey, Raised, float, bool]]] = {}
    indexes = {_short(name): name for name in state.indexes}
    here = _mark(state.table_id)
    for name, value in tags.items():
        what, _, index = name.removeprefix(PREFIX).partition(":")
        if not name.startswith(PREFIX) or (of := _NUMBERS.get(what)) is None:
            continue
        dimension, on_demand = of
        try:
            raised, due, mark = _number(value)
        except (KeyError, ValueError):
            continue
        key = indexes.get(index, index) or None, dimension
        found.setdefault(on_demand, []).append((key, raised, due, mark == here))
    if not found:
        return None
    mode = state.on_demand if state.on_demand in found else not state.on_demand
    numbers = found[mode]
    ours = [entry for entry in numbers if entry[3]]
    return RaisedTable(
        table=state.name,
        arn=state.arn,
        raised={key: raised for key, raised, _, _ in ours or numbers},
        due=max(due for _, _, due, _ in ours or numbers),
        table_id=state.table_id if ours else f"not {state.table_id}",
        on_demand=mode,
        by_others=True,
    )


def is_newer(found: str | None, ours: str) -> bool:
    """Whether a tag's value is another than we know of: a later one, or one that can't be read."""
    if found is None:
        return False
    try:
        return _number(found)[0].at > _number(ours)[0].at
    except (KeyError, ValueError):
        return True


def _is_minimum(words: Mapping[str, str]) -> bool:
    of = words.get("of")
    if of not in (None, _MINIMUM):
        raise ValueError(of)
    return of is not None


def is_ours(names: Iterable[str]) -> bool:
    """Whether tags of these keys are about raises."""
    return any(name.startswith(PREFIX) for name in names)


_NUMBERS = {
    f"{dimension.value}{_MAXIMUM if on_demand else ''}": (dimension, on_demand)
    for dimension in Dimension
    for on_demand in (False, True)
}


def _number(value: str) -> tuple[Raised, float, str | None]:
    """What a tag says: the number, when it is due, and of which table.

    Raises:
        KeyError, ValueError: it can't be read.
    """
    words = dict(word.split("=", 1) for word in value.split() if "=" in word)
    raised = Raised(
        base=int(words["base"]),
        was=int(words["was"]),
        to=int(words["to"]),
        at=_instant(words["at"]),
        minimum=_is_minimum(words),
    )
    if min(raised.base, raised.was, raised.to) < 1:
        raise ValueError("no capacity")
    return raised, _instant(words["due"]), words.get("table")


def _short(index: str) -> str:
    """An index's name, or if it may be too long for a key its beginning and a hash."""
    most = _LONGEST_KEY - len(f"{PREFIX}{Dimension.WRITE.value}{_MAXIMUM}:")
    if len(index) <= most or _HASHED in index:
        return index
    hashed = _HASHED + hashlib.sha256(index.encode()).hexdigest()[:32]
    return index[: most - len(hashed)] + hashed


def _mark(table_id: str | None) -> str:
    """Tells a table from a later one of the same name."""
    return hashlib.sha256(str(table_id).encode()).hexdigest()[:8]


def _text(instant: float) -> str:
    """Epoch seconds as ISO 8601, UTC, to the millisecond above."""
    upwards = math.ceil(round(instant * 1000, 3)) / 1000
    told = datetime.fromtimestamp(upwards, timezone.utc).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def _instant(text: str) -> float:
    # Not strptime: it loads a module at its first call, in which a fork would leave a lock held.
    return datetime.fromisoformat(text.removesuffix("Z") + "+00:00").timestamp()
