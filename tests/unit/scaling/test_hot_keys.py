"""Telling of a hot key range never harms the call."""

from __future__ import annotations

from dynoresilience.scaling.hot_keys import HotKeys
from dynoresilience.throttling.signals import Throttle
from tests.unit.scaling.conftest import TABLE, World


def test_a_request_of_an_unknown_shape_is_told_of_without_its_key(world: World) -> None:
    """As a later API, or a handler of the caller's own, may make it."""
    world.control.add("orders")
    hot_keys = HotKeys(world.control, world.clock, b"salt")
    throttle = Throttle((TABLE,), {"TableName": "orders", "RequestItems": 7})

    event = hot_keys.event(throttle, TABLE, world.config, None)

    assert (event.resource, event.key_hash, event.key) == (TABLE.resource, None, None)
