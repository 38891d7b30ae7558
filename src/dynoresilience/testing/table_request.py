"""A CreateTable request from the few words that a test needs."""

from __future__ import annotations

from collections.abc import Mapping

from dynoresilience.testing.replies import Body


def create_table_request(
    name: str,
    read: int,
    write: int,
    indexes: Mapping[str, tuple[int, int]],
    hash_key: str,
    index_keys: Mapping[str, str],
    on_demand: bool,
) -> Body:
    """The arguments of ``create_table``; see `SimulatedDynamoDB.create_table`.

    Raises:
        ValueError: ``indexes`` is no mapping, or ``index_keys`` names others.
    """
    if not isinstance(indexes, Mapping):
        raise ValueError(f"indexes must map names to (read, write) units, got {indexes!r}")
    if index_keys.keys() - indexes.keys():
        raise ValueError(f"index_keys has names that indexes hasn't: {', '.join(index_keys)}")
    keys = {index: index_keys.get(index, index.removeprefix("by-")) for index in indexes}
    throughput = {} if on_demand else _throughput(read, write)
    request: Body = {
        "TableName": name,
        "KeySchema": _key(hash_key),
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in dict.fromkeys([hash_key, *keys.values()])
        ],
        "BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
        **throughput,
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _key(keys[index]),
                "Projection": {"ProjectionType": "ALL"},
                **({} if on_demand else _throughput(*units)),
            }
            for index, units in indexes.items()
        ]
    return request


def _key(attribute: str) -> list[dict[str, str]]:
    return [{"AttributeName": attribute, "KeyType": "HASH"}]


def _throughput(read: int, write: int) -> Body:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}
