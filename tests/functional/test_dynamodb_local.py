"""How DynamoDB Local is had: fetched once, checked, bounded in time, and gone with its starter."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import dynamodb_local
from tests.support.dynamodb_local import SOURCES, Unavailable, fetch

REPOSITORY = SOURCES.parent.parent


class FakeMaven:
    """An ``mvn`` on the PATH that runs a few lines of shell; ``$out`` is where files go."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.script = folder / "mvn"
        self.calls = folder / "calls"
        self.calls.touch()
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def does(self, *lines: str) -> None:
        head = ["#!/bin/sh", f"echo x >> {self.calls}"]
        head += ['for a; do case "$a" in -DoutputDirectory=*) out=${a#*=};; esac; done']
        self.script.write_text("\n".join([*head, *lines]))
        self.script.chmod(0o755)

    @property
    def count(self) -> int:
        return len(self.calls.read_text().splitlines())


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMaven:
    """What the fetch expects is a single file, "a.jar", that says "a"."""
    for name in ("bin", "sources"):
        (tmp_path / name).mkdir()
    digest = hashlib.sha256(b"a\n").hexdigest()
    (tmp_path / "sources" / "SHA256SUMS").write_text(f"{digest}  a.jar\n")
    monkeypatch.setattr(dynamodb_local, "SOURCES", tmp_path / "sources")
    return FakeMaven(tmp_path / "bin", monkeypatch)


def test_it_is_fetched_once_however_many_ask(maven: FakeMaven, tmp_path: Path) -> None:
    maven.does("sleep 0.3", "mkdir $out", "echo a > $out/a.jar")

    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: fetch(tmp_path / "home"), range(8)))

    assert maven.count == 1
    assert [entry.name for entry in folders.pop().iterdir()] == ["a.jar"]
    assert not folders


def test_what_was_harmed_is_fetched_again(maven: FakeMaven, tmp_path: Path) -> None:
    maven.does("mkdir $out", "echo a > $out/a.jar")
    folder = fetch(tmp_path)
    (folder / "a.jar").write_text("cut sh")
    (folder / "stranger.jar").touch()

    assert fetch(tmp_path) == folder
    assert (folder / "a.jar").read_text() == "a\n"
    assert not (folder / "stranger.jar").exists()
    assert maven.count == 2


@pytest.mark.parametrize("files", ["echo b > $out/a.jar", "echo a > $out/b.jar", ""])
def test_other_files_than_expected_are_not_kept(
    maven: FakeMaven, tmp_path: Path, files: str
) -> None:
    maven.does("mkdir $out", files)

    with pytest.raises(
        Unavailable, match=r"other files than SHA256SUMS expects, such as [ab]\.jar"
    ):
        fetch(tmp_path / "home")

    assert [entry.name for entry in (tmp_path / "home").iterdir()] == ["lock"]


def test_a_repository_that_is_away_is_told_in_one_line(maven: FakeMaven, tmp_path: Path) -> None:
    maven.does("echo '[ERROR] Connection refused -> [Help 1]'", "echo '[ERROR] more'", "exit 1")

    with pytest.raises(Unavailable) as told:
        fetch(tmp_path / "home")

    assert str(told.value) == (
        "Maven could not fetch DynamoDB Local (Connection refused): once its repository can be "
        "reached, try `make dynamodb-local`"
    )


def test_a_fetch_that_hangs_is_given_up_by_all_who_wait(maven: FakeMaven, tmp_path: Path) -> None:
    """With all that it started, and by those who wait for it as well."""
    maven.does("sleep 60 &", f"echo $! > {tmp_path}/pid", "wait")

    def attempt(_: int) -> str:
        with pytest.raises(Unavailable) as told:
            fetch(tmp_path / "home", timeout=0.5)
        return str(told.value)

    begun = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(attempt, range(3)))

    assert time.monotonic() - begun < 10
    assert any("has not fetched DynamoDB Local in time" in each for each in told)
    wait_until_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ([], "No DynamoDB Local: there is no java to run DynamoDB Local with: install a JDK, 17"),
        (["echo java.base@17"], "the java on the PATH can't run DynamoDB Local: install a JDK"),
        (["echo jdk.compiler@11.0.2"], "the java on the PATH can't run DynamoDB Local: install"),
    ],
)
def test_a_missing_java_is_told_in_one_line(tmp_path: Path, tools: list[str], said: str) -> None:
    for script in tools:
        (tmp_path / "java").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "java").chmod(0o755)

    done = subprocess.run(
        [sys.executable, "-m", "tests.support.dynamodb_local", "--fetch-only"],
        cwd=REPOSITORY,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_its_starter_however_that_ends(
    dynamodb_local_files: Path, how: signal.Signals
) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-m", "tests.support.dynamodb_local"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        said = starter.stdout.readline()
        found = re.fullmatch(
            r"DynamoDB Local answers at http://127\.0\.0\.1:\d+ \(pid (\d+);.*\n", said
        )
        assert found, said
        starter.send_signal(how)
        try:
            assert starter.wait(20) == (-how if how is signal.SIGKILL else 0)
        finally:
            starter.kill()
    wait_until_gone(int(found[1]))


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while _is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    """One that is dead but still listed, because nobody has asked for its status, is not."""
    try:
        os.kill(pid, 0)
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # gone just now; or there is no /proc here, and it is running
        return not Path("/proc/self").exists()
