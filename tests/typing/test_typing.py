"""What mypy makes of the public face: boto3's types, and ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_the_public_face_has_the_types_it_promises(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path)]

    checked = subprocess.run(
        [*command, str(HERE / "public_face.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parents[1],
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
