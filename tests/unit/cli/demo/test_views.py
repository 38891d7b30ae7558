"""Both views, shown the same trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from dynoresilience.cli.demo.live import SMALLEST, LiveView, can_show
from dynoresilience.cli.demo.outcome import Outcome
from dynoresilience.cli.demo.plain import PlainView
from dynoresilience.cli.demo.view import Snapshot, View
from dynoresilience.model import Resource

OUTCOMES = [
    Outcome("boto3 alone", 640, 51, 10.0, failures=Counter({"throttled " * 25: 589}), peaks=(5, 5)),
    Outcome("ScalingClient", 640, 640, 8.0, update_calls=3, raises=2, decreases=1, peaks=(200, 5)),
]


def snapshot(seconds: float, lasted: float | None = None, units: int = 5) -> Snapshot:
    history = [(0.0, 5)] if units == 5 else [(0.0, 5), (2.0, units)]
    return Snapshot(
        seconds=seconds,
        total=640,
        written=320,
        failed=64,
        throttles=1234,
        update_calls=2,
        units={Resource("orders"): history, Resource("orders", "by-customer"): [(0.0, 5)]},
        cap=200,
        lasted=lasted,
    )


def perform(view: View, notes: int = 12) -> None:
    """A demo from its beginning to its end."""
    with view:
        view.introduce(["640 writes by 16 threads.", "A table and an index."])
        for title, detail in (("boto3 alone", "its defaults"), ("ScalingClient", "Config(" * 13)):
            view.begin(title, detail)
            for second in range(notes):
                view.note(float(second), f"note {second} " + "which is long " * 6)
                view.show(snapshot(second, units=200))
            view.show(snapshot(30.0, lasted=12.0))
        view.close(OUTCOMES)


def new_console(width: int = 80, height: int = 24) -> Console:
    return Console(
        file=StringIO(), force_terminal=True, width=width, height=height, legacy_windows=False
    )


def test_plain_text_is_ascii_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    perform(PlainView())

    said = capsys.readouterr().out
    said.encode("ascii")
    headings = [line for line in said.splitlines() if "Config(" in line]
    assert all(len(line) <= 80 for line in said.splitlines() if line not in headings)
    assert "written (read back)" in said


def test_plain_text_says_every_two_seconds_how_it_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    view = PlainView()
    view.begin("x", "y")
    for tenth in range(62):
        view.show(snapshot(tenth / 10))
    view.show(snapshot(8.5, lasted=6.2))

    assert capsys.readouterr().out.splitlines() == [
        "",
        "x: y",
        *(
            f"{second:6.1f} s  320 written, 64 failed, 1234 throttles, write units 5 / 5"
            for second in (2, 4, 6)
        ),
    ]


@pytest.mark.parametrize("size", [SMALLEST, (80, 24), (120, 40)], ids=str)
def test_the_picture_fits_in_the_terminal(size: tuple[int, int]) -> None:
    console = new_console(*size)
    heights = []

    class Watched(LiveView):
        def _lines(self) -> list[Text]:
            lines = super()._lines()
            heights.append(sum(len(line.wrap(console, size[0])) for line in lines))
            return lines

    perform(Watched(console))

    assert max(heights) < size[1]


def test_the_picture_shows_units_counts_and_the_latest_notes() -> None:
    console = new_console()
    view = LiveView(console)
    view.begin("ScalingClient", "its config")
    for second in range(40):
        view.note(float(second), f"note {second}.")
    view.show(snapshot(5.0, lasted=4.0, units=200))

    said = "\n".join(line.plain for line in view._lines())

    assert "320 written   64 failed   4.0 s" in said
    assert "1234 attempts throttled, 2 UpdateTable calls" in said
    assert "▁▁▁▁███" in said
    assert "200 write units" in said
    assert "note 39." in said
    assert "note 0." not in said


def test_live_closes_with_the_table_too() -> None:
    console = new_console()

    perform(LiveView(console))

    assert isinstance(console.file, StringIO)
    said = console.file.getvalue()
    assert "written (read back)" in said
    assert "640 of 640" in said
    assert "589 writes failed" in said
    assert "no write failed" in said


@pytest.mark.parametrize(
    ("console", "fits"),
    [
        (new_console, True),
        (lambda: new_console(width=60), False),
        (lambda: new_console(height=15), False),
        (lambda: Console(file=StringIO(), force_terminal=False), False),
    ],
    ids=["terminal", "narrow", "low", "pipe"],
)
def test_where_a_picture_can_be_shown(console: Callable[[], Console], fits: bool) -> None:
    assert can_show(console()) is fits
