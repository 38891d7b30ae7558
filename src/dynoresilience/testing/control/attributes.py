"""The attribute definitions of a table: those that its keys and those of its indexes need. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dynoresilience.testing.replies import Body, Refused

Types = Mapping[str, str]
"""The type of each attribute: S, N or B."""

_INVALID = "One or more parameter values were invalid: "


def types_of(body: Body) -> dict[str, str]:
    """The definitions of a request or a description."""
    definitions = body.get("AttributeDefinitions") or ()
    return {each["AttributeName"]: each["AttributeType"] for each in definitions}


def definitions(types: Types) -> list[Body]:
    """As DescribeTable lists them: by name."""
    return [{"AttributeName": name, "AttributeType": types[name]} for name in sorted(types)]


def used(types: Types, table: Body) -> dict[str, str]:
    """Those that a description's keys need: the others vanish along with the index."""
    needed = set(_keys(table))
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in table.get(member) or ():
            needed.update(_keys(index))
    return {name: kind for name, kind in types.items() if name in needed}


def for_new_index(index: Body, given: Body, present: Types) -> list[Body]:
    """The definitions of a table with a new index.

    What a request defines counts as far as the table has not defined it yet and the index needs it.

    Args:
        index: the new one.
        given: the request.
        present: the types that the table defines.

    Raises:
        Refused: ValidationException, a key of the index has no type.
    """
    name = index["IndexName"]
    types = types_of(given)
    if not types:
        what = f"{_INVALID}AttributeDefinitions is not specified for index: {name}"
        raise Refused("ValidationException", what)
    together = {**types, **present}
    keys = list(_keys(index))
    missing = sorted(key for key in keys if key not in together)
    if missing:
        raise Refused(
            "ValidationException",
            f"{_INVALID}Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(missing)}], AttributeDefinitions: [{', '.join(sorted(types))}]",
        )
    return definitions({**{key: together[key] for key in keys}, **present})


def _keys(part: Body) -> Iterable[str]:
    return (element["AttributeName"] for element in part.get("KeySchema") or ())
