"""A plan: what is to be asked for, in which order, and what each of it costs and risks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dynoresilience.errors import DynoResilienceError
from dynoresilience.tables.report import Difference


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and the wait for what it begins.

    Args:
        operation: DynamoDB's name of it, such as "UpdateTable".
        request: its parameters.
        what: in words, such as "delete index by-day".
        risk: what may go wrong, or be lost, in words; "" if nothing.
        takes: about how long, in words.
        allow: what the owner must allow first ("delete_index", "new_stream"); None: nothing.
        needs: the action that a policy must grant.
        closes: the differences that it mends.
    """

    operation: str
    request: Mapping[str, Any]
    what: str
    risk: str
    takes: str
    needs: str
    allow: str | None = None
    closes: tuple[str, ...] = ()

    def __str__(self) -> str:
        notes = [f"takes {self.takes}", f"needs {self.needs}"]
        notes += [f"risk: {self.risk}"] if self.risk else []
        notes += [f'only with allow=("{self.allow}",)'] if self.allow else []
        return f"{self.what} ({'; '.join(notes)})"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A difference that can't be mended in place, and the way out."""

    difference: Difference
    way_out: str

    def __str__(self) -> str:
        return f"{self.difference.path}: {self.way_out}"


@dataclass(frozen=True, slots=True)
class TablePlan:
    """The way from what was seen to what is declared.

    Args:
        table: its name.
        steps: in the order in which they go.
        refused: what no step mends.
        fingerprint: of what was seen; `apply_plan` refuses if the table has changed since.
    """

    table: str
    fingerprint: str
    steps: tuple[Step, ...] = ()
    refused: tuple[Refusal, ...] = ()
    spec: Any = field(default=None, repr=False, compare=False)

    @property
    def needs_allowed(self) -> frozenset[str]:
        """What the owner must allow for the whole of it."""
        return frozenset(step.allow for step in self.steps if step.allow)

    def __str__(self) -> str:
        if not self.steps and not self.refused:
            return f"{self.table}: nothing to do"
        lines = [f"{self.table}: {len(self.steps)} step{'s'[: len(self.steps) != 1]}"]
        lines += [f"  {number}. {step}" for number, step in enumerate(self.steps, 1)]
        lines += [f"  refused: {refusal}" for refusal in self.refused]
        return "\n".join(lines)


class PlanError(DynoResilienceError):
    """A plan was not applied, or not to its end; the message says how far, why, and what to do."""
