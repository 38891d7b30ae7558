"""What is left to chance here does not draw from the program's own sequence."""

from __future__ import annotations

import random
from collections.abc import Callable

from dynoresilience import ScalingClient, ScalingConfig
from tests.functional.conftest import create_orders, new_client, order
from tests.support.throttling_server import ThrottlingServer

QUICK = ScalingConfig(initial_retry_delay=0.001, max_retry_delay=0.002)


def test_a_seeded_program_stays_as_it_was(start: Callable[..., ThrottlingServer]) -> None:
    server = start()
    ddb = ScalingClient(new_client(server, "standard"), config=QUICK)
    create_orders(ddb)
    server.throttle_next("PutItem", 3)
    random.seed(7)
    before = random.getstate()

    ddb.put_item(TableName="orders", Item=order(1))

    assert server.calls["PutItem"] == 4
    assert random.getstate() == before
