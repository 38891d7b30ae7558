"""pytest runs of a project in which dynoresilience is installed: its entry point is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def install_entry_point(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an installer leaves behind, from pyproject.toml; for runs in process and in another."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r"^\[project\.entry-points\.pytest11\]\n(.+)\n", project, re.MULTILINE)
    assert found is not None
    metadata = pytester.mkdir("site") / "dynoresilience-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dynoresilience\nVersion: 0\n")
    entry = found[1].replace('"', "")
    (metadata / "entry_points.txt").write_text(f"[pytest11]\n{entry}\n")
    path = [str(metadata.parent), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
    monkeypatch.syspath_prepend(metadata.parent)
