"""What the markers of a test say, and one clear line where they are wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


def options_of(
    request: pytest.FixtureRequest, marker: str, known: Collection[str]
) -> dict[str, Any]:
    """The keyword arguments of all markers of this name; those nearest to the test hold."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(marker))):
        if mark.args:
            raise _failure(marker, f"takes keyword arguments only, got {mark.args!r}")
        options.update(mark.kwargs)
    for name in options:
        if name not in known:
            raise _failure(
                marker, f"there is no option {name!r}; there are {', '.join(sorted(known))}"
            )
    return options


@contextmanager
def one_clear_error(marker: str) -> Iterator[None]:
    """Instead of a traceback through the test kit: what is wrong with the options."""
    try:
        yield
    except Exception as error:
        refused = type(error).__module__.startswith("botocore.")
        if not refused and not isinstance(error, (ImportError, TypeError, ValueError)):
            raise
        raise _failure(marker, str(error)) from None


def _failure(marker: str, what: str) -> BaseException:
    return pytest.fail.Exception(f"@pytest.mark.{marker}: {what}", pytrace=False)
