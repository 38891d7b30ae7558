"""``kill -9`` at every step: whoever comes next brings table and index back to base."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from dynoresilience.reaper import handler
from tests.functional.taking_back.processes import CREDENTIALS, Halt, RealTown, Worker, until

KILL = signal.SIGKILL


class Step(NamedTuple):
    """Where the process dies, and what it has done by then: changes accepted, and tags written."""

    halt: Halt
    changes: int
    tags: int


RAISE = {
    "before the tag": Step((KILL, "before", "TagResource", 1), 0, 0),
    "between tag and UpdateTable": Step((KILL, "after", "TagResource", 1), 0, 1),
    "while UpdateTable leaves": Step((KILL, "before", "UpdateTable", 1), 0, 1),
    "while UPDATING": Step((KILL, "after", "UpdateTable", 1), 1, 1),
    "once it is in force": Step((KILL, "after", "raise", 1), 1, 1),
}
SECOND_STEP = {
    "before its tag": Step((KILL, "before", "TagResource", 2), 1, 1),
    "between its tag and UpdateTable": Step((KILL, "after", "TagResource", 2), 1, 1),
    "while UPDATING": Step((KILL, "after", "UpdateTable", 2), 2, 1),
    "once it is in force": Step((KILL, "after", "raise", 2), 2, 1),
}
SCALE_DOWN = {
    "before the decrease": Step((KILL, "before", "UpdateTable", 2), 1, 1),
    "between decrease and UntagResource": Step((KILL, "after", "UpdateTable", 2), 2, 1),
    "while UntagResource leaves": Step((KILL, "before", "UntagResource", 1), 2, 1),
    "after UntagResource": Step((KILL, "after", "UntagResource", 1), 2, 0),
}
BOTH = {
    "between tag and UpdateTable of the second": Step((KILL, "after", "TagResource", 2), 1, 2),
    "once both are in force": Step((KILL, "after", "raise", 2), 2, 2),
    "before the decrease": Step((KILL, "before", "UpdateTable", 3), 2, 2),
    "between decrease and UntagResource": Step((KILL, "after", "UpdateTable", 3), 3, 2),
}


def by_command(town: RealTown) -> None:
    town.wait_until_due()
    ended = town.reap()
    assert (ended.returncode, ended.stderr) == (0, ""), ended


def by_handler(town: RealTown) -> None:
    town.wait_until_due()
    assert handler({}, None)["looked_at"] == 1


def by_next_process(town: RealTown) -> None:
    """The same program, that raises too, and lowers by its own timer."""
    successor = town.worker(config={"max_write_capacity": 80})
    successor.wait_for("quiet")
    until(lambda: successor.has_told("ScaleDownDone"), "it takes back", town.story)


Rescue = Callable[[RealTown], None]
every_rescuer = pytest.mark.parametrize("rescue", [by_command, by_handler, by_next_process])


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def check_step(step: Step, rescue: Rescue, *, of: dict[str, Any], **town_settings: Any) -> None:
        with RealTown(**town_settings) as town:
            victim: Worker = town.worker(step.halt, **of)
            victim.wait_until_killed()
            assert len(town.server.updates) == step.changes, town.story()
            already_down = len(town.decreases())
            until(lambda: len(town.tags()) == step.tags, "the tags of then", town.story)
            monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", town.server.url)
            rescue(town)
            town.assert_taken_back()
            raised_again = rescue is by_next_process
            was_up = step.changes > already_down or raised_again
            assert len(town.decreases()) == (
                already_down + was_up if raised_again else min(step.changes, 1)
            ), town.story()

    return check_step


@every_rescuer
@pytest.mark.parametrize("step", RAISE)
def test_amid_a_raise(check: Callable[..., None], step: str, rescue: Rescue) -> None:
    check(RAISE[step], rescue, of={"raises": 2})


@every_rescuer
@pytest.mark.parametrize("step", SECOND_STEP)
def test_amid_the_second_step(check: Callable[..., None], step: str, rescue: Rescue) -> None:
    check(SECOND_STEP[step], rescue, of={"raises": 3})


@every_rescuer
@pytest.mark.parametrize("step", list(RAISE)[1:])
def test_amid_the_raise_of_an_index(check: Callable[..., None], step: str, rescue: Rescue) -> None:
    check(RAISE[step], rescue, of={"raises": 2}, write=100, index=5)


@every_rescuer
@pytest.mark.parametrize("step", SCALE_DOWN)
def test_amid_the_scale_down(check: Callable[..., None], step: str, rescue: Rescue) -> None:
    check(SCALE_DOWN[step], rescue, of={"raises": 1})


@every_rescuer
@pytest.mark.parametrize("step", BOTH)
def test_amid_those_of_a_table_and_its_index(
    check: Callable[..., None], step: str, rescue: Rescue
) -> None:
    check(BOTH[step], rescue, of={"raises": 2, "config": {"max_write_capacity": 10}}, index=5)
