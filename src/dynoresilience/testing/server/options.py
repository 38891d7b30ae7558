"""The command line's options for `Settings`: one for each field, whatever fields there are."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, Union

from dynoresilience.testing.service.settings import Settings

_ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--update-seconds`` and the like; what is not given is left out of the result."""
    group = parser.add_argument_group("how it behaves")
    hints, meanings = typing.get_type_hints(Settings), _meanings()
    for field in fields(Settings):
        kind = hints[field.name]
        form: dict[str, Any]
        if kind is bool:
            form = {"action": argparse.BooleanOptionalAction}
        else:
            form = {"type": _reader(kind), "metavar": _metavar(kind)}
        meaning = meanings.get(field.name, "").replace("%", "%%")
        group.add_argument(
            f"--{field.name.replace('_', '-')}",
            default=argparse.SUPPRESS,
            help=f"{meaning} [{_default(field)}]".strip(),
            **form,
        )


def settings_of(parsed: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given."""
    names = {field.name for field in fields(Settings)}
    return {name: value for name, value in vars(parsed).items() if name in names}


def _meanings() -> dict[str, str]:
    """What the docstring of `Settings` says of each field."""
    found = _ARGUMENT.findall(inspect.getdoc(Settings) or "")
    return {name: " ".join(text.replace("``", "").split()) for name, text in found}


def _default(field: Any) -> str:
    value = field.default_factory() if field.default is MISSING else field.default
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _kinds(kind: Any) -> list[Any]:
    """The types of a union without None; else the type itself."""
    if typing.get_origin(kind) in (Union, types.UnionType):
        return [each for each in typing.get_args(kind) if each is not type(None)]
    return [kind]


def _reader(kind: Any) -> Callable[[str], Any]:
    kinds = _kinds(kind)
    may_be_none = kinds != [kind]

    def read(text: str) -> Any:
        if may_be_none and text.lower() == "none":
            return None
        for each in (int, float, str):
            if each in kinds:
                return each(text)
        return json.loads(text)  # whatever else a setting may be: a mapping, a list

    read.__name__ = _metavar(kind).lower()  # argparse names it where it fails
    return read


def _metavar(kind: Any) -> str:
    kinds = _kinds(kind)
    for each, name in ((float, "NUMBER"), (int, "INTEGER"), (str, "TEXT")):
        if each in kinds:
            return name
    return "JSON"
