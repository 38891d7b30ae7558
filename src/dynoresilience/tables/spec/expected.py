"""What the fields of a spec take, in words for those who gave something else."""

from __future__ import annotations

_UNITS = "a whole number, 1 or more"
_MAXIMUM = "a whole number, 1 or more, or -1 for no maximum"
_ONE_NAME = "the name of an attribute"
_INDEXES = "a list of indexes"

EXPECTED = {
    "name": "a name: 3 to 255 of a-z, A-Z, 0-9, '_', '.' and '-'",
    "attributes": "the types of all key attributes, such as {'id': 'S'}",
    "attributes[]": "the type of this attribute: 'S' (string), 'N' (number) or 'B' (binary)",
    "hash_key": _ONE_NAME,
    "range_key": _ONE_NAME,
    "GlobalIndex.hash_key": "the name of an attribute, or a list of up to 4",
    "GlobalIndex.range_key": "the name of an attribute, or a list of up to 4",
    "billing_mode": "'PROVISIONED' or 'PAY_PER_REQUEST'",
    "read_capacity_units": _UNITS,
    "write_capacity_units": _UNITS,
    "max_read_request_units": _MAXIMUM,
    "max_write_request_units": _MAXIMUM,
    "warm_read_units_per_second": _UNITS,
    "warm_write_units_per_second": _UNITS,
    "contributor_insights": (
        "True, False, 'ACCESSED_AND_THROTTLED_KEYS' (the same as True) or 'THROTTLED_KEYS'"
    ),
    "global_secondary_indexes": _INDEXES,
    "local_secondary_indexes": _INDEXES,
    "projection_type": "'ALL', 'KEYS_ONLY' or 'INCLUDE'",
    "non_key_attributes": "a list of names of attributes",
    "stream_view_type": (
        "'KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE' or 'NEW_AND_OLD_IMAGES', or False for no stream"
    ),
    "time_to_live": "the name of the attribute with the time, or False for none",
    "tags": "a mapping of text to text",
    "tags[]": "text",
    "point_in_time_recovery": "True or False",
    "recovery_period_days": "a whole number of days, 1 to 35",
    "deletion_protection": "True or False",
    "table_class": "'STANDARD' or 'STANDARD_INFREQUENT_ACCESS'",
    "sse": "True (a key in KMS) or False (a key that DynamoDB owns)",
    "kms_key": "the id, ARN or alias of a key in KMS",
}
"""By field; ``attributes[]`` is an entry of ``attributes``. It reads after "give" and "must be"."""

_NO_THROUGHPUT = "a local index lives on the table's throughput; leave it out"
MEANT = {
    "attribute_definitions": "attributes",
    "hash_key_type": "attributes",
    "range_key_type": "attributes",
    "gsi": "global_secondary_indexes",
    "gsis": "global_secondary_indexes",
    "indexes": "global_secondary_indexes",
    "lsi": "local_secondary_indexes",
    "lsis": "local_secondary_indexes",
    "index_name": "name",
    "table_name": "name",
    "key_schema": "hash_key",
    "partition_key": "hash_key",
    "sort_key": "range_key",
    "pitr": "point_in_time_recovery",
    "projection": "projection_type",
    "provisioned_throughput": "read_capacity_units",
    "rcu": "read_capacity_units",
    "wcu": "write_capacity_units",
    "stream": "stream_view_type",
    "stream_specification": "stream_view_type",
    "streams": "stream_view_type",
    "sse_specification": "sse",
    "ttl": "time_to_live",
    "ttl_attribute": "time_to_live",
}
"""Words that others have for our fields, of boto3 in small letters."""

NEVER_LOCAL = {
    "hash_key": "a local index has the table's hash_key; leave it out, or make the index global",
    "read_capacity_units": _NO_THROUGHPUT,
    "write_capacity_units": _NO_THROUGHPUT,
    "max_read_request_units": _NO_THROUGHPUT,
    "max_write_request_units": _NO_THROUGHPUT,
    "warm_read_units_per_second": _NO_THROUGHPUT,
    "warm_write_units_per_second": _NO_THROUGHPUT,
    "contributor_insights": "only a table and its global indexes have them; leave it out",
}
"""What a global index has, and a local one has not, with the remedy."""
