"""What each of many processes does that create the same items at once. Runs in a child."""

from __future__ import annotations

from typing import Any

import boto3

from dynoresilience.tables import create_item_if_not_exists, get_or_create

HOW = {"create_item_if_not_exists": create_item_if_not_exists, "get_or_create": get_or_create}


def make_items(
    url: str, access_key_id: str, how: str, mine: int, numbers: int, start: Any, told: Any
) -> None:
    """Try all items in their order; tell of each who has created it, and who is in it.

    Args:
        mine: the number of this process, in the items that it creates.
        numbers: how many items.
        start: a barrier that all wait at, when their clients are ready.
        told: a queue.
    """
    session = boto3.Session(access_key_id, "secret", region_name="us-east-1")
    orders = session.resource("dynamodb", endpoint_url=url).Table("orders")
    orders.load()
    start.wait(60)
    results = [
        HOW[how](orders, {"size.of": "shoe", "date": number, "by": mine})
        for number in range(numbers)
    ]
    told.put((mine, [(result.created, int(result.item["by"])) for result in results]))
