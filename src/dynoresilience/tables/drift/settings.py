"""Settings: each may be declared, declared off, or left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynoresilience.tables.drift.place import LEFT_ALONE, TABLE, Place
from dynoresilience.tables.report import Difference, Label
from dynoresilience.tables.seen.found import (
    DEFAULT_INSIGHTS,
    DEFAULT_RECOVERY_DAYS,
    STANDARD,
    FoundIndex,
    FoundTable,
    Unseen,
)
from dynoresilience.tables.spec import GlobalIndex, TableSpec

KnownKeys = Mapping[str, str | Unseen]
"""The ARN of the KMS key that an alias stands for ("" if there is no such alias), or why not."""


def settings(spec: TableSpec, found: FoundTable, known_keys: KnownKeys) -> Iterator[Difference]:
    """Of the table; `throughput` and `tags` are apart."""
    for name, default in (
        ("stream_view_type", False),
        ("time_to_live", False),
        ("point_in_time_recovery", False),
        ("deletion_protection", False),
        ("table_class", STANDARD),
        ("sse", False),
    ):
        declared, seen = getattr(spec, name), getattr(found, name)
        yield from setting(TABLE, name, declared, seen, default, found.unseen.get(name))
    yield from _recovery_period(spec, found)
    yield from _kms_key(spec, found, known_keys)
    yield from insights(TABLE, spec, found, found.unseen.get("contributor_insights"))


def setting(
    place: Place, name: str, declared: Any, seen: Any, default: Any, unseen: Unseen | None
) -> Iterator[Difference]:
    """What an emulator has kept all the same is as good as seen."""
    if unseen is not None and unseen.reason == "unsupported" and declared == seen:
        return
    if declared is None:
        if unseen is None and seen != default:
            yield place.note(name, None, seen, Label.AWS_DEFAULT, LEFT_ALONE)
    elif unseen is not None:
        yield place.blind(name, declared, unseen)
    elif declared != seen:
        yield place.drift(name, declared, seen)


def insights(
    place: Place,
    declared: TableSpec | GlobalIndex,
    seen: FoundTable | FoundIndex,
    unseen: Unseen | None,
) -> Iterator[Difference]:
    """In a spec they may simply be on: then in the mode that AWS takes by itself."""
    wanted = declared.contributor_insights
    mode = DEFAULT_INSIGHTS if wanted is True else wanted
    there = seen.contributor_insights or False
    return setting(place, "contributor_insights", mode, there, False, unseen)


def _recovery_period(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    """Where recovery is off, or should be, there is nothing to say of its period."""
    unseen = found.unseen.get("recovery_period_days")
    if spec.point_in_time_recovery is not False and (found.point_in_time_recovery or unseen):
        declared, seen = spec.recovery_period_days, found.recovery_period_days
        name, default = "recovery_period_days", DEFAULT_RECOVERY_DAYS
        yield from setting(TABLE, name, declared, seen, default, unseen)


def _kms_key(spec: TableSpec, found: FoundTable, known_keys: KnownKeys) -> Iterator[Difference]:
    """An id, an ARN or an alias is declared; what is found is an ARN."""
    declared, seen = spec.kms_key, found.kms_key
    if declared is None or not found.sse or declared == seen:
        return
    if seen is not None and declared == seen.rpartition("/")[2]:
        return
    unseen, known = found.unseen.get("kms_key"), known_keys.get(declared, _NOBODY_TO_ASK)
    if known == seen:
        return
    if unseen is None and "alias/" in declared and isinstance(known, Unseen):
        unseen = known
    if unseen is not None:
        yield TABLE.blind("kms_key", declared, unseen)
    else:
        yield TABLE.drift("kms_key", declared, seen)


_NOBODY_TO_ASK = Unseen(
    "unsupported", "an alias reads back as the ARN of its key, and there is no KMS to ask"
)
