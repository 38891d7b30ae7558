"""Which runtime is in place, without loading one for the question."""

from __future__ import annotations

import subprocess
import sys

from dynoresilience import engine, stand_in
from dynoresilience.engine import Runtime
from dynoresilience.testing import VirtualClock


def test_nothing_is_loaded_for_the_question() -> None:
    program = """if True:
        import sys
        from dynoresilience import stand_in
        print(stand_in.running(), stand_in.monotonic() > 0, "dynoresilience.engine" in sys.modules)
        import dynoresilience.engine
        print(stand_in.running())
        print(stand_in.running() is dynoresilience.engine.Runtime.of_process())
        made = dynoresilience.engine.Runtime.of_process()
        print(stand_in.running() is made)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["None", "True", "False", "None", "False", "True"]


def test_another_threads_half_loaded_module_is_none(monkeypatch) -> None:
    monkeypatch.delattr(engine, "made_runtime")

    assert stand_in.running() is None


def test_that_of_a_block() -> None:
    clock = VirtualClock(start=7)
    runtime = Runtime(clock, clock)

    with stand_in.process_runtime(runtime):
        assert stand_in.running() is runtime
        assert stand_in.monotonic() == 7


def test_deadlines_go_by_the_clock_of_the_processs_own_runtime(monkeypatch) -> None:
    runtime = Runtime.of_process()
    monkeypatch.setattr(runtime, "clock", VirtualClock(start=7))

    assert stand_in.monotonic() == 7
