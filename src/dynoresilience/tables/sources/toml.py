"""Specs in TOML files."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

from dynoresilience.tables.spec import TableSpec


def read_one(path: str | PathLike[str], name: str | None) -> TableSpec:
    """The one spec in a file, or that of this name."""
    raise NotImplementedError


def write(specs: Sequence[TableSpec]) -> str:
    """The text of a file with these tables."""
    raise NotImplementedError
