"""CloudWatch Contributor Insights of a table or an index: on or off, and in which mode. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dynoresilience.testing.control.instants import reached
from dynoresilience.testing.replies import Body, Refused

ALL_KEYS, THROTTLED_KEYS = "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"
_NOT_READY = "Table or Index is not in a valid state to update Key Access Insights: "


@dataclass(slots=True)
class Insights:
    """Those of one table or index.

    Args:
        is_on: whether the last change was to enable them.
        mode: which keys they count; None: they never were on.
        settled_at: when the last change is done, on a monotonic axis.
        changed: when that was asked for, seconds since the epoch; None: never.
    """

    is_on: bool = False
    mode: str | None = None
    settled_at: float = 0.0
    changed: float | None = None

    def status(self, at: float) -> str:
        """The ContributorInsightsStatus."""
        word = "ENABL" if self.is_on else "DISABL"
        return word + ("ED" if reached(self.settled_at, at) else "ING")

    def change(self, action: str, mode: str | None, at: float, utc: float, seconds: float) -> None:
        """Enable or disable them; nothing happens if that is what they are.

        Without a mode they count all keys, whatever they counted before.
        """
        enable = action == "ENABLE"
        wanted = (mode or ALL_KEYS) if enable else self.mode
        if (enable, wanted) == (self.is_on, self.mode):
            return
        self.is_on, self.mode = enable, wanted
        self.changed, self.settled_at = utc, at + seconds

    def summary(self, at: float) -> Body:
        """Status and mode."""
        mode = {} if self.mode is None else {"ContributorInsightsMode": self.mode}
        return {"ContributorInsightsStatus": self.status(at), **mode}

    def describe(self, at: float, resource: str, has_range_key: bool) -> Body:
        """What DescribeContributorInsights tells, but for the names of table and index.

        Args:
            at: the instant.
            resource: in the names of CloudWatch's rules: the table, or table and index.
            has_range_key: then there are rules for it, too.
        """
        found = self.summary(at)
        if self.changed is None:
            return found
        found["LastUpdateDateTime"] = round(self.changed, 3)
        if self.is_on:
            counted = "T" if self.mode == THROTTLED_KEYS else "CT"
            found["ContributorInsightsRuleList"] = [
                f"DynamoDBContributorInsights-{key}K{what}-{resource}-{round(self.changed * 1000)}"
                for what in counted
                for key in ("PS" if has_range_key else "P")
            ]
        return found


def check_request(body: Body) -> None:
    """Refuse an action or a mode that there isn't.

    Raises:
        Refused: ValidationException.
    """
    for member, known in (
        ("ContributorInsightsAction", ("ENABLE", "DISABLE")),
        ("ContributorInsightsMode", (ALL_KEYS, THROTTLED_KEYS)),
    ):
        value = body.get(member)
        if value not in known and (value is not None or member.endswith("Action")):
            name = member[0].lower() + member[1:]
            raise Refused(
                "ValidationException",
                f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy "
                f"constraint: Member must satisfy enum value set: [{', '.join(known)}]",
            )


def check_state(what: str, status: str) -> None:
    """Refuse while the table or index (``what``) is being created.

    Raises:
        Refused: ValidationException.
    """
    if status == "CREATING":
        why = f"{what}Status must be ACTIVE to enable ContributorInsights."
        raise Refused("ValidationException", _NOT_READY + why)
