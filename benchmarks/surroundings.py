"""What a benchmark runs in: no settings or credentials of the user's, and a note of the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(ROOT / "src"))  # what is measured is this checkout, installed or not

_PREFIXES = ("AWS_", "BOTO_", "DYNAMODB_")


def environment() -> dict[str, str]:
    """The variables for a benchmark and its child processes; this checkout comes first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # the second import would be as slow as the first
    paths = [str(ROOT / "src"), kept.get("PYTHONPATH", "")]
    return kept | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "*",
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }


def isolate() -> None:
    """Put `environment` in the place of this process's own."""
    wanted = environment()
    os.environ.clear()
    os.environ.update(wanted)


def describe() -> dict[str, object]:
    """The day, the machine, versions, and how busy the machine is. No name and no path of it."""
    from dynoresilience import __version__

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{_system()} ({platform.machine()})",
        "processor": _processor(),
        "processors": os.cpu_count(),
        "load": None if load is None else round(load, 2),
        **{name: version(name) for name in ("boto3", "botocore")},
        "dynoresilience": __version__,
        "commit": _commit(),
    }


def _commit() -> str:
    """Of what was measured; "+" is changed since. What benchmarks have written does not count."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "--short", "HEAD")
        changed = git("status", "--porcelain", "--", "src", "tests/support", "benchmarks/*.py")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit} +" if changed else commit


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _processor() -> str:
    """The model, where the system says it."""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
