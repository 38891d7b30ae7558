"""Who takes a raise back where the client that made it can't, or only rehearses."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from dynoresilience import ScalingClient
from dynoresilience.attachment import attach_to, detach_from
from dynoresilience.events import ScaleDownPostponed
from dynoresilience.model import Units
from dynoresilience.scaling.lowering import DENIED_FOR
from tests.functional.conftest import CREDENTIALS
from tests.functional.taking_back.conftest import CONFIG, DELAY, Town, write
from tests.support.simulated_process import SimulatedProcess

BASE = Units(5, 5)
HOUR = 3_600.0
REFUSALS = {
    "expired": b'{"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "no"}',
    "not allowed": b'{"__type": "com.amazon.coral.service#AccessDeniedException", "message": "no"}',
}


class Raw(BytesIO):
    def stream(self) -> list[bytes]:
        return [self.read()]


class Refusable:
    """A client of which AWS may refuse the credentials, from some instant on."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("dynamodb", **CREDENTIALS)
        self.why: str | None = None
        self.client.meta.events.register_first("before-send.dynamodb", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.why is None:
            return None
        return AWSResponse(request.url, 400, {}, Raw(REFUSALS[self.why]))  # type: ignore[arg-type]


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("why", REFUSALS)
def test_another_client_of_the_program_takes_back_what_the_first_one_can_not(
    town: Town, why: str, is_closed: bool
) -> None:
    process, first = SimulatedProcess(town.clock, CONFIG), Refusable()
    process.attach(first.client)
    write(first.client)
    assert town.units() != (BASE, BASE)
    first.why = why
    if is_closed:
        detach_from(first.client)
    second = town.simulator.client()
    process.attach(second)

    begun = town.clock.monotonic()
    while town.units() != (BASE, BASE) and town.clock.monotonic() < begun + 2 * HOUR:
        write(second, 1)
        town.clock.advance(10.0)

    assert town.units() == (BASE, BASE)
    assert town.clock.monotonic() - begun < DELAY + DENIED_FOR + 60
    assert town.tags() == {}
    assert len(process.of(ScaleDownPostponed)) == 1


def test_one_that_has_looked_before_takes_it_back_though_it_is_never_throttled(town: Town) -> None:
    process, first = SimulatedProcess(town.clock, CONFIG), Refusable()
    process.attach(first.client)
    second = town.simulator.client()
    process.attach(second)
    for _ in range(80):
        write(second, 1)
        town.clock.advance(10.0)
    write(first.client)
    first.why = "expired"
    assert town.units() != (BASE, BASE)

    town.clock.advance(HOUR)

    assert town.units() == (BASE, BASE)
    assert len(process.of(ScaleDownPostponed)) == 1


def test_who_can_not_take_the_tags_off_is_not_asked(town: Town) -> None:
    process, first = SimulatedProcess(town.clock, CONFIG), Refusable()
    process.attach(first.client)
    without = town.simulator.client()
    attach_to(without, CONFIG.replace(ledger="memory"), [], runtime=process.runtime)
    write(first.client)
    town.simulator.throttle_next("PutItem", 1)
    write(without, 1)
    town.clock.advance(30.0)
    up, tags = town.units(), town.tags()
    first.why = "expired"

    town.clock.advance(HOUR)
    assert (town.units(), town.tags()) == (up, tags)
    first.why = None
    town.clock.advance(HOUR)

    assert town.units() == (BASE, BASE)
    assert town.tags() == {}


def test_what_was_met_in_a_dry_run_is_taken_back_after_it(town: Town) -> None:
    last, client = town.process()
    write(client)
    last.timer.is_dead = True
    _, client = town.process(CONFIG.replace(dry_run=True))
    for _ in range(100):
        write(client, 1)
        town.clock.advance(10.0)
    assert town.units() != (BASE, BASE)

    attach_to(client, CONFIG, None)
    for _ in range(150):
        write(client, 1)
        town.clock.advance(10.0)

    assert town.units() == (BASE, BASE)
    assert town.tags() == {}


@pytest.mark.parametrize("shorts", [0, 1])
def test_one_call_in_a_dry_run_keeps_nothing_up(town: Town, shorts: int) -> None:
    """``shorts``: throttles at the cap that are none of a dry run, afterwards."""
    last, client = town.process()
    write(client, 400)
    last.timer.is_dead = True
    process, client = town.process()
    ddb = ScalingClient(client, config=CONFIG, runtime=process.runtime)
    town.simulator.throttle_next("PutItem", 1)
    with ddb.operation("rehearsal", dry_run=True):
        write(client, 1)
    town.clock.advance(DELAY + 100)
    for _ in range(shorts):
        town.simulator.throttle_next("PutItem", 1)
        write(client, 1)

    for _ in range(200):
        write(client, 1)
        town.clock.advance(10.0)

    assert town.units() == (BASE, BASE)
