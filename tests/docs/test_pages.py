"""What holds for every page: each Python block has its comment, and runs or is a file."""

from __future__ import annotations

import re

import pytest

from dynoresilience.testing.service.settings import Settings
from tests.docs.pages import Page
from tests.support.plugin_runs import install_entry_point

pytest_plugins = ["pytester"]

PAGES = [
    Page(f"{name}.md") for name in ("README", "docs/testing", "docs/eventbridge", "docs/tables")
]
RUNS = [
    pytest.param(page, verb, code, id=f"{page.path}-{verb}-{number}")
    for page in PAGES
    for verb in ("runs", "fails")
    for number, code in enumerate(page.code(verb, "pytest"))
]
ALONE = [(page.path, code) for page in PAGES for code in page.code("runs", "alone")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_no_python_block_is_left_out(page: Page) -> None:
    known = [block for block in page.blocks if block.language == "python"]
    assert len(known) == page.text.count("```python") > 0
    for block in known:
        allowed = {("runs", what) for what in ("orders", "tables", "alone", "pytest")}
        assert block.verb == "file" or (block.verb, block.what) in allowed | {("fails", "pytest")}


@pytest.mark.parametrize(("path", "code"), ALONE)
def test_blocks_that_need_nothing(path: str, code: str) -> None:
    exec(compile(code, path, "exec"), {})


@pytest.mark.parametrize(("page", "verb", "code"), RUNS)
def test_pytest_examples(
    page: Page,
    verb: str,
    code: str,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for block in page.blocks:
        if block.verb == "file":
            (pytester.path / block.what).write_text(block.code, encoding="utf-8")
    install_entry_point(pytester, monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    pytester.makepyfile(code)

    result = pytester.runpytest_subprocess("-W", "error", "--strict-markers", timeout=120)

    tests = code.count("\ndef test_")
    assert tests > 0
    result.assert_outcomes(**{"passed" if verb == "runs" else "failed": tests})
    if verb == "fails":
        [shown] = page.code("shows")
        assert _without_numbers(shown) in _without_numbers(result.stdout.str())


def _without_numbers(text: str) -> str:
    return re.sub(r"-{3,}", "---", re.sub(r"\d+", "N", text)).strip()


def test_the_settings_of_the_simulator_are_complete_and_true() -> None:
    [_, section] = PAGES[1].text.split("### Settings\n")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", section, re.MULTILINE))
    settings = Settings()
    assert rows == {name: str(getattr(settings, name)) for name in Settings.__dataclass_fields__}
