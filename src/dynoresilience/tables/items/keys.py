"""What an item's key attributes must be, checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dynoresilience.aws.items import TableItems, type_of
from dynoresilience.errors import ConfigError, ItemError

_WORDS = {"S": "a string (S)", "N": "a number (N)", "B": "binary (B)"}
_ROLES = ("hash key", "range key")


@dataclass(frozen=True, slots=True)
class Keys:
    """A table's key attributes, the hash key first.

    Args:
        types: by name "S", "N" or "B"; None: not known.
        found: whether DynamoDB says so; else it is the caller who does.
    """

    types: Mapping[str, str | None]
    found: bool = True


def keys_given(keys: str | Sequence[str]) -> Keys:
    """Those that a caller names.

    Raises:
        ConfigError: they are not one or two names.
    """
    names = [keys] if isinstance(keys, str) else list(keys)
    texts = all(isinstance(name, str) and name for name in names)
    if not texts or not 1 <= len(set(names)) == len(names) <= 2:
        raise ConfigError(
            f"keys={keys!r} must be one or two names: the hash key's, then the range key's"
        )
    return Keys(dict.fromkeys(names), found=False)


def check_item(items: TableItems, item: Mapping[str, object], keys: Keys) -> None:
    """See to it that an item has these.

    Raises:
        ItemError: it names each that is missing, empty or of the wrong type, and no value.
    """
    faults = [
        fault
        for role, (name, kind) in zip(_ROLES, keys.types.items(), strict=False)
        if (fault := _fault(items, item, f"{name!r}, the {role},", name, kind)) is not None
    ]
    if faults:
        raise ItemError(f"{items.table}: the item's key is wrong: " + "; ".join(faults))


def _fault(
    items: TableItems, item: Mapping[str, object], who: str, name: str, kind: str | None
) -> str | None:
    if name not in item:
        return f"{who} is missing: add it"
    found = type_of(item[name], items.in_python)
    wanted = "a string, a number or binary" if kind is None else _WORDS[kind]
    if found is None:
        takes = "a Table takes Python's types" if items.in_python else _WIRE
        if items.in_python and isinstance(item[name], float):
            takes = "a Table takes int or Decimal for a number"
        return f"{who} must be {wanted}, and is a {type(item[name]).__name__}: {takes}"
    type_name, empty = found
    if type_name not in _WORDS or kind not in (None, type_name):
        hint = ": a Table takes Python's types" if items.in_python and type_name == "M" else ""
        return f"{who} must be {wanted}, and is {_WORDS.get(type_name, type_name)}{hint}"
    if empty:
        return f"{who} is empty, which no key may be"
    return None


_WIRE = 'a client takes wire types, such as {"S": "..."}'
