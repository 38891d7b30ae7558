"""The names that `dynoresilience.tables` has for the world."""

from __future__ import annotations

import subprocess
import sys

from dynoresilience import DynoResilienceError, tables


def test_every_name_is_there() -> None:
    assert {name: getattr(tables, name).__name__ for name in tables.__all__} == {
        name: name for name in tables.__all__
    }


def test_every_error_is_one_of_the_library() -> None:
    public = [getattr(tables, name) for name in tables.__all__]
    errors = [each for each in public if isinstance(each, type) and issubclass(each, Exception)]

    assert len(errors) >= 9
    assert [each for each in errors if not issubclass(each, DynoResilienceError)] == []


def test_an_error_costs_neither_pydantic_nor_boto3() -> None:
    script = (
        "import sys; from dynoresilience.tables import AccessDenied, DriftError, EnsureError\n"
        "print({'pydantic', 'boto3', 'botocore'} & set(sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    assert told.stdout.strip() == "set()"
