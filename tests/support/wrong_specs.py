"""Wrong specs: what each has instead of `RIGHT`, and the very lines that refuse it."""

from __future__ import annotations

from typing import Any, NamedTuple

RIGHT: dict[str, Any] = {
    "name": "orders",
    "attributes": {"id": "S"},
    "hash_key": "id",
    "billing_mode": "PAY_PER_REQUEST",
}
PROVISIONED: dict[str, Any] = {
    "billing_mode": "PROVISIONED",
    "read_capacity_units": 5,
    "write_capacity_units": 5,
}
SORTED: dict[str, Any] = {"range_key": "day", "attributes": {"id": "S", "day": "S"}}
LEAVE_OUT: Any = object()
"""The field is not given at all."""

_NAME = "give a name: 3 to 255 of a-z, A-Z, 0-9, '_', '.' and '-'"
_TYPE = "the type of this attribute: 'S' (string), 'N' (number) or 'B' (binary)"
_NO_CAPACITY = (
    "an on-demand table and its indexes have no capacity; leave it out, "
    "or make billing_mode 'PROVISIONED'"
)
_NO_MAXIMUM = (
    "only an on-demand table and its indexes have a maximum; leave it out, "
    "or make billing_mode 'PAY_PER_REQUEST'"
)
_TABLE_CAPACITY = "a provisioned table needs it; give it, or make billing_mode 'PAY_PER_REQUEST'"
_INDEX_CAPACITY = (
    "each global index of a provisioned table needs it; give it, "
    "or make billing_mode 'PAY_PER_REQUEST'"
)
_IN_NO_KEY = "is in no key; take it out, only attributes of keys are declared"
_IN_KEY = "is in this key already; take it out, or give another"
_BYTES = "such a name has 1 to 255 bytes (UTF-8)"
_UNITS = "must be a whole number, 1 or more"
_SIGNS = "takes letters, digits, spaces and +-./:=@_, not"


class Wrong(NamedTuple):
    """A wrong spec."""

    what: str
    instead: dict[str, Any]
    lines: tuple[str, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """All of its fields."""
        fields = {**RIGHT, **self.instead}
        return {name: value for name, value in fields.items() if value is not LEAVE_OUT}


def index(*, name: str = "by-id", hash_key: Any = "id", **more: Any) -> dict[str, Any]:
    return {"name": name, "hash_key": hash_key, **more}


def local(*, name: str = "by-day", range_key: Any = "day", **more: Any) -> dict[str, Any]:
    return {"name": name, "range_key": range_key, **more}


def on(*indexes: Any) -> dict[str, Any]:
    return {"global_secondary_indexes": list(indexes)}


def locally(*indexes: Any) -> dict[str, Any]:
    return {"local_secondary_indexes": list(indexes)}


def typed(*names: str) -> dict[str, Any]:
    return {"attributes": dict.fromkeys(("id", *names), "S")}


_G, _L = "global_secondary_indexes", "local_secondary_indexes"
_TWENTY = [f"attribute-{n}" for n in range(20)]

WRONG = [
    Wrong(
        "capacity on an index of an on-demand table",
        on(index(read_capacity_units=5, write_capacity_units=6)),
        (
            f"{_G}[by-id].read_capacity_units=5: {_NO_CAPACITY}",
            f"{_G}[by-id].write_capacity_units=6: {_NO_CAPACITY}",
        ),
    ),
    Wrong(
        "capacity on an on-demand table",
        {"read_capacity_units": 5},
        (f"read_capacity_units=5: {_NO_CAPACITY}",),
    ),
    Wrong(
        "capacity of none on an on-demand table, as it is described",
        {"write_capacity_units": 0},
        (f"write_capacity_units=0: {_NO_CAPACITY}",),
    ),
    Wrong(
        "no capacity",
        {"billing_mode": LEAVE_OUT},
        (
            f"read_capacity_units is missing: {_TABLE_CAPACITY}",
            f"write_capacity_units is missing: {_TABLE_CAPACITY}",
        ),
    ),
    Wrong(
        "half a capacity",
        {"billing_mode": "PROVISIONED", "read_capacity_units": 5},
        (f"write_capacity_units is missing: {_TABLE_CAPACITY}",),
    ),
    Wrong(
        "no capacity for an index",
        {**PROVISIONED, **on(index(read_capacity_units=5))},
        (f"{_G}[by-id].write_capacity_units is missing: {_INDEX_CAPACITY}",),
    ),
    Wrong(
        "a maximum on a provisioned table",
        {**PROVISIONED, "max_read_request_units": 9},
        (f"max_read_request_units=9: {_NO_MAXIMUM}",),
    ),
    Wrong(
        "a maximum on an index of a provisioned table",
        {
            **PROVISIONED,
            **on(index(read_capacity_units=1, write_capacity_units=1, max_write_request_units=9)),
        },
        (f"{_G}[by-id].max_write_request_units=9: {_NO_MAXIMUM}",),
    ),
    Wrong(
        "a maximum of nothing",
        {"max_write_request_units": 0},
        ("max_write_request_units=0: must be a whole number, 1 or more, or -1 for no maximum",),
    ),
    Wrong(
        "a capacity of nothing",
        {**PROVISIONED, "read_capacity_units": 0},
        (f"read_capacity_units=0: {_UNITS}",),
    ),
    Wrong(
        "capacity in quotes, in half and as an answer",
        {
            **PROVISIONED,
            "read_capacity_units": "5",
            "write_capacity_units": 1.5,
            **on(index(read_capacity_units=True, write_capacity_units=2)),
        },
        (
            f"read_capacity_units='5': {_UNITS}",
            f"write_capacity_units=1.5: {_UNITS}",
            f"{_G}[by-id].read_capacity_units=True: {_UNITS}",
        ),
    ),
    Wrong(
        "less warm than its capacity",
        {**PROVISIONED, "warm_read_units_per_second": 4},
        (
            "warm_read_units_per_second=4: can't be below 5, its read_capacity_units; "
            "raise it or leave it out",
        ),
    ),
    Wrong(
        "less warm than on demand",
        {"warm_write_units_per_second": 3999, **on(index(warm_read_units_per_second=11_999))},
        (
            "warm_write_units_per_second=3999: can't be below 4000, what every on-demand table and "
            "index serves; raise it or leave it out",
            f"{_G}[by-id].warm_read_units_per_second=11999: can't be below 12000, what every "
            "on-demand table and index serves; raise it or leave it out",
        ),
    ),
    Wrong(
        "an unknown billing mode",
        {"billing_mode": "ON_DEMAND"},
        ("billing_mode='ON_DEMAND': must be 'PROVISIONED' or 'PAY_PER_REQUEST'",),
    ),
    Wrong("a type too many", typed("total"), (f"attributes[total]='S': {_IN_NO_KEY}",)),
    Wrong(
        "a type too many beside an index",
        {**typed("total", "day"), **on(index(range_key="day"))},
        (f"attributes[total]='S': {_IN_NO_KEY}",),
    ),
    Wrong(
        "a key without a type",
        {"attributes": {}},
        (f"attributes[id] is missing: hash_key names it; give {_TYPE}",),
    ),
    Wrong(
        "keys of indexes without a type",
        {**SORTED, **on(index(hash_key=["a", "b"])), **locally(local(range_key="c"))},
        (
            f"attributes[a] is missing: {_G}[by-id].hash_key names it; give {_TYPE}",
            f"attributes[b] is missing: {_G}[by-id].hash_key names it; give {_TYPE}",
            f"attributes[c] is missing: {_L}[by-day].range_key names it; give {_TYPE}",
        ),
    ),
    Wrong(
        "a slip in a type's name tells both sides",
        {"attributes": {"Id": "S"}},
        (
            f"attributes[id] is missing: hash_key names it; give {_TYPE}",
            f"attributes[Id]='S': {_IN_NO_KEY}",
        ),
    ),
    Wrong(
        "a key of a type that keys can't have",
        {"attributes": {"id": "SS"}},
        (f"attributes[id]='SS': must be {_TYPE}",),
    ),
    Wrong(
        "no types at all",
        {"attributes": LEAVE_OUT},
        ("attributes is missing: give the types of all key attributes, such as {'id': 'S'}",),
    ),
    Wrong(
        "types in a list",
        {"attributes": ["id"]},
        ("attributes=['id']: must be the types of all key attributes, such as {'id': 'S'}",),
    ),
    Wrong(
        "a name of an attribute that is no text",
        {"attributes": {"id": "S", 7: "S"}},
        ("attributes=7: has a key that is no text; make it text",),
    ),
    Wrong(
        "no key", {"hash_key": LEAVE_OUT}, ("hash_key is missing: give the name of an attribute",)
    ),
    Wrong(
        "a key of two for the table",
        {"hash_key": ["id", "day"]},
        ("hash_key=['id', 'day']: must be the name of an attribute",),
    ),
    Wrong(
        "hash and range of one attribute",
        {"range_key": "id"},
        ("range_key='id': is the hash_key already; give another, or none",),
    ),
    Wrong(
        "an attribute twice in the key of an index",
        {**typed("day"), **on(index(hash_key=["id", "day"], range_key=["day"]))},
        (f"{_G}[by-id].range_key='day': {_IN_KEY}",),
    ),
    Wrong(
        "an attribute twice in one part of the key of an index",
        on(index(hash_key=["id", "id"])),
        (f"{_G}[by-id].hash_key='id': {_IN_KEY}",),
    ),
    Wrong(
        "five attributes in a part of a key",
        {
            **typed(*"abcdefghi"),
            **on(index(hash_key=[*"abcde"]), index(name="other", range_key=[*"efghi"])),
        },
        (
            f"{_G}[by-id].hash_key=('a', 'b', 'c', 'd', 'e'): has 5 attributes, and can have 4",
            f"{_G}[other].range_key=('e', 'f', 'g', 'h', 'i'): has 5 attributes, and can have 4",
        ),
    ),
    Wrong(
        "an index without a key",
        on(index(hash_key=[])),
        (f"{_G}[by-id].hash_key=(): give at least one attribute",),
    ),
    Wrong(
        "a key without order",
        on(index(hash_key={"id"})),
        (f"{_G}[by-id].hash_key={{'id'}}: must be the name of an attribute, or a list of up to 4",),
    ),
    Wrong(
        "a local index of a table without a range key",
        {**typed("day"), **locally(local())},
        (
            "range_key is missing: local indexes need a table with one; give it, "
            "or make them global",
        ),
    ),
    Wrong(
        "a local index by the hash key",
        {**SORTED, **locally(local(range_key="id"))},
        (
            f"{_L}[by-day].range_key='id': is the table's hash_key, which leads the index already; "
            "give another",
        ),
    ),
    Wrong(
        "a local index with what only global ones have",
        {**SORTED, **locally(local(hash_key="id", read_capacity_units=5))},
        (
            f"{_L}[by-day].hash_key='id': a local index has the table's hash_key; leave it out, "
            "or make the index global",
            f"{_L}[by-day].read_capacity_units=5: a local index lives on the table's throughput; "
            "leave it out",
        ),
    ),
    Wrong(
        "one name for two indexes",
        on(index(), index()),
        (
            f"{_G}[by-id].name='by-id': another index of the table, global or local, has this "
            "name; give another",
        ),
    ),
    Wrong(
        "one name for a global and a local index",
        {**SORTED, **on(index()), **locally(local(name="by-id"), local(name="By-Id"))},
        (
            f"{_L}[by-id].name='by-id': another index of the table, global or local, has this "
            "name; give another",
        ),
    ),
    Wrong(
        "too many global indexes",
        on(*(index(name=f"index-{n}") for n in range(21))),
        (f"{_G}=21: is more than the 20 that a table can have",),
    ),
    Wrong(
        "too many local indexes",
        {**SORTED, **locally(*(local(name=f"index-{n}") for n in range(6)))},
        (f"{_L}=6: is more than the 5 that a table can have",),
    ),
    Wrong("a short name", {"name": "ab"}, (f"name='ab': {_NAME}",)),
    Wrong("a long name", {"name": "a" * 256}, (f"name='{'a' * 76}...: {_NAME}",)),
    Wrong("a name with a space", {"name": "my orders"}, (f"name='my orders': {_NAME}",)),
    Wrong("a name with a line's end", {"name": "orders\n"}, (f"name='orders\\n': {_NAME}",)),
    Wrong("no name", {"name": LEAVE_OUT}, (f"name is missing: {_NAME}",)),
    Wrong(
        "an ARN for a name",
        {"name": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"},
        (f"name='arn:aws:dynamodb:eu-west-1:111122223333:table/orders': {_NAME}",),
    ),
    Wrong(
        "names of indexes",
        {**SORTED, **on(index(name="by id")), **locally(local(name="äöü"))},
        (f"{_G}[by id].name='by id': {_NAME}", f"{_L}[äöü].name='äöü': {_NAME}"),
    ),
    Wrong(
        "an index without a name",
        on(index(), {"hash_key": "id"}),
        (f"{_G}[1].name is missing: {_NAME}",),
    ),
    Wrong(
        "a range key without a name",
        {"range_key": "", "attributes": {"id": "S", "": "S"}},
        (f"range_key='': {_BYTES}",),
    ),
    Wrong(
        "a key attribute with a long name, in bytes",
        {"hash_key": "ä" * 128, "attributes": {"ä" * 128: "S"}},
        (f"hash_key='{'ä' * 76}...: {_BYTES}",),
    ),
    Wrong(
        "projected attributes and a time to live without a name",
        {
            "time_to_live": "",
            **on(index(projection_type="INCLUDE", non_key_attributes=["total", ""])),
        },
        (f"{_G}[by-id].non_key_attributes='': {_BYTES}", f"time_to_live='': {_BYTES}"),
    ),
    Wrong(
        "INCLUDE without attributes",
        on(index(projection_type="INCLUDE")),
        (
            f"{_G}[by-id].non_key_attributes is missing: projection_type 'INCLUDE' needs them; "
            "list some, or make it 'KEYS_ONLY'",
        ),
    ),
    Wrong(
        "attributes without INCLUDE",
        {
            **SORTED,
            **on(index(non_key_attributes=["a"])),
            **locally(local(projection_type="KEYS_ONLY", non_key_attributes=["b"])),
        },
        (
            f"{_G}[by-id].non_key_attributes=('a',): projection_type 'ALL' takes none; "
            "leave them out, or make it 'INCLUDE'",
            f"{_L}[by-day].non_key_attributes=('b',): projection_type 'KEYS_ONLY' takes none; "
            "leave them out, or make it 'INCLUDE'",
        ),
    ),
    Wrong(
        "an attribute listed three times",
        on(index(projection_type="INCLUDE", non_key_attributes=["a", "b", "a", "a"])),
        (f"{_G}[by-id].non_key_attributes='a': is listed twice; once is enough",),
    ),
    Wrong(
        "21 attributes in a projection",
        on(index(projection_type="INCLUDE", non_key_attributes=[*_TWENTY, "b"])),
        (
            f"{_G}[by-id].non_key_attributes=21: is more than the 20 that an index can list; "
            "there is 'ALL'",
        ),
    ),
    Wrong(
        "101 attributes in all projections",
        on(
            *(
                index(name=f"{n}-id", projection_type="INCLUDE", non_key_attributes=_TWENTY)
                for n in range(5)
            ),
            index(projection_type="INCLUDE", non_key_attributes=["attribute-0"]),
        ),
        (
            "non_key_attributes=101: is how many the indexes list in all, and they can list 100; "
            "make one of them 'ALL' or 'KEYS_ONLY'",
        ),
    ),
    Wrong(
        "a projection that there is not",
        on(index(projection_type="NONE")),
        (f"{_G}[by-id].projection_type='NONE': must be 'ALL', 'KEYS_ONLY' or 'INCLUDE'",),
    ),
    Wrong(
        "one projected attribute without a list",
        on(index(projection_type="INCLUDE", non_key_attributes="total")),
        (f"{_G}[by-id].non_key_attributes='total': must be a list of names of attributes",),
    ),
    Wrong(
        "a time to live on the hash key",
        {"attributes": {"id": "N"}, "time_to_live": "id"},
        (
            "time_to_live='id': is in the table's key, where an item's time could never be "
            "changed; give another",
        ),
    ),
    Wrong(
        "a time to live on the range key",
        {**SORTED, "time_to_live": "day"},
        (
            "time_to_live='day': is in the table's key, where an item's time could never be "
            "changed; give another",
        ),
    ),
    Wrong(
        "a time to live on the key of an index that is no number",
        {**typed("expires"), **on(index(hash_key="expires")), "time_to_live": "expires"},
        (
            "time_to_live='expires': is of type 'S' as the key of an index, and only numbers "
            "expire; give another",
        ),
    ),
    Wrong(
        "a time to live that is on, but on what",
        {"time_to_live": True},
        ("time_to_live=True: must be the name of the attribute with the time, or False for none",),
    ),
    Wrong(
        "a period of recovery without backups",
        {"recovery_period_days": 7},
        ("recovery_period_days=7: needs point_in_time_recovery=True; set it, or leave this out",),
    ),
    Wrong(
        "a period of recovery with backups off",
        {"recovery_period_days": 7, "point_in_time_recovery": False},
        ("recovery_period_days=7: needs point_in_time_recovery=True; set it, or leave this out",),
    ),
    Wrong(
        "a long period of recovery",
        {"recovery_period_days": 36, "point_in_time_recovery": True},
        ("recovery_period_days=36: must be a whole number of days, 1 to 35",),
    ),
    Wrong(
        "a key in KMS without encryption by it",
        {"kms_key": "alias/orders"},
        ("kms_key='alias/orders': needs sse=True; set it, or leave this out",),
    ),
    Wrong(
        "no key in KMS",
        {"sse": True, "kms_key": ""},
        ("kms_key='': must be the id, ARN or alias of a key in KMS",),
    ),
    Wrong(
        "switches that are none",
        {"sse": "KMS", "point_in_time_recovery": 1, "deletion_protection": "yes"},
        (
            "point_in_time_recovery=1: must be True or False",
            "deletion_protection='yes': must be True or False",
            "sse='KMS': must be True (a key in KMS) or False (a key that DynamoDB owns)",
        ),
    ),
    Wrong(
        "a stream of what",
        {"stream_view_type": True},
        (
            "stream_view_type=True: must be 'KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE' or "
            "'NEW_AND_OLD_IMAGES', or False for no stream",
        ),
    ),
    Wrong(
        "an unknown table class",
        {"table_class": "GLACIER"},
        ("table_class='GLACIER': must be 'STANDARD' or 'STANDARD_INFREQUENT_ACCESS'",),
    ),
    Wrong(
        "unknown insights",
        on(index(contributor_insights="ALL")),
        (
            f"{_G}[by-id].contributor_insights='ALL': must be True, False, "
            "'ACCESSED_AND_THROTTLED_KEYS' (the same as True) or 'THROTTLED_KEYS'",
        ),
    ),
    Wrong(
        "51 tags",
        {"tags": {str(n): "" for n in range(51)}},
        ("tags=51: is more than the 50 that a table can have",),
    ),
    Wrong(
        "keys of tags",
        {"tags": {"": "", "k" * 129: "", "a,b": "", "aws:x": "", "AWS:y": ""}},
        (
            "tags[]='': a key has 1 to 128 characters, not 0",
            f"tags[{'k' * 40}...]='{'k' * 76}...: a key has 1 to 128 characters, not 129",
            f"tags[a,b]='a,b': a key {_SIGNS} ','",
            "tags[aws:x]='aws:x': begins like AWS's own tags, 'aws:'; give it another key",
            "tags[AWS:y]='AWS:y': begins like AWS's own tags, 'aws:'; give it another key",
        ),
    ),
    Wrong(
        "a tag that is our own",
        {"tags": {"dynoresilience:write": "5"}},
        (
            "tags[dynoresilience:write]='dynoresilience:write': begins like the tags in which this "
            "library notes its raises, 'dynoresilience:'; give it another key",
        ),
    ),
    Wrong(
        "values of tags",
        {"tags": {"a": "v" * 257, "b": "50%", "c": 5, "d": "two\nlines"}},
        (
            "tags[c]=5: must be text",
            f"tags[a]='{'v' * 76}...: a value has up to 256 characters, not 257",
            f"tags[b]='50%': a value {_SIGNS} '%'",
            f"tags[d]='two\\nlines': a value {_SIGNS} '\\n'",
        ),
    ),
    Wrong(
        "tags in a list",
        {"tags": ["team"]},
        ("tags=['team']: must be a mapping of text to text",),
    ),
    Wrong(
        "a field that there is not",
        {"read_capacity": 5, "ttl": "expires"},
        (
            "read_capacity=5: there is no such field; did you mean read_capacity_units?",
            "ttl='expires': there is no such field; did you mean time_to_live?",
        ),
    ),
    Wrong(
        "a field that nothing is like",
        {"provider": "aws"},
        ("provider='aws': there is no such field; leave it out",),
    ),
    Wrong(
        "a slip in the name of the indexes",
        {"attributes": {"id": "S", "day": "S"}, "global_secondary_index": [index(hash_key="day")]},
        (
            "global_secondary_index=[{'name': 'by-id', 'hash_key': 'day'}]: there is no such "
            "field; did you mean global_secondary_indexes?",
        ),
    ),
    Wrong(
        "the words of boto3",
        {
            "hash_key": LEAVE_OUT,
            "KeySchema": [],
            **on({"IndexName": "by-id", "hash_key": "id"}),
        },
        (
            "KeySchema=[]: there is no such field; did you mean hash_key?",
            f"{_G}[0].IndexName='by-id': there is no such field; did you mean name?",
        ),
    ),
    Wrong(
        "a slip in the name of a field that is needed",
        {"hash_key": LEAVE_OUT, "hash_key_name": "id"},
        ("hash_key_name='id': there is no such field; did you mean hash_key?",),
    ),
    Wrong(
        "an index that is none",
        on("by-id"),
        (f"{_G}[0]='by-id': must be a GlobalIndex, or a mapping with its fields",),
    ),
    Wrong(
        "indexes by name",
        {"global_secondary_indexes": {"by-id": {"hash_key": "id"}}},
        (f"{_G}={{'by-id': {{'hash_key': 'id'}}}}: must be a list of indexes",),
    ),
]
