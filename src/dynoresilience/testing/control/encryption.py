"""Encryption at rest: whose key, how it is changed, and how often. Pure.

Instants (``at``) are seconds on one monotonic axis, ``utc`` the same since the epoch. What is shown
when, what is refused and in which words was measured by others on the real service.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone

from dynoresilience.testing.control.instants import reached
from dynoresilience.testing.control.lifecycle import in_use
from dynoresilience.testing.replies import Body, Refused

MANAGED_ALIAS = "alias/aws/dynamodb"
"""The key that AWS keeps in each account for whoever names none."""

FREE_CHANGES, WINDOW, PAUSE = 4, 86_400.0, 21_600.0
"""Four changes in 24 hours, then one in six hours."""

_INVALID = "One or more parameter values were invalid: "


@dataclass(slots=True)
class Encryption:
    """How one table is encrypted.

    The table stays ACTIVE while that is changed: only `describe` tells.

    Args:
        key: ARN of the KMS key; None is DynamoDB's own, which is not shown.
        before: the same before the last change.
        settled_at: when the last change is done.
        changed: when it was changed, ``utc``.
    """

    key: str | None = None
    before: str | None = None
    settled_at: float = 0.0
    changed: list[float] = field(default_factory=list)

    def describe(self, at: float) -> Body | None:
        """The SSEDescription; None if the key is DynamoDB's own. Until it is done: the old key."""
        updating = not reached(self.settled_at, at)
        key = self.before if updating else self.key
        if key is None:
            return {"Status": "UPDATING"} if updating else None
        status = "UPDATING" if updating else "ENABLED"
        return {"Status": status, "SSEType": "KMS", "KMSMasterKeyArn": key}

    def is_changing(self, at: float) -> bool:
        """Whether a change is under way."""
        return not reached(self.settled_at, at)

    def check(self, specification: Body, wanted: str | None, at: float, utc: float) -> None:
        """Refuse a change to the key ``wanted``.

        The same key named by its alias is no refusal: the table is encrypted once more.

        Raises:
            Refused: ValidationException if it changes nothing; ResourceInUseException while another
                change is under way; LimitExceededException if there were too many.
        """
        if self.is_changing(at):
            if wanted != self.key:
                raise in_use("Server-Side Encryption is still being updated")
        elif wanted is None and self.key is None:
            raise _invalid("Table is already encrypted by default")
        elif specification.get("KMSMasterKeyId") == self.key is not None:
            raise _invalid(
                "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId "
                "parameter if you want to change Master Key"
            )
        recent = [each for each in self.changed if each > utc - WINDOW]
        if len(recent) >= FREE_CHANGES and utc < recent[-1] + PAUSE:
            raise Refused("LimitExceededException", _too_many(recent))

    def change(self, wanted: str | None, at: float, utc: float, seconds: float) -> None:
        """Take over a change that was accepted; it is done after ``seconds``."""
        if not self.is_changing(at):
            self.before = self.key
        self.key, self.settled_at = wanted, at + seconds
        self.changed.append(utc)


def check_specification(specification: Body) -> None:
    """Refuse an SSESpecification that contradicts itself.

    Raises:
        Refused: ValidationException.
    """
    if specification.get("Enabled") is False:
        for member in ("SSEType", "KMSMasterKeyId"):
            if specification.get(member):
                raise _invalid(f"{member} can not be specified if Enabled is false")
    if specification.get("SSEType") == "AES256":
        raise _invalid("SSEType AES256 is not supported")
    if specification.get("KMSMasterKeyId") and specification.get("SSEType") != "KMS":
        raise _invalid("SSEType KMS is required if KMSMasterKeyId is specified")


def wanted_key(specification: Body, region: str, account: str) -> str | None:
    """The ARN of the key that a specification asks for; None for DynamoDB's own.

    There is no KMS: a key is what its ARN says, and each alias stands for a key of its own.
    """
    if not specification.get("Enabled", bool(specification.get("SSEType"))):
        return None
    key = str(specification.get("KMSMasterKeyId") or MANAGED_ALIAS)
    if ":key/" in key:
        return key
    name = key.rpartition(":")[2]
    if name.startswith("alias/"):
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{region}/{account}/{name}"))
    return f"arn:aws:kms:{region}:{account}:key/{name}"


def _too_many(recent: list[float]) -> str:
    return (
        "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending "
        f"at {_date(recent[0] + WINDOW)}. After the first {FREE_CHANGES} change, each subsequent "
        f"change in the same window can be performed at most once every {PAUSE:.0f} seconds. "
        f"Number of updates today: {len(recent)}. Last change at {_date(recent[-1])}. "
        f"Next changes can be made at {_date(recent[-1] + PAUSE)}."
    )


def _date(utc: float) -> str:
    instant = datetime.fromtimestamp(utc, timezone.utc)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _invalid(why: str) -> Refused:
    return Refused("ValidationException", _INVALID + why)
