"""The blocks of the page on tables run, in its order, against a simulated DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from dynoresilience.tables.report import Label
from dynoresilience.tables.steps import ALLOW
from dynoresilience.testing import SimulatedDynamoDB, virtual_time
from dynoresilience.testing.service.settings import SettingsOptions
from tests.docs.pages import Page

PAGE = Page("docs/tables.md")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The files of the page, credentials and a region; in virtual time."""
    for block in PAGE.blocks:
        if block.verb == "file":
            (tmp_path / block.what).write_text(block.code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    slow: SettingsOptions = {"create_seconds": 10, "index_create_seconds": 300, "delete_seconds": 3}
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, **slow):
        yield


@pytest.mark.parametrize("code", PAGE.code("runs", "tables"))
def test_blocks(code: str, here: None) -> None:
    exec(compile(code, PAGE.path, "exec"), {})


def test_every_word_of_allow_is_told() -> None:
    for word in ALLOW:
        assert f"| `{word}` |" in PAGE.text


def test_every_label_of_a_note_is_told() -> None:
    for label in Label:
        assert label is Label.DECLARED or f"| `{label}` |" in PAGE.text
