"""What the use cases of `dynoresilience.tables` need of the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dynoresilience.ports import ControlPlaneError


class NotSupported(ControlPlaneError):
    """This endpoint does not have the operation, or the installed botocore not its parameter."""


class Refused(ControlPlaneError):
    """A ValidationException: the request is wrong as it stands, or comes at the wrong moment."""


class TableAdmin(Protocol):
    """The operations of one account and region that are about tables. Thread-safe."""

    @property
    def region(self) -> str: ...

    @property
    def endpoint(self) -> str:
        """The URL: tables of one name behind two endpoints are two tables."""

    def ask(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request, once; ``operation`` is DynamoDB's name of it ("DescribeTable").

        Returns:
            The answer, as boto3 gives it.

        Raises:
            `AccessDenied`, `TableBusy`, `TableNotFound`, `ServiceLimit`, `Refused`,
            `NotSupported`, `OutcomeUnknown` or `ControlPlaneError`; `CredentialsError`, where the
            credentials are missing, expired or unknown.
        """

    @property
    def cannot_keep(self) -> frozenset[str]:
        """Properties (fields of a `TableSpec`) that this emulator takes and forgets."""


class KeyNames(Protocol):
    """What the aliases of KMS keys stand for."""

    def arn_of(self, alias: str) -> str | None:
        """The ARN of the key behind an alias (its name or ARN); None: there is no such alias.

        Raises:
            `AccessDenied`, `NotSupported` (there is no KMS here) or `ControlPlaneError`.
        """
