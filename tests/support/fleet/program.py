"""One real process of a fleet: writes a few items to ``orders``, and waits until nothing is raised.

Takes the server's URL and its settings (JSON) as arguments. Says "ready", begins when it is sent a
line, and ends with a line of JSON that tells how it fared. The library's log goes to stderr.
"""

from __future__ import annotations

import json
import logging
import sys
import time

import boto3

from dynoresilience import ScalingClient, ScalingConfig

PATIENCE = 60.0
"""Seconds to wait at most for what is raised to be lowered."""


def main() -> None:
    url, settings, name = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    client = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    ddb = ScalingClient(client, config=ScalingConfig(**settings))
    print("ready", flush=True)
    sys.stdin.readline()
    errors = []
    for number in range(5):
        try:
            ddb.put_item(TableName="orders", Item={"id": {"S": f"{name}-{number}"}})
        except Exception as error:
            errors.append(repr(error))
    give_up = time.monotonic() + PATIENCE
    while ddb.pending_scale_downs() and time.monotonic() < give_up:
        time.sleep(0.05)
    left = [str(pending) for pending in ddb.pending_scale_downs()]
    print(json.dumps({"errors": errors, "left": left}), flush=True)


if __name__ == "__main__":
    main()
