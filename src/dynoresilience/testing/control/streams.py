"""The stream of a table: what may be switched, and into what. Pure."""

from __future__ import annotations

from dynoresilience.testing.replies import Body, Refused

_INVALID = "One or more parameter values were invalid: "


def is_streaming(table: Body) -> bool:
    """Whether a description of a table has an enabled stream."""
    return bool((table.get("StreamSpecification") or {}).get("StreamEnabled"))


def check_stream(specification: Body, table: Body) -> None:
    """Refuse a StreamSpecification that does not fit a table.

    A view type can't be changed in place: disable, wait, enable.

    Raises:
        Refused: ValidationException.
    """
    wanted, view = specification.get("StreamEnabled"), specification.get("StreamViewType")
    name = table["TableName"]
    if wanted and not view:
        raise _invalid("If stream is being enabled then UpdateViewType is required")
    if not wanted and view:
        raise _invalid("If stream is being disabled, then UpdateViewType must not be specified")
    if wanted and is_streaming(table):
        message = f"Table already has an enabled stream: TableName: {name}"
        raise Refused("ValidationException", message)
    if not wanted and not is_streaming(table):
        message = f"Table has no stream to disable: TableName: {name}"
        raise Refused("ValidationException", message)


def check_new_stream(specification: Body) -> None:
    """Refuse the StreamSpecification of a CreateTable that contradicts itself.

    Raises:
        Refused: ValidationException.
    """
    wanted, view = specification.get("StreamEnabled"), specification.get("StreamViewType")
    if wanted and not view:
        raise _invalid("Table is being created with a stream enabled, UpdateViewType is required")
    if wanted is False and view:
        why = "Table is being created with a stream disabled, UpdateViewType should not be "
        raise _invalid(f"{why}specified")


def _invalid(why: str) -> Refused:
    return Refused("ValidationException", _INVALID + why)
