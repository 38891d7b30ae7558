"""The spec of a table that exists."""

from __future__ import annotations

from typing import Any

from dynoresilience.tables.spec import TableSpec


def read(client: Any, name: str) -> TableSpec:
    """The spec of a table that exists."""
    raise NotImplementedError
