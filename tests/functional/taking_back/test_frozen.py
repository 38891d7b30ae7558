"""A process that is stopped (SIGSTOP) at any step and goes on later undoes nothing of others'."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from dynoresilience.model import Units
from tests.functional.taking_back.processes import RealTown, Worker, until

STOP = signal.SIGSTOP
FAST = {"scale_up_factor": 4, "max_write_capacity": 20}
HIGHER = {"max_write_capacity": 40}


@pytest.fixture
def real_town() -> Iterator[RealTown]:
    with RealTown() as town:
        yield town


def take_back_by_reaper(town: RealTown, *workers: Worker) -> None:
    for worker in workers:
        worker.kill()
    town.wait_until_due()
    ended = town.reap()
    assert (ended.returncode, ended.stderr) == (0, ""), ended


def take_back_by_timer(town: RealTown, *workers: Worker) -> None:
    """The process that was frozen does it when it is due."""


def raise_by_hand(town: RealTown, write: int) -> None:
    town.settle()
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": write}
    town.owner.update_table(TableName="orders", ProvisionedThroughput=units)
    town.settle()


def look_and_go_on(town: RealTown, worker: Worker) -> None:
    """Thaw it; until it has looked at the table and the ledger, and nothing more has followed."""
    calls = town.server.calls
    worker.thaw()
    for operation in ("DescribeTable", "ListTagsOfResource"):
        until(lambda name=operation: town.server.calls[name] > calls[name], operation)
    seen = None
    while seen != town.server.calls:
        seen = town.server.calls
        time.sleep(0.5)


# Past the due time


def test_thawed_past_the_due_time_it_lowers_once(real_town: RealTown) -> None:
    worker = real_town.worker((STOP, "after", "raise", 1))
    worker.wait_until_stopped()
    real_town.wait_until_due()
    worker.thaw()
    real_town.assert_taken_back()
    assert len(real_town.decreases()) == 1
    assert worker.process.poll() is None


def test_frozen_for_ever_the_reaper_does_it_and_thawed_after_that_nothing_more(
    real_town: RealTown,
) -> None:
    worker = real_town.worker((STOP, "after", "raise", 1))
    worker.wait_until_stopped()
    real_town.wait_until_due()
    assert real_town.reap().returncode == 0
    real_town.assert_taken_back()
    updates, tagged = len(real_town.server.updates), real_town.server.calls["TagResource"]
    look_and_go_on(real_town, worker)
    assert len(real_town.server.updates) == updates
    assert real_town.server.calls["TagResource"] == tagged
    real_town.assert_taken_back()


def test_what_someone_raised_by_hand_meanwhile_is_left_alone(real_town: RealTown) -> None:
    worker = real_town.worker((STOP, "after", "raise", 1))
    worker.wait_until_stopped()
    raise_by_hand(real_town, 50)
    real_town.wait_until_due()
    worker.thaw()
    until(lambda: not any(key == "dynoresilience:write" for key in real_town.tags()), "released")
    assert real_town.units()[0] == Units(5, 50)
    assert all(None not in update.after for update in real_town.decreases())


# Amid a raise, while another process raises further and dies


AMID_A_RAISE = {
    "in DescribeTable": ("after", "DescribeTable", 1),
    "in ListTagsOfResource": ("after", "ListTagsOfResource", 1),
    "before the tag leaves": ("before", "TagResource", 1),
    "between tag and UpdateTable": ("after", "TagResource", 1),
    "before UpdateTable leaves": ("before", "UpdateTable", 1),
}


@pytest.mark.parametrize("take_back", [take_back_by_reaper, take_back_by_timer])
@pytest.mark.parametrize("step", AMID_A_RAISE)
def test_it_never_sends_stale_units(
    real_town: RealTown, step: str, take_back: Callable[..., None]
) -> None:
    frozen = real_town.worker((STOP, *AMID_A_RAISE[step]), config=HIGHER)
    frozen.wait_until_stopped()
    other = real_town.worker(config=FAST)
    other.wait_for("quiet")
    other.kill()
    assert real_town.units()[0].write == 20

    frozen.thaw()
    frozen.wait_for("quiet")
    stale = [each for each in real_town.decreases() if each.after[None] != Units(5, 5)]
    assert stale == []  # on a slow machine it may be due, and lowered, by now
    take_back(real_town, frozen)
    real_town.assert_taken_back()
    assert len(real_town.decreases()) == 1


@pytest.mark.parametrize("step", AMID_A_RAISE)
def test_killed_as_it_thaws_it_has_hidden_nobodys_raise(real_town: RealTown, step: str) -> None:
    """What a frozen process wrote late must not stand in for what is really up."""
    frozen = real_town.worker(
        (STOP, *AMID_A_RAISE[step]),
        (signal.SIGKILL, "before", "UpdateTable", 1 + (step == "before UpdateTable leaves")),
        config=HIGHER,
    )
    frozen.wait_until_stopped()
    other = real_town.worker(config=FAST)
    other.wait_for("quiet")
    other.kill()

    frozen.thaw()
    frozen.wait_until_killed()
    assert real_town.decreases() == []
    take_back_by_reaper(real_town)
    real_town.assert_taken_back()
    assert len(real_town.decreases()) == 1


@pytest.mark.parametrize("step", list(AMID_A_RAISE)[:3])
def test_killed_after_its_first_note_it_has_hidden_nobodys_raise(
    real_town: RealTown, step: str
) -> None:
    frozen = real_town.worker(
        (STOP, *AMID_A_RAISE[step]), (signal.SIGKILL, "after", "TagResource", 1), config=HIGHER
    )
    frozen.wait_until_stopped()
    other = real_town.worker(config=FAST)
    other.wait_for("quiet")
    other.kill()

    frozen.thaw()
    frozen.wait_until_killed()
    take_back_by_reaper(real_town)
    real_town.assert_taken_back()
    assert len(real_town.decreases()) == 1


# Amid a decrease


AMID_A_DECREASE = {
    "in DescribeTable": ("after", "ListTagsOfResource", 2),
    "before UpdateTable leaves": ("before", "UpdateTable", 2),
}


@pytest.mark.parametrize("step", AMID_A_DECREASE)
def test_it_does_not_lower_what_was_raised_meanwhile(real_town: RealTown, step: str) -> None:
    frozen = real_town.worker((STOP, *AMID_A_DECREASE[step]))
    frozen.wait_until_stopped()
    other = real_town.worker(config={"max_write_capacity": 40, "scale_down_delay": 8.0})
    other.wait_for("quiet")
    other.kill()
    real_town.settle()
    up = real_town.units()
    assert up[0].write in (20, 40)

    frozen.thaw()
    described = real_town.server.calls["DescribeTable"]
    until(lambda: real_town.server.calls["DescribeTable"] > described, "it looks again")
    real_town.settle()
    assert real_town.decreases() == []
    assert real_town.units() == up
    take_back_by_reaper(real_town, frozen)
    real_town.assert_taken_back()
    assert len(real_town.decreases()) == 1


UNTAGGING = {
    "between decrease and UntagResource": ("after", "UpdateTable", 2),
    "before UntagResource leaves": ("before", "UntagResource", 1),
}


@pytest.mark.parametrize("step", UNTAGGING)
def test_it_does_not_erase_what_another_has_written_meanwhile(
    real_town: RealTown, step: str
) -> None:
    frozen = real_town.worker((STOP, *UNTAGGING[step]))
    frozen.wait_until_stopped()
    until(lambda: real_town.units() == real_town.base, "lowered")
    other = real_town.worker()
    other.wait_for("quiet")
    other.kill()
    up, tags = real_town.units(), real_town.tags()
    assert "dynoresilience:write" in tags

    frozen.thaw()
    until(lambda: frozen.has_told("ScaleDownDone"), "it is done with the decrease")
    frozen.kill()
    assert real_town.units() == up
    take_back_by_reaper(real_town)
    real_town.assert_taken_back()
    assert len(real_town.decreases()) == 2
