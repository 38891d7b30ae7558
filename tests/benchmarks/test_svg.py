"""Bars are as long as they say, and can be read in a dark page too."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.writing.svg import Bar, Column, Group, chart

SPACE = "{http://www.w3.org/2000/svg}"


def drawn(column: Column, *bars: Bar) -> ElementTree.Element:
    rows = [(f"bar {number}", [bar]) for number, bar in enumerate(bars)]
    return ElementTree.fromstring(chart("A <title> & more", [column], [Group("group", rows)]))


def boxes(picture: ElementTree.Element) -> list[tuple[float, float]]:
    return [
        (float(box.attrib["x"]), float(box.attrib["width"])) for box in picture.iter(f"{SPACE}rect")
    ]


def base_of(picture: ElementTree.Element) -> float:
    [line] = [path for path in picture.iter(f"{SPACE}path") if path.attrib["class"] == "line"]
    return float(line.attrib["d"][1:].split()[0])


def test_twice_as_much_is_as_far_from_the_base_as_half() -> None:
    picture = drawn(Column("ratio"), Bar(2.0, "2"), Bar(0.5, "0.5"), Bar(4.0, "4"))
    base, [(more, long), (less, short), (most, longest)] = base_of(picture), boxes(picture)
    assert more == most == base
    assert less + short == pytest.approx(base, abs=0.2)
    assert (long, longest) == (pytest.approx(short, abs=0.2), pytest.approx(2 * short, abs=0.2))


def test_a_linear_column_with_an_aim() -> None:
    picture = drawn(Column("%", base=0.0, log=False, aim=2.0), Bar(1.0, "+1"), Bar(-3.0, "-3"))
    [(_, one), (_, three)] = boxes(picture)
    assert three == pytest.approx(3 * one, abs=0.2)
    looks = [path.attrib["class"] for path in picture.iter(f"{SPACE}path")]
    assert looks == ["line", "aim"]


def test_every_figure_is_written_out_and_ours_stands_out() -> None:
    picture = drawn(
        Column("ratio"),
        Bar(None, "no bar"),
        Bar(3.0, "3, 5 failed", "undone"),
        Bar(1.1, "1.1", "ours"),
    )
    texts = {text.text: text.attrib["class"] for text in picture.iter(f"{SPACE}text")}
    assert texts == {
        "ratio": "title",
        "group": "title",
        "bar 0": "",
        "no bar": "quiet",
        "bar 1": "",
        "3, 5 failed": "quiet",
        "bar 2": "title",
        "1.1": "quiet",
    }
    assert [box.attrib["class"] for box in picture.iter(f"{SPACE}rect")] == ["undone", "ours"]


def test_nothing_lies_outside() -> None:
    picture = drawn(Column("ratio"), Bar(100.0, "100"), Bar(0.01, "0.01"))
    width, height = float(picture.attrib["width"]), float(picture.attrib["height"])
    assert all(x >= 0 and x + wide <= width for x, wide in boxes(picture))
    assert all(0 < float(text.attrib["y"]) <= height for text in picture.iter(f"{SPACE}text"))


def test_colours_follow_the_page() -> None:
    picture = drawn(Column("ratio"), Bar(2.0, "2"))
    style = picture.find(f"{SPACE}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")
    title = picture.find(f"{SPACE}title")
    assert title is not None
    assert title.text == "A <title> & more"
