"""Where something differs, and the words that several differences share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynoresilience.tables.report import Difference, Label, Severity
from dynoresilience.tables.seen.found import Unseen

REPAIR = "plan_table shows the way; ensure_table(on_drift='repair') takes it"
RECREATE = "it can't be changed in place: create a table under another name and copy the items"
LEFT_ALONE = "it is not declared, so it is left alone; declare it to have it verified"


@dataclass(frozen=True, slots=True)
class Place:
    """The table itself (``index`` is None), or one of its indexes."""

    index: str | None = None
    local: bool = False

    def drift(
        self,
        field: str,
        declared: Any,
        found: Any,
        remedy: str = REPAIR,
        severity: Severity = Severity.WARNING,
        key: str | None = None,
    ) -> Difference:
        """What is not as it is declared."""
        return Difference(
            field, declared, found, Label.DECLARED, severity, remedy, self.index, key, self.local
        )

    def note(
        self,
        field: str,
        declared: Any,
        found: Any,
        label: Label,
        remedy: str,
        key: str | None = None,
    ) -> Difference:
        """What differs and is no drift."""
        return Difference(
            field, declared, found, label, Severity.INFO, remedy, self.index, key, self.local
        )

    def blind(self, field: str, declared: Any, why: Unseen) -> Difference:
        """What is declared and could not be seen."""
        label, remedy = {
            "denied": (Label.NOT_PERMITTED, f"it could not be verified: allow {why.action}"),
            "under way": (Label.UNDER_WAY, f"it can't be asked for yet: {why.message}"),
            "not asked": (Label.NOT_ASKED, "it was not asked for"),
            "unsupported": (Label.UNSUPPORTED, f"it can't be verified here: {why.message}"),
        }[why.reason]
        return self.note(field, declared, None, label, remedy)


TABLE = Place()
