"""A plan: what is to be asked for, in which order, and what each of it costs and risks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynoresilience.errors import DynoResilienceError
from dynoresilience.tables.report import Difference, DriftReport

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

ALLOW: Mapping[str, str] = {
    "delete_index": "an index is deleted, for good or to be made anew: who queries it fails",
    "new_stream": "the stream's ARN changes: who reads the old one sees nothing new",
    "disable_stream": "the stream ends: who reads it sees nothing new",
    "disable_recovery": "points in time that the table could be restored to are lost",
}
"""What a step may need to be allowed: what is lost, and not had back by undoing the step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request, and the wait for what it begins.

    Args:
        operation: DynamoDB's name of it, such as "UpdateTable".
        request: its parameters.
        what: in words, such as "delete index by-day".
        changes: by path in the spec, what it changes, and the value that it is to be found with.
        takes: about how long, in words.
        needs: the actions that a policy must grant.
        risk: what may go wrong, or be lost, in words; "" if nothing.
        allow: a word of `ALLOW` that the owner must give first; None: nothing.
    """

    operation: str
    request: Mapping[str, Any]
    what: str
    changes: Mapping[str, Any]
    takes: str
    needs: tuple[str, ...]
    risk: str = ""
    allow: str | None = None

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """``changes``, to be compared with those of another plan."""
        return frozenset((path, _json(value)) for path, value in self.changes.items())

    def __str__(self) -> str:
        notes = [f"takes {self.takes}", f"needs {', '.join(self.needs)}"]
        notes += [f"risk: {self.risk}"] if self.risk else []
        notes += [f"only with allow=({self.allow!r},)"] if self.allow else []
        return f"{self.what} ({'; '.join(notes)})"

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: getattr(self, name) for name in Step.__slots__}


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
        fingerprint: of what was seen; `apply_plan` refuses if the table has changed since.
        steps: in the order in which they go.
        refused: what no step mends.
        spec: what is declared.
    """

    table: str
    fingerprint: str
    steps: tuple[Step, ...] = ()
    refused: tuple[Refusal, ...] = ()
    spec: TableSpec | None = field(default=None, repr=False, compare=False)

    @property
    def needs_allowed(self) -> frozenset[str]:
        """The words of `ALLOW` that the owner must give for the whole of it."""
        return frozenset(step.allow for step in self.steps if step.allow)

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to do."""
        return not self.steps and not self.refused

    def __str__(self) -> str:
        if self.is_empty:
            return f"{self.table}: nothing to do"
        count = len(self.steps)
        lines = [f"{self.table}: {count} step{'s'[: count != 1]}"]
        lines += [f"  {number}. {step}" for number, step in enumerate(self.steps, 1)]
        lines += [f"  refused: {refusal}" for refusal in self.refused]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """As `to_json` has it."""
        return {
            "table": self.table,
            "fingerprint": self.fingerprint,
            "steps": [step.to_dict() for step in self.steps],
            "refused": [
                {**refusal.difference.to_dict(), "way_out": refusal.way_out}
                for refusal in self.refused
            ],
        }

    def to_json(self) -> str:
        """The same for the same plan: sorted, without times."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, default=sorted)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a plan.

    Args:
        table: its name.
        steps: those that were sent, and have come to show.
        seconds: from the first look to the last.
        report: of the last look; it is clean.
    """

    table: str
    steps: tuple[Step, ...]
    seconds: float
    report: DriftReport

    def __str__(self) -> str:
        done = "; ".join(step.what for step in self.steps) or "nothing was left to do"
        return f"{self.table}: {done} ({self.seconds:.1f} s)"


class PlanError(DynoResilienceError):
    """A plan was not applied, or not to its end.

    Attributes:
        table: its name.
        why: in words, with what to do about it.
        done: the steps that were sent, and have come to show.
        left: those that were not.
    """

    def __init__(
        self, table: str, why: str, done: Sequence[Step] = (), left: Sequence[Step] = ()
    ) -> None:
        self.table, self.why = table, why
        self.done, self.left = tuple(done), tuple(left)
        lines = [f"{table}: {why}"]
        lines += [f"  done: {step.what}" for step in self.done]
        lines += [f"  left: {step.what}" for step in self.left]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.table, self.why, self.done, self.left)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=sorted)
