"""How these tests look at a refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dynoresilience.testing.replies import Refused

INVALID = "One or more parameter values were invalid: "
IN_USE = "Attempt to change a resource which is still in use: "


def refusal(check: Callable[[], object]) -> tuple[str, str]:
    """The code and the message with which ``check`` refuses."""
    with pytest.raises(Refused) as caught:
        check()
    return caught.value.code, caught.value.message


def code(check: Callable[[], object]) -> str:
    """The code with which ``check`` refuses; empty if it doesn't."""
    try:
        check()
    except Refused as refused:
        return refused.code
    return ""
