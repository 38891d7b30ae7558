"""DynamoDB Local: fetched through Maven in a pinned version, checked, and run on loopback.

``python -m tests.support.dynamodb_local`` (`make dynamodb-local`) runs one until it is told to end.
Needs the standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

SOURCES = Path(__file__).parent.parent / "dynamodb_local"
HOME = SOURCES.parent.parent / ".dynamodb-local"
FETCH_SECONDS = 100.0
START_SECONDS = 60.0
JAVA = 17
"""The oldest Java that DynamoDB Local 3 runs on."""

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m")


class Unavailable(Exception):
    """DynamoDB Local can't be had here; the message is one line that says why and the remedy."""


def fetch(home: Path = HOME, *, timeout: float = FETCH_SECONDS) -> Path:
    """The folder that holds DynamoDB Local: fetched if it isn't there, and unharmed.

    Several processes may ask at once: one fetches, the others wait for it. Nothing is asked of the
    network once the files are there.

    Args:
        home: where it is kept, in a folder for each list of checksums.
        timeout: seconds, for the others and for Maven together.

    Raises:
        Unavailable: no Maven, no repository, not in time, or not the files that are expected.
    """
    sums = (SOURCES / "SHA256SUMS").read_bytes()
    folder = home / hashlib.sha256(sums).hexdigest()[:12]
    expected = {name: digest for digest, name in map(str.split, sums.decode().splitlines())}
    deadline = time.monotonic() + timeout
    if _checksums(folder) == expected:
        return folder
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home / "lock", deadline):
        if _checksums(folder) == expected:
            return folder
        with tempfile.TemporaryDirectory(dir=home) as scratch:
            fetched = Path(scratch, "fetched")
            _run_maven(fetched, deadline)
            found = _checksums(fetched)
            if found != expected:
                odd = sorted(name for name, _ in found.items() ^ expected.items())[0]
                raise Unavailable(
                    f"Maven brought other files than SHA256SUMS expects, such as {odd}: "
                    "don't trust them; look at the repository or mirror that Maven uses"
                )
            shutil.rmtree(folder, ignore_errors=True)
            fetched.rename(folder)
    return folder


class DynamoDBLocal:
    """A running DynamoDB Local in memory, at ``url``. It ends with this process at the latest.

    Tables are kept apart by region and access key id (letters and digits only).

    Args:
        folder: what `fetch` returned.
        port: of 127.0.0.1; 0 takes a free one.

    Raises:
        Unavailable: it doesn't start.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        command = [find_java(), *_QUICK_START, f"-Dsqlite4java.library.path={folder}"]
        command += ["-cp", f"{folder}/*", str(SOURCES / "OnLoopback.java"), str(port)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        # Its standard input is a pipe from here: it ends when that does. A session of its own,
        # because Ctrl-C is ours to answer.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            self.url = f"http://127.0.0.1:{self._wait_for_port(time.monotonic() + START_SECONDS)}"
            _wait_for_answer(self.url, time.monotonic() + START_SECONDS)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> int:
        """Wait until it ends by itself; its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """End it. Once is enough."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()

    def __enter__(self) -> DynamoDBLocal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_for_port(self, deadline: float) -> int:
        assert self._process.stdout is not None
        output, said = self._process.stdout.fileno(), b""
        while True:
            if found := re.search(rb"listening on (\d+)\n", said):
                return int(found[1])
            left = deadline - time.monotonic()
            more = (
                os.read(output, 4096) if select.select([output], [], [], max(left, 0))[0] else b""
            )
            if not more:
                self._log.seek(0)
                lines = (said + self._log.read()).decode(errors="replace").split("\n")
                why = [line.strip() for line in lines if "rror" in line or "xception" in line]
                raise Unavailable(f"DynamoDB Local does not start: {(why or ['no answer'])[0]}")
            said += more


def _checksums(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest() for entry in folder.iterdir()
    }


@contextlib.contextmanager
def _locked(path: Path, deadline: float) -> Iterator[None]:
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        "another process is still fetching DynamoDB Local: try again later"
                    ) from None
                time.sleep(0.1)
        yield


def _run_maven(target: Path, deadline: float) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("there is no mvn to fetch DynamoDB Local with: install Maven")
    command = [maven, "--batch-mode", "--quiet", "--strict-checksums"]
    command += ["--file", str(SOURCES / "pom.xml"), f"{_PLUGIN}:copy-dependencies"]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=max(deadline - time.monotonic(), 1.0))
    except subprocess.TimeoutExpired:
        raise Unavailable(
            "Maven has not fetched DynamoDB Local in time: try `make dynamodb-local`"
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode:
        errors = re.findall(r"\[ERROR\] (.+)", output) or [f"it ended with {process.returncode}"]
        why = errors[0].partition(" -> [Help")[0][-200:]  # the cause comes last
        raise Unavailable(
            f"Maven could not fetch DynamoDB Local ({why}): once its repository can be reached, "
            "try `make dynamodb-local`"
        )


def find_java() -> str:
    """The Java to run it with: a JDK, because the launcher is compiled as it starts."""
    remedy = f"install a JDK, {JAVA} or newer"
    java = shutil.which("java")
    if java is None:
        raise Unavailable(f"there is no java to run DynamoDB Local with: {remedy}")
    try:
        modules = subprocess.run(
            [java, "--list-modules"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except subprocess.TimeoutExpired:
        modules = ""
    version = re.search(r"^jdk\.compiler@(\d+)", modules, re.MULTILINE)
    if version is None or int(version[1]) < JAVA:
        raise Unavailable(f"the java on the PATH can't run DynamoDB Local: {remedy}")
    return java


def _wait_for_answer(url: str, deadline: float) -> None:
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answer:  # it misses a signature, but it is there
            answer.close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise Unavailable(f"DynamoDB Local does not answer at {url}") from None
            time.sleep(0.05)
        else:
            return


def main() -> None:
    """Run one until Ctrl-C or SIGTERM, or see whether that can be done."""
    parser = argparse.ArgumentParser(prog="make dynamodb-local", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds, for the fetch")
    parser.add_argument("--fetch-only", action="store_true", help="fetch it, check it, and end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        find_java()
        folder = fetch(timeout=options.timeout)
        if options.fetch_only:
            return
        with DynamoDBLocal(folder, options.port) as local:
            print(f"DynamoDB Local answers at {local.url} (pid {local.pid}; Ctrl-C ends it)")
            sys.stdout.flush()
            sys.exit(local.wait())
    except Unavailable as why:
        sys.exit(f"No DynamoDB Local: {why}.")
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
