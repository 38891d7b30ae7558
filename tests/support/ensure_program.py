"""One real process that ensures the tables of `specs` when it is told to.

Takes the endpoint's URL and an access key id. Says "ready", begins when it is sent a line, and ends
with a line of JSON: the outcomes by table, and errors.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

from dynoresilience import ScalingClient
from dynoresilience.tables import GlobalIndex, TableSpec, ensure_tables

NAMES = ("assessments", "answers", "candidates", "questions", "results", "sessions")


def specs() -> list[TableSpec]:
    """Six tables with eight indexes, some on demand, some provisioned, all with something apart."""
    made = []
    for number, name in enumerate(NAMES):
        units: dict[str, Any] = {"read_capacity_units": 5, "write_capacity_units": 5}
        billing = {"billing_mode": "PAY_PER_REQUEST"} if number % 2 else units
        indexes = ["by-day", "by-owner"][: (2, 1, 1)[number % 3]]
        given = {} if number % 2 else units
        made.append(
            TableSpec(
                name=name,
                attributes={"id": "S", **{index: "S" for index in indexes}},
                hash_key="id",
                global_secondary_indexes=[
                    GlobalIndex(name=index, hash_key=index, **given) for index in indexes
                ],
                time_to_live="expires",
                tags={"team": "exams"},
                point_in_time_recovery=True if number % 2 else None,
                **billing,
            )
        )
    return made


def client(url: str, access_key_id: str = "testing") -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=access_key_id,
        aws_secret_access_key="testing",
    )


def main() -> None:
    ddb = client(*sys.argv[1:3])
    tables = specs()
    print("ready", flush=True)
    sys.stdin.readline()
    results = ensure_tables(ScalingClient(ddb), tables, timeout=120, stop_at_first_failure=False)
    outcomes = {result.table: result.outcome for result in results}
    errors = [repr(result.error) for result in results if result.error is not None]
    print(json.dumps({"outcomes": outcomes, "errors": errors}), flush=True)


if __name__ == "__main__":
    main()
