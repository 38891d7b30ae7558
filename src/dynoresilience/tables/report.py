"""How a table differs from its spec: plain values, readable and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dynoresilience.errors import DynoResilienceError


class Label(str, Enum):
    """Whose value it is, or why it is no drift."""

    DECLARED = "declared"
    AWS_DEFAULT = "AWS default"
    AWS_COMPUTED = "AWS-computed"
    AUTOSCALING = "owned by autoscaling"
    RAISED = "owned by a raise of ours"
    UNSUPPORTED = "unsupported here"
    NOT_PERMITTED = "not permitted"
    NOT_ASKED = "not asked"
    UNDER_WAY = "under way"

    def __str__(self) -> str:
        return self.value


_BLIND = (Label.NOT_PERMITTED, Label.UNSUPPORTED, Label.NOT_ASKED, Label.UNDER_WAY)


class Severity(str, Enum):
    """What it means: ERROR, calls fail or mean something else; WARNING, a setting; INFO, a note."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as the spec says.

    Args:
        field: of a `TableSpec` or of an index; "table", or "index", for the whole; "status".
        declared: what the spec says, as JSON can have it; None: nothing, or that there is none.
        found: what the table has, the same way; None: nothing.
        label: `Label.DECLARED` for drift, of an extra index as well; any other for a note.
        severity: how bad it is.
        remedy: what to do about it, or why it is no drift.
        index: whose field it is; None: the table's.
        key: which entry of the field, such as a tag.
        local: whether the index is a local one.
    """

    field: str
    declared: Any
    found: Any
    label: Label
    severity: Severity
    remedy: str
    index: str | None = None
    key: str | None = None
    local: bool = False

    @property
    def path(self) -> str:
        """Where it stands in the spec: ``global_secondary_indexes[by-day].projection_type``."""
        place = ""
        if self.index is not None:
            kind = "local" if self.local else "global"
            place = f"{kind}_secondary_indexes[{self.index}]"
        own = "" if self.field in ("index", "table") else self.field
        own = f"{own}[{self.key}]" if self.key is not None else own
        return ".".join(part for part in (place, own) if part) or "table"

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"

    @property
    def what(self) -> str:
        """The difference in words, without the remedy; on one line, whatever the values hold."""
        label = "" if self.label is Label.DECLARED else f" ({self.label})"
        told = [] if self.is_status else [f"declared {_text(self.declared)}"]
        if self.label is Label.AWS_DEFAULT:  # that is what is declared, and not what is found
            told, label = [f"{told[0]}{label}"], ""
        if self.found is not None or self.label not in _BLIND:
            told.append(f"found {_text(self.found)}")
        return f"{_text(self.path)}: {', '.join(told)}{label}"

    @property
    def is_status(self) -> bool:
        """True of a note that tells a state, and hides nothing that is declared."""
        return self.label is Label.UNDER_WAY and self.declared is None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "path": self.path,
            "field": self.field,
            "index": self.index,
            "key": self.key,
            "declared": self.declared,
            "found": self.found,
            "label": self.label.value,
            "severity": self.severity.value,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How a table differs from its spec.

    Args:
        table: its name.
        differences: what is drift; the worst first, then by path.
        notes: what differs and is none, each labelled with the reason.
    """

    table: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[Difference, ...] = ()

    @property
    def clean(self) -> bool:
        """True if there is no drift in what could be seen."""
        return not self.differences

    @property
    def complete(self) -> bool:
        """True if everything that is declared could be seen, here, now and as this user."""
        return not any(note.label in _BLIND and not note.is_status for note in self.notes)

    @property
    def missing(self) -> bool:
        """True if there is no such table."""
        return any(each.field == "table" for each in self.differences)

    def __str__(self) -> str:
        """A line for each difference, and below those that share it, the remedy, once."""
        count = len(self.differences)
        told = "as declared" if self.clean else f"{count} difference{'s'[: count != 1]}"
        lines = [f"{self.table}: {told}"]
        lines += _grouped([(str(each.severity), each) for each in self.differences])
        lines += _grouped([("note", each) for each in self.notes])
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """As `to_json` has it."""
        return {
            "table": self.table,
            "clean": self.clean,
            "complete": self.complete,
            "differences": [each.to_dict() for each in self.differences],
            "notes": [each.to_dict() for each in self.notes],
        }

    def to_json(self) -> str:
        """The same text for the same findings: in order, without times or request ids.

        ``table``, ``clean``, ``complete``, ``differences`` and ``notes``; in each of the last two
        ``path``, ``field``, ``index``, ``key``, ``declared``, ``found``, ``label``, ``severity``
        and ``remedy``.
        """
        return json.dumps(self.to_dict(), indent=2, sort_keys=True)


class DriftError(DynoResilienceError):
    """A table is not as its spec says. ``report`` tells all differences.

    ``advice``: what to do about it, beside the remedies in the report.
    """

    def __init__(self, report: DriftReport, advice: str = "") -> None:
        self.report = report
        self.advice = advice
        super().__init__("\n".join(filter(None, (str(report), advice))))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.report, self.advice)


def _grouped(lines: list[tuple[str, Difference]]) -> list[str]:
    by_remedy: dict[str, list[str]] = {}
    for kind, each in lines:
        by_remedy.setdefault(each.remedy, []).append(f"  {kind:<8} {each.what}")
    return [
        line
        for remedy, told in by_remedy.items()
        for line in (*told, f"           {' '.join(remedy.split())}")
    ]


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(_text(entry) for entry in value) or "nothing"
    if isinstance(value, str) and value and value.isprintable():
        return value
    return json.dumps(value, sort_keys=True)
