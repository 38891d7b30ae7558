"""Files are read by their suffix."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dynoresilience.tables import TableSpec, read_tables
from tests.unit.tables.sources.files import Write, faults_of, write

__all__ = ["write"]


@pytest.mark.parametrize("name", ["tables", "tables.txt", "tables.json5"])
def test_a_suffix_that_says_nothing(tmp_path: Path, name: str) -> None:
    faults = faults_of(read_tables, tmp_path / name)
    assert faults == {"path": "must end in .toml, .yaml, .yml, .json, .template"}


@pytest.mark.parametrize("option", [{"parameters": {"Stage": "prod"}}, {"leave_out": ["Tags"]}])
def test_what_only_templates_have(write: Write, option: dict[str, object]) -> None:
    assert list(faults_of(read_tables, write(""), **option)) == list(option)


def test_a_path_that_no_file_can_have() -> None:
    assert "can't be read" in faults_of(read_tables, "a\0b.toml")["path"]


@pytest.mark.parametrize(
    "read",
    [read_tables, TableSpec.from_toml, TableSpec.from_cloudformation],
    ids=lambda each: each.__name__,
)
@pytest.mark.parametrize(
    "given",
    [None, 0, io.StringIO("a = 1"), {"Resources": {}}, b"a.toml"],
    ids=lambda each: type(each).__name__,
)
def test_what_is_no_path(read: Callable[..., object], given: object) -> None:
    assert faults_of(read, given) == {"path": "must be the path of a file: text, or a pathlib.Path"}


def test_toml_loads_neither_yaml_nor_aws(write: Write) -> None:
    path = write(
        'name = "orders"\nhash_key = "id"\nattributes = { id = "S" }\n'
        'billing_mode = "PAY_PER_REQUEST"'
    )
    script = (
        "import sys; from dynoresilience.tables import read_tables; read_tables(sys.argv[1])\n"
        "print({'yaml', 'boto3', 'botocore'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
