"""The program's arguments and exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dynoresilience
from dynoresilience.cli import demo, main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"dynoresilience {dynoresilience.__version__}\n"


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    assert "demo" in capsys.readouterr().out


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "usage: dynoresilience" in said.err
    assert "demo" in said.err


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dmo"]) == 2

    said = capsys.readouterr().err
    assert "usage: dynoresilience" in said
    assert "'dmo'" in said
    assert "demo" in said


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5"])
def test_a_count_that_is_none(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", f"--writes={count}"]) == 2

    assert f"--writes: {count!r} must be a whole number, 1 or more" in capsys.readouterr().err


def test_the_command_gets_its_arguments_and_gives_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "run", lambda args: args.writes)

    assert main(["demo", "--writes", "7"]) == 7


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupted)

    assert main(["demo"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_went_away_leaves_no_traceback() -> None:
    program = """if True:
        import sys
        from dynoresilience.cli import demo, main

        def run(args):
            for _ in range(100_000):
                print("a line")
            return 0

        demo.run = run
        sys.exit(main(["demo"]))
    """
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_python_dash_m_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dynoresilience", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"dynoresilience {dynoresilience.__version__}\n"


def test_the_program_alone_loads_neither_boto3_nor_moto_nor_rich() -> None:
    program = """if True:
        import sys
        from dynoresilience.cli import main
        main(["--version"])
        print(*sorted({"boto3", "botocore", "moto", "rich"} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[1] == ""
