"""A catalogue of products as the arguments of boto3's ``create_table``: provisioned throughout.

Reads are many and even, writes are few: the index that shoppers browse has its own capacity.
"""

from __future__ import annotations

from typing import Any

from dynoresilience.tables import TableSpec

CREATE_TABLE: dict[str, Any] = {
    "TableName": "products",
    "AttributeDefinitions": [
        {"AttributeName": "product_id", "AttributeType": "S"},
        {"AttributeName": "category", "AttributeType": "S"},
        {"AttributeName": "price", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "product_id", "KeyType": "HASH"}],
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 5},
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-category",
            "KeySchema": [
                {"AttributeName": "category", "KeyType": "HASH"},
                {"AttributeName": "price", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
            "ProvisionedThroughput": {"ReadCapacityUnits": 20, "WriteCapacityUnits": 5},
        }
    ],
    "Tags": [{"Key": "team", "Value": "catalogue"}],
}

SPEC = TableSpec.from_boto3(CREATE_TABLE)
