"""One real process that makes `WANTED` out of the table `orders`.

Takes the endpoint's URL. Plans, says "ready", carries the plan out when it is sent a line, and ends
with a line of JSON: what was accepted of it, and the error, if there was one.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

from dynoresilience.tables import PlanError, TableSpec, apply_plan, plan_table
from tests.support.drifts import by_customer, table
from tests.support.ensuring import CHANGES

_MOST = {"max_read_request_units": 10, "max_write_request_units": 20}
BEFORE = table(
    stream_view_type="KEYS_ONLY",
    time_to_live="expires",
    tags={"team": "shop"},
    point_in_time_recovery=True,
)
WANTED = table(
    on_demand=True,
    **_MOST,
    global_secondary_indexes=[
        by_customer(
            **_MOST, projection_type="ALL", non_key_attributes=[], contributor_insights=True
        )
    ],
    stream_view_type="NEW_IMAGE",
    time_to_live="until",
    tags={"team": "billing"},
    point_in_time_recovery=True,
    recovery_period_days=7,
    deletion_protection=True,
    table_class="STANDARD_INFREQUENT_ACCESS",
    sse=True,
)
"""Nearly everything is changed on the way from `BEFORE`, and all that there is to be allowed."""


def client(url: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def accepted_by(ddb: Any) -> list[list[Any]]:
    """What DynamoDB accepts of this client from now on: operation and request."""
    found: list[list[Any]] = []
    asked: list[Any] = [None]

    def ask(params: dict[str, Any], **_: Any) -> None:
        asked[0] = {name: value for name, value in params.items() if name != "TableName"}

    def answer(model: Any, http_response: Any, **_: Any) -> None:
        if model.name in CHANGES and http_response.status_code == 200:
            found.append([model.name, asked[0]])

    ddb.meta.events.register("provide-client-params.dynamodb", ask)
    ddb.meta.events.register("after-call.dynamodb", answer)
    return found


def carry_out(ddb: Any, spec: TableSpec = WANTED) -> None:
    plan = plan_table(ddb, spec, timeout=60)
    apply_plan(ddb, plan, allow=plan.needs_allowed, timeout=60)


def main() -> None:
    ddb = client(sys.argv[1])
    plan = plan_table(ddb, WANTED, timeout=60)
    accepted = accepted_by(ddb)
    print("ready", flush=True)
    sys.stdin.readline()
    error = None
    try:
        apply_plan(ddb, plan, allow=plan.needs_allowed, timeout=60)
    except PlanError as stopped:
        error = stopped.why
    print(json.dumps({"accepted": accepted, "error": error}), flush=True)


if __name__ == "__main__":
    main()
