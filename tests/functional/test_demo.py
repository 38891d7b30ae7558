"""The demo as a program: short, but for real."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

SHORT = """if True:
    import signal, sys
    from dynoresilience.cli import main
    from dynoresilience.cli.demo import programme

    signal.signal(signal.SIGINT, signal.default_int_handler)
    programme.CONFIG = programme.CONFIG.replace(scale_down_delay=1)
    sys.exit(main(["demo", "--writes", "12"]))
"""


@pytest.mark.slow
def test_a_short_demo_through_a_pipe() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0
    said = done.stdout
    said.encode("ascii")
    assert said.startswith("12 writes by 16 threads")
    assert "ScalingConfig(max_write_capacity=200, scale_up_factor=40, scale_down_delay=1)" in said
    both = r"orders write 5 -> \d+, orders/by-customer write 5 -> \d+"
    assert re.search(rf"\d s  raising {both}", said)
    assert re.search(r"\d s  lowering orders(/by-customer)? write \d+ -> 5", said)
    assert re.search(r"\d s  back at base\n", said)
    table = said[said.index("written (read back)") :]
    written, failed, seconds, updates, peaks, base, *_ = table.splitlines()
    alone = re.search(r"(\d+) of 12 +12 of 12$", written)
    assert alone is not None
    lost = re.search(r"failed +(\d+) +0$", failed)
    assert lost is not None
    assert int(alone[1]) + int(lost[1]) == 12
    assert re.search(r"seconds +\d+\.\d +\d+\.\d$", seconds)
    assert re.search(r" 0  \d \(\d up, 1 down\)$", updates)
    peak = re.search(r" 5 / 5 +(\d+) / (\d+)$", peaks)
    assert peak is not None
    assert all(5 < int(units) <= 200 for units in peak.groups())
    assert base.endswith(" yes")


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SHORT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if "alone:" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr.read() == "\ninterrupted\n"
