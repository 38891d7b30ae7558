"""What was seen of a table, as one short word: the same as long as the table is the same. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dynoresilience.tables.drift import CAPACITY, OWN_TAGS
from dynoresilience.tables.report import DriftReport
from dynoresilience.tables.seen.found import FoundIndex, FoundTable

_OF_INDEX = ("hash_key", "range_key", "projection_type", "non_key_attributes", "local")
_OF_TABLE = (
    "arn",
    "table_id",
    "attributes",
    "hash_key",
    "range_key",
    "billing_mode",
    "stream_view_type",
    "stream_arn",
    "deletion_protection",
    "table_class",
    "sse",
    "kms_key",
    "time_to_live",
    "point_in_time_recovery",
    "recovery_period_days",
)


def fingerprint(table: str, found: FoundTable | None, report: DriftReport) -> str:
    """Of what was found, without what changes by itself.

    That is: states, warm throughput, an index that is just going, the library's own tags and AWS's,
    and numbers that are as declared or belong to Application Auto Scaling or a raise.
    """
    seen: dict[str, Any] = {"name": table}
    if found is not None:
        seen |= {name: getattr(found, name) for name in _OF_TABLE}
        seen["tags"] = {
            key: value for key, value in found.tags.items() if not key.startswith(OWN_TAGS)
        }
        seen["insights"] = found.contributor_insights or False
        seen["indexes"] = {
            index.name: _of_index(index)
            for index in found.indexes.values()
            if index.status != "DELETING"
        }
        # Of a number that is to be changed it matters what it is.
        seen["numbers"] = {
            each.path: each.found for each in report.differences if each.field in CAPACITY
        }
    text = json.dumps(seen, sort_keys=True, default=sorted)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _of_index(index: FoundIndex) -> dict[str, Any]:
    of = {name: getattr(index, name) for name in _OF_INDEX}
    return {**of, "insights": index.contributor_insights or False}
