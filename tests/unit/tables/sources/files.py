"""Files to read specs from, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dynoresilience.tables import SpecError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put a text, however it is indented, in a file."""

    def put(text: str, name: str = "tables.toml") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return put


def faults_of(read: Callable[..., Any], *arguments: Any, **options: Any) -> dict[str, str]:
    """The faults that reading ends in: their remedies by path."""
    with pytest.raises(SpecError) as caught:
        read(*arguments, **options)
    str(caught.value)
    return {fault.path: fault.remedy for fault in caught.value.faults}
