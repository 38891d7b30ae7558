from typing import Any

import pytest

from dynoresilience.testing.control.time_to_live import TimeToLive
from tests.unit.testing.control.refusals import code, refusal

HOUR = 3600.0


def setting(enabled: bool, attribute: str = "expires") -> dict[str, Any]:
    return {"Enabled": enabled, "AttributeName": attribute}


def switched(enabled: bool, *, at: float = 100.0, seconds: float = 10.0) -> TimeToLive:
    """Switched on or off at an instant, after it was the other way round for long."""
    ttl = TimeToLive("expires", is_on=not enabled)
    ttl.change(setting(enabled), at, seconds)
    return ttl


def test_it_is_off_until_somebody_switches_it_on() -> None:
    assert TimeToLive().describe(0.0) == {"TimeToLiveStatus": "DISABLED"}
    assert code(lambda: TimeToLive().check(setting(True), 0.0)) == ""


@pytest.mark.parametrize(
    ("enabled", "at", "shown"),
    [
        (True, 100.0, {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}),
        (True, 109.9, {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}),
        (True, 110.0, {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}),
        (False, 109.9, {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires"}),
        (False, 110.0, {"TimeToLiveStatus": "DISABLED"}),
    ],
)
def test_a_change_takes_its_time(enabled: bool, at: float, shown: dict[str, str]) -> None:
    assert switched(enabled).describe(at) == shown


@pytest.mark.parametrize("enabled", [True, False])
def test_it_is_switched_once_an_hour(enabled: bool) -> None:
    ttl = switched(enabled)
    too_soon = "Time to live has been modified multiple times within a fixed interval"
    back = setting(not enabled)
    assert refusal(lambda: ttl.check(back, 99.9 + HOUR)) == ("ValidationException", too_soon)
    assert code(lambda: ttl.check(back, 100.0 + HOUR)) == ""


@pytest.mark.parametrize(
    ("enabled", "wanted", "message"),
    [
        (True, setting(True), "TimeToLive is already enabled"),
        (False, setting(False), "TimeToLive is already disabled"),
        (False, setting(False, "other"), "TimeToLive is already disabled"),
        *(
            (
                True,
                setting(on, "other"),
                "TimeToLive is active on a different AttributeName: current AttributeName is "
                "expires",
            )
            for on in (True, False)
        ),
    ],
)
def test_what_it_says_is_looked_at_before_when(
    enabled: bool, wanted: dict[str, Any], message: str
) -> None:
    ttl = switched(enabled)
    for at in (100.0, 100.0 + HOUR):
        assert refusal(lambda at=at: ttl.check(wanted, at)) == ("ValidationException", message)  # type: ignore[misc]


def test_switched_off_it_may_go_on_with_another_attribute() -> None:
    ttl = switched(False)
    ttl.check(setting(True, "other"), 100.0 + HOUR)
    ttl.change(setting(True, "other"), 100.0 + HOUR, 0.0)
    assert ttl.describe(100.0 + HOUR)["AttributeName"] == "other"
