"""Specs as the text of a TOML file, laid out as a person would.

The shape is fixed and small: text, whole numbers, true and false, lists of text and tables of
text. A general writer puts the attributes' types in a section of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynoresilience.tables.spec import TableSpec

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_FIRST = ("name", "hash_key", "range_key", "attributes", "billing_mode")
_KEYS = ("hash_key", "range_key")
_INDEXES = ("global_secondary_indexes", "local_secondary_indexes")
_WIDTH = 100


def text_of(specs: Sequence[TableSpec]) -> str:
    """A file with these tables."""
    return "\n".join("\n".join(_table(spec)) + "\n" for spec in specs)


def _table(spec: TableSpec) -> Iterator[str]:
    fields = {**spec.declared(), "billing_mode": spec.billing_mode}
    yield "[[tables]]"
    yield from _section(fields, "tables")
    for kind in _INDEXES:
        for index in fields.get(kind, ()):
            yield ""
            yield f"[[tables.{kind}]]"
            yield from _section(index, f"tables.{kind}")


def _section(fields: Mapping[str, Any], path: str) -> Iterator[str]:
    order = [*(name for name in _FIRST if name in fields), *(f for f in fields if f not in _FIRST)]
    wide = []
    for name in order:
        if name in _INDEXES:
            continue
        value = fields[name]
        single = name in _KEYS and not isinstance(value, str) and len(value) == 1
        line = f"{name} = {_value(value[0] if single else value)}"
        if isinstance(value, Mapping) and len(line) > _WIDTH:
            wide.append(name)
        else:
            yield line
    for name in wide:  # after the plain fields: what follows such a header belongs to it
        yield ""
        yield f"[{path}.{name}]"
        yield from (f"{_key(key)} = {_value(value)}" for key, value in fields[name].items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return "[" + ", ".join(map(_value, value)) + "]"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but that TOML wants DEL escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
