"""Items that are created once, however many try: `create_item_if_not_exists`, `get_or_create`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dynoresilience.attachment import client_behind
from dynoresilience.aws.items import Item, TableItems
from dynoresilience.errors import ConfigError, ItemError
from dynoresilience.tables.items.keys import Keys, check_item, keys_given

MOST_TRIES = 3
"""PutItems of one call where the item that was in the way is gone by the time it is read."""
MOST_ATTRIBUTES = 100
"""Attributes in one condition; DynamoDB takes 4 KB and 300 operators and functions."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What came of it. Its text tells no item data.

    Args:
        created: True: this call has created the item; of all who try, at most one hears so.
        item: the item that is in the table, as a read would bring it in the caller's types.
        in_doubt: True only where ``created`` is False, the request was sent more than once (an
            answer was lost, or a throttle) and ``item`` is equal to the one given. Then it may be
            this call that has created it: its first attempt, whose answer was lost. DynamoDB
            does not tell. An item with something of the caller's own in it, such as a random
            token, leaves no doubt: whoever finds his own has created it.
    """

    created: bool
    item: Item = field(repr=False)
    in_doubt: bool = False


def create_item_if_not_exists(
    table: Any,
    item: Mapping[str, Any],
    *,
    table_name: str | None = None,
    keys: str | Sequence[str] | None = None,
) -> ItemResult:
    """Create an item unless there is one with its key, in one round trip: safe among many.

        result = create_item_if_not_exists(orders, {"id": "order-1", "status": "new"})
        if not result.created:
            print(result.item["status"])

    The key attributes are asked of DynamoDB at the first call for a table and client
    (``dynamodb:DescribeTable``). All else is one PutItem with a condition, and where the endpoint
    does not send the existing item (some emulators) a GetItem. Throttles are the client's affair:
    attach it.

    Args:
        table: a boto3 ``Table``, and Python types; or a client, and wire types.
        item: the whole item.
        table_name: for a client. A ``Table`` has its own.
        keys: the names of the table's key attributes, the hash key first. Spares the
            DescribeTable; their types are not checked before DynamoDB does. None: as found.

    Raises:
        ItemError: a key attribute is missing, empty or of the wrong type. Nothing was written.
        KeysUnknownError: DescribeTable is not permitted, and there are no ``keys``.
        ConfigError: ``table_name`` or ``keys`` are wrong.
        NotAttachableError: ``table`` is nothing of DynamoDB.
        ClientError: of botocore, unchanged: all that DynamoDB refuses but the condition.
    """
    items = _items_of(table, table_name)
    return _create(items, item, _keys(table, items, item, keys))


def get_or_create(
    table: Any,
    item: Mapping[str, Any],
    create: Callable[[], Mapping[str, Any]] | None = None,
    *,
    table_name: str | None = None,
    keys: str | Sequence[str] | None = None,
) -> ItemResult:
    """Read the item with this key, and create it only if there is none: safe among many.

        get_or_create(orders, {"id": "order-1", "status": "new"})
        get_or_create(orders, {"id": "order-1"}, create=lambda: {"status": slow_lookup()})

    For items that are there as a rule: a read costs less than a write that fails. Otherwise as
    `create_item_if_not_exists`.

    Args:
        item: the item to create if there is none; with ``create`` at least its key.
        create: called only if there is none. Returns the attributes that are not in ``item``.
            Among several who try at once, it may be called by each, and one of the items wins.
    """
    if create is not None and not callable(create):
        raise ConfigError(
            f"create must be a function, and is a {type(create).__name__}: put attributes that "
            "need no function into item"
        )
    items = _items_of(table, table_name)
    names = _keys(table, items, item, keys)
    found = items.get({name: item[name] for name in names.types})
    if found is not None:
        return ItemResult(False, found)
    if create is not None:
        item = _completed(items.table, item, create(), names)
    return _create(items, item, names)


def _create(items: TableItems, item: Mapping[str, Any], keys: Keys) -> ItemResult:
    absent: Collection[str] = [next(iter(keys.types))]  # an item that is there has its hash key
    if not keys.found:
        # What the caller says of the keys may be wrong, and the item there have none of them. All
        # of ours name its key for certain, and it is refused instead of replaced.
        absent = list(dict.fromkeys([*keys.types, *item]))[:MOST_ATTRIBUTES]
    key = {name: item[name] for name in keys.types}
    tries = 1
    while True:
        refused = items.put_new(item, absent)
        if refused is None:
            return ItemResult(True, items.as_read(item))
        found = refused.item or items.get(key)
        if found is not None:
            return ItemResult(False, found, refused.sent_again and items.same(found, item))
        if tries == MOST_TRIES:
            raise refused.error
        tries += 1


def _items_of(table: Any, table_name: str | None) -> TableItems:
    meta = getattr(table, "meta", None)  # of a ScalingClient that is closed: its own error
    client = client_behind(table)
    in_python = True if hasattr(meta, "client") else None
    own: str | None = getattr(table, "table_name", None) if in_python else None
    if table_name is not None and (not isinstance(table_name, str) or not table_name):
        raise ConfigError(f"table_name={table_name!r} must be the name of a table")
    if own is not None and table_name not in (None, own):
        raise ConfigError(f"table_name={table_name!r} is not that of the Table, {own!r}")
    name = own or table_name
    if name is None:
        raise ConfigError("table_name=None: a client does not say which table; name it")
    return TableItems(client, name, in_python)


def _keys(
    table: Any, items: TableItems, item: Mapping[str, Any], given: str | Sequence[str] | None
) -> Keys:
    """The key attributes; ``item`` has them."""
    if not isinstance(item, Mapping):
        raise ItemError(f"{items.table}: item is a {type(item).__name__} and must be a dict")
    if given is not None:
        keys = keys_given(given)
        check_item(items, item, keys)
        return keys
    known = items.known_keys()
    described = getattr(getattr(table, "meta", None), "data", None)  # of a Table that was loaded
    if known is None and described:
        known = items.remember(described)
    if known is not None:
        with suppress(ItemError):  # or is it another table of that name by now? Then look again
            check_item(items, item, Keys(known))
            return Keys(known)
    fresh = Keys(items.look_up_keys())
    check_item(items, item, fresh)
    return fresh


def _completed(
    table: str, item: Mapping[str, Any], made: Mapping[str, Any], keys: Keys
) -> dict[str, Any]:
    if not isinstance(made, Mapping):
        raise ItemError(f"{table}: create() returned a {type(made).__name__} and no attributes")
    for name in keys.types:
        if name in made and made[name] != item[name]:
            raise ItemError(
                f"{table}: create() returned another {name!r}, a key attribute, than it was asked "
                "for: return the same, or leave it out"
            )
    return {**item, **made}
