"""What goes together in a table, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import Fault

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

Rule = Callable[["TableSpec"], Iterator[Fault]]

RULES: tuple[Rule, ...] = ()
