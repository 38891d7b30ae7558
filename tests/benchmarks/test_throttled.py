"""The benchmark of throttled work: runs that repeat, and what is made of them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.throttling.alternatives import ALTERNATIVES
from benchmarks.throttling.bounds import Yardstick, page_units, work_of
from benchmarks.throttling.calls import PAGE, through
from benchmarks.throttling.figures import figures, jain, makespan, percentile
from benchmarks.throttling.hours import billed, clock_hours, held
from benchmarks.throttling.run import Done, Seen, draw, run
from benchmarks.throttling.workloads import (
    HOUR,
    INDEX,
    Call,
    Table,
    Workload,
    by_callers,
    each_by_itself,
    puts,
    workloads,
)
from benchmarks.throttling.world import World
from dynoresilience.model import Dimension

NOON = 12 * HOUR
SMALL = Workload("small", "", (Table("orders"),), by_callers(4, puts(60)), cap=40)


def seen_of(name: str, workload: Workload = SMALL, seed: int = 1) -> Seen:
    return run(workload, ALTERNATIVES[name], seed)


def test_the_same_seed_gives_the_same_history_and_another_one_another() -> None:
    first = seen_of("ours")
    assert first == seen_of("ours")
    assert first != seen_of("ours", seed=2)


def test_ours_does_it_all_and_comes_back() -> None:
    seen = seen_of("ours")
    best = Yardstick.of(work_of(SMALL, draw(SMALL, 1)[1], seen.epoch))
    found = figures(SMALL, seen, best)
    assert (found.calls, found.finished, found.failures) == (60, 60, {})
    assert found.requests == 60 + found.wasted
    assert found.update_tables >= 2
    assert found.decreases == 1
    assert found.back_at_base
    assert best.makespan <= found.makespan
    assert found.unit_hours <= 40 + 5


@pytest.mark.parametrize("seed", range(5))
def test_of_640_puts_none_fails_and_each_resource_is_raised_twice_at_most(seed: int) -> None:
    table = Table("orders", indexes={INDEX: 5})
    seen = seen_of("ours", Workload("main", "", (table,), by_callers(16, puts(640))), seed)

    assert [each for each in seen.done if each.error] == []
    for index in (None, INDEX):
        units = [(update.before[index], update.after.get(index)) for update in seen.updates]
        raises = [after for before, after in units if after and after.write > before.write]
        assert 1 <= len(raises) <= 2


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_botocores_own_waits_take_virtual_time(mode: str) -> None:
    seen = seen_of(f"boto3 {mode}")
    end = max(each.ended for each in seen.done)
    went_through = sum(each.error is None for each in seen.done)
    assert len(seen.done) == 60
    assert went_through <= 5 * (end + 1)  # the table admits no more
    assert end > 1
    assert not seen.updates


def test_application_auto_scaling_is_at_work() -> None:
    rates = [(0.0, 7.0), (125.0, 7.0)]
    steady = replace(SMALL, jobs=each_by_itself(rates), closed=False, sharp=True)
    seen = seen_of("autoscaling", steady)
    assert [update.autoscaled for update in seen.updates][:1] == [True]
    assert seen.updates[0].after[None].write == 8  # of the 5 a second that were let in


def test_doubling_raises_reads_and_writes_and_lowers_them_later() -> None:
    seen = seen_of("doubling, patient", replace(SMALL, jobs=by_callers(16, puts(100))))
    units = [update.after[None] for update in seen.updates]
    assert (units[0].read, units[0].write) == (10, 10)
    assert (units[-1].read, units[-1].write) == (5, 5)


def test_puts_that_come_by_themselves_come_at_their_rate() -> None:
    jobs = each_by_itself([(0, 1), (600, 30), (780, 30)], begin=100.0)(random.Random(1))
    begins = [job.begin for job in jobs]
    assert begins == sorted(begins)
    assert len(begins) == 600 * 15.5 + 180 * 30
    assert sum(begin < 400 for begin in begins) == pytest.approx(300 * (1 + 15.5) / 2, abs=1)
    assert sum(begin >= 700 for begin in begins) == pytest.approx(180 * 30, abs=1)


def test_what_is_asked_of_the_clairvoyant() -> None:
    known = workloads()
    expected = {
        "burst": 2 + 625 / 200,
        "index-bound": 2 + 625 / 200,
        "hot-key": (1_500 - 50) / 50,
        "half-and-half": 2 + (320 - 15) / 200,
    }
    for name, seconds in expected.items():
        epoch, jobs = draw(known[name], 0)
        yardstick = Yardstick.of(work_of(known[name], jobs, epoch))
        assert yardstick.makespan == pytest.approx(seconds)


def test_the_pages_of_a_scan_cost_what_the_simulator_takes_for_them() -> None:
    table = Table("orders", items=2 * PAGE, item_bytes=4_000)
    world = World(1, 0.0, burst_seconds=1.0)
    with world.running():
        world.simulator.create_table("orders", read=1_000)
        world.fill("orders", table.items, table.item_bytes)
        through(world.client())(Call("scan", "orders", "1"))
        left = world.simulator.available("orders", Dimension.READ)
    assert page_units(table) == [24.5, 24.5]
    assert 1_000 - left == sum(page_units(table))


def test_what_the_work_would_cost_by_the_request() -> None:
    known = workloads()
    taken = {}
    for name in ("burst", "index-bound", "hot-key", "pages"):
        epoch, jobs = draw(known[name], 0)
        best = Yardstick.of(work_of(known[name], jobs, epoch))
        taken[name] = best.writes, best.reads
    assert taken == {
        "burst": (640, 0),
        "index-bound": (1_280, 0),
        "hot-key": (1_500, 0),
        "pages": (0, 12 * 8 * 24.5),
    }

    found = figures(SMALL, seen_of("ours"), best)
    assert found.on_demand_dollars == pytest.approx(12 * 8 * 24.5 * 0.125e-6)


def test_who_joins_where() -> None:
    known = workloads()
    for name, workload in known.items():
        assert ALTERNATIVES["ours"].is_in(workload)
        assert ALTERNATIVES["ours, fleet unsaid"].is_in(workload) is (name == "lambdas")
        assert ALTERNATIVES["tenacity"].is_in(workload) is (name != "ramp-saved")
        by_themselves = name in ("ramp", "ramp-saved", "spike")
        assert ALTERNATIVES["tenacity, patient"].is_in(workload) is not by_themselves


def test_later_hours_cost_the_clairvoyant_the_base() -> None:
    epoch, jobs = draw(SMALL, 1)
    best = Yardstick.of(work_of(SMALL, jobs, epoch))
    end = (epoch // HOUR + 1) * HOUR
    assert best.billed(epoch + 1) == best.billed(end) == best.least.billed
    assert best.billed(end + 1) == best.least.billed + 10
    assert best.held(end) == pytest.approx(best.least.held)
    assert best.held(end + HOUR) == pytest.approx(best.least.held + 10)


def test_unit_hours_are_billed_by_the_clock_hour_and_held_by_the_second() -> None:
    history = [(0.0, 5), (NOON + 600, 200), (NOON + 1_200, 5)]
    assert list(clock_hours(NOON + 60, NOON + 1_260)) == [12]
    assert billed(history, NOON + 60, NOON + 1_260) == 200
    assert billed(history, NOON + 60, NOON + HOUR + 1) == 200 + 5
    assert billed([(0.0, 5), (NOON, 200)], NOON - 60, NOON) == 5
    assert held(history, NOON, NOON + 1_200) == pytest.approx((5 * 600 + 200 * 600) / HOUR)


def test_figures_of_calls() -> None:
    assert jain([4, 4, 4, 4]) == 1
    assert jain([8, 0, 0, 0]) == 0.25
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0
    assert percentile([], 50) is None
    rounds = [Done(0, 0, 0, 0.0, 4.0, None), Done(1, 0, 0, 100.0, 102.0, "Error")]
    assert makespan(rounds) == 3.0
