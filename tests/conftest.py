"""For the whole suite: how Hypothesis runs, no AWS settings of the machine, DynamoDB Local."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from tests.support.dynamodb_local import DynamoDBLocal, Unavailable, fetch, find_java

settings.register_profile(
    "short", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
settings.register_profile("long", settings.get_profile("short"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in a job that a shell has started with "&": the programs that we start would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the machine's AWS or DYNAMODB variables, profiles or credentials."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "DYNAMODB_", "BOTO_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session", autouse=True)
def no_warnings_at_the_end() -> Iterator[None]:
    """The servers that were raised are gone by the end: nothing to warn of."""
    yield
    from dynoresilience import engine

    if engine._shared is not None:
        engine._shared._shelves.clear()


@pytest.fixture(scope="session")
def dynamodb_local_files() -> Path:
    """The folder with DynamoDB Local, fetched if need be, where there is a Java to run it."""
    try:
        find_java()
        return fetch()
    except Unavailable as why:
        _go_without(why)


@pytest.fixture(scope="session")
def dynamodb_local(dynamodb_local_files: Path) -> Iterator[str]:
    """The URL of a DynamoDB Local, one for each worker: take an access key id of your own."""
    try:
        local = DynamoDBLocal(dynamodb_local_files)
    except Unavailable as why:
        _go_without(why)
    with local:
        yield local.url


def _go_without(why: Unavailable) -> NoReturn:
    """Skip the test; fail it where somebody has seen to it that DynamoDB Local can be had."""
    if os.environ.get("DYNORESILIENCE_REQUIRE_DYNAMODB_LOCAL"):
        pytest.fail(str(why), pytrace=False)
    pytest.skip(str(why))
