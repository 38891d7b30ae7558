from typing import Any

import pytest

from dynoresilience.testing.control.streams import check_stream, is_streaming
from tests.unit.testing.control.refusals import INVALID, code, refusal

ON = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
OFF = {"StreamEnabled": False}
QUIET = {"TableName": "orders"}
STREAMING = {"TableName": "orders", "StreamSpecification": ON}


@pytest.mark.parametrize("table", [QUIET, {**QUIET, "StreamSpecification": OFF}])
def test_a_table_without_a_stream_can_have_one(table: dict[str, Any]) -> None:
    assert not is_streaming(table)
    assert code(lambda: check_stream(ON, table)) == ""


def test_a_stream_can_be_switched_off() -> None:
    assert is_streaming(STREAMING)
    assert code(lambda: check_stream(OFF, STREAMING)) == ""


@pytest.mark.parametrize(
    ("wanted", "table", "message"),
    [
        (ON, STREAMING, "Table already has an enabled stream: TableName: orders"),
        # a view type is not changed in place
        (
            {**ON, "StreamViewType": "NEW_IMAGE"},
            STREAMING,
            "Table already has an enabled stream: TableName: orders",
        ),
        (OFF, QUIET, "Table has no stream to disable: TableName: orders"),
        (
            {"StreamEnabled": True},
            QUIET,
            f"{INVALID}If stream is being enabled then UpdateViewType is required",
        ),
        (
            {**OFF, "StreamViewType": "KEYS_ONLY"},
            STREAMING,
            f"{INVALID}If stream is being disabled, then UpdateViewType must not be specified",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    wanted: dict[str, Any], table: dict[str, Any], message: str
) -> None:
    assert refusal(lambda: check_stream(wanted, table)) == ("ValidationException", message)
