"""What the aliases of KMS keys stand for: DescribeKey, asked once for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from dynoresilience.aws.siblings import sibling
from dynoresilience.aws.table_control import translated
from dynoresilience.ports.tables import NotSupported


class KmsKeys:
    """`ports.tables.KeyNames` through a client that makes a single attempt.

    ``new_client`` is called when first needed; None: there is no KMS here.
    """

    def __init__(self, new_client: Callable[[], Any | None]) -> None:
        self._new_client = new_client

    @classmethod
    def beside(cls, dynamodb: Any) -> KmsKeys:
        """The keys that a DynamoDB client's credentials see, in its region."""
        return cls(lambda: sibling(dynamodb, "kms"))

    def arn_of(self, alias: str) -> str | None:
        client = self._new_client()
        if client is None:
            raise NotSupported("there is no KMS beside the tables")
        try:
            return str(client.describe_key(KeyId=alias)["KeyMetadata"]["Arn"])
        except NotImplementedError as error:
            raise NotSupported(f"DescribeKey: {error}") from error
        except Exception as error:
            if isinstance(error, ClientError) and _code(error) == "NotFoundException":
                return None
            raise translated(error, "kms:DescribeKey") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
