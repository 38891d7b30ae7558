"""What the demo does without what it needs, and how it chooses its view."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Any

import pytest

from dynoresilience.cli import demo, main
from dynoresilience.cli.demo import programme
from dynoresilience.cli.demo.outcome import Outcome
from dynoresilience.cli.demo.plain import PlainView


def forget(monkeypatch: pytest.MonkeyPatch, *parts: str) -> None:
    """Have these modules of ours imported anew."""
    for part in parts:
        monkeypatch.delitem(sys.modules, f"dynoresilience.{part}", raising=False)


def outcomes(**scaling: Any) -> list[Outcome]:
    alone = Outcome("boto3 alone", 640, 51, 10.0, failures=Counter({"throttled": 589}))
    return [alone, Outcome(**{"name": "ScalingClient", "total": 640, "written": 640, **scaling})]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Any:
    def play(alone: Outcome, scaling: Outcome) -> list[int]:
        """The demo with these outcomes; the counts that the trials are given."""
        counts: list[int] = []

        def run(_: str, writes: int, *__: object) -> Outcome:
            counts.append(writes)
            return scaling if len(counts) == 2 else alone

        monkeypatch.setattr(programme.trial, "run_alone", run)
        monkeypatch.setattr(programme.trial, "run_scaling", run)
        return counts

    return play


def test_without_moto(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    forget(monkeypatch, "testing", "testing.simulator", "testing.in_process.moto")
    forget(monkeypatch, "cli.demo.programme", "cli.demo.trial", "cli.demo.stage")

    assert main(["demo"]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "The demo needs moto, which is not installed: pip install 'dynoresilience[demo]'"
    ]


def test_an_error_of_our_own_is_not_taken_for_a_missing_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "dynoresilience.cli.demo.programme", None)

    with pytest.raises(ModuleNotFoundError, match="programme"):
        main(["demo"])


def test_a_pipe_gets_plain_text() -> None:
    assert isinstance(demo._view(), PlainView)


def test_a_terminal_without_rich_gets_plain_text_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    forget(monkeypatch, "cli.demo.live", "cli.demo.frame")

    assert isinstance(demo._view(), PlainView)
    assert "pip install 'dynoresilience[demo]'" in capsys.readouterr().err


def test_0_if_nothing_failed_and_all_is_at_base(
    stage: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(*outcomes(seconds=8.0))

    assert main(["demo"]) == 0
    assert "no write failed" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("shortfall", "why"),
    [
        ({"failures": Counter({"throttled": 2}), "written": 638}, "2 of 640 writes failed"),
        ({"back_at_base": False}, "the table is not back at its base capacity"),
        ({"lost": 1, "written": 639}, "1 acknowledged writes are not in the table"),
    ],
    ids=["failed", "not-at-base", "lost"],
)
def test_1_and_a_line_why_otherwise(
    shortfall: dict[str, Any], why: str, stage: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(*outcomes(seconds=8.0, **shortfall))

    assert main(["demo"]) == 1
    assert why in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("mode", "arguments", "count"),
    [
        ("standard", [], 640),
        ("legacy", [], 100),
        ("legacy", ["--writes", "640"], 640),
        ("standard", ["--writes", "60"], 60),
    ],
)
def test_how_many_writes(
    mode: str,
    arguments: list[str],
    count: int,
    stage: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(programme, "_default_retry_mode", lambda: mode)
    counts = stage(*outcomes(seconds=8.0))

    main(["demo", *arguments])

    assert counts == [count, count]
    said = capsys.readouterr().out
    assert f"{count} writes by 16 threads" in said
    assert ("No more than 100" in said) == (count == 100)
    assert "ScalingConfig(max_write_capacity=200, scale_up_factor=40, scale_down_delay=8)" in said


def test_the_settings_of_the_machine_have_no_part_in_it(
    stage: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    stage(*outcomes(seconds=8.0))

    assert main(["demo"]) == 0

    assert "adaptive" not in capsys.readouterr().out
    assert os.environ["AWS_PROFILE"] == "not-there"
    assert os.environ["AWS_RETRY_MODE"] == "adaptive"
