"""The library's own errors. botocore's exceptions pass through unchanged."""

from __future__ import annotations


class DynoResilienceError(Exception):
    """The root of every error that this library raises itself."""


class ConfigError(DynoResilienceError, ValueError):
    """A setting is wrong. Names each field or variable, its value and what is allowed."""


class ClientClosedError(DynoResilienceError):
    """The ScalingClient was closed; nothing was sent."""


class NotAttachableError(DynoResilienceError, TypeError):
    """The object is not a DynamoDB client, resource, Table or session that can be attached to."""


class ItemError(DynoResilienceError, ValueError):
    """An item can't be created as it is; nothing was sent of it. Names attributes, no values."""


class KeysUnknownError(DynoResilienceError):
    """The key attributes of a table can't be found out; give them as ``keys=``."""


class CredentialsError(DynoResilienceError):
    """The credentials, the region or the account are not what the program needs.

    No secret is in it, nor the id of an access key. Its text is the problem and the remedy.

    Args:
        kind: "expired", "missing", "invalid", "denied", "clock", "region", "account",
            "unreachable" or "unknown".
        problem: what is wrong.
        remedy: what to do about it.
    """

    def __init__(self, kind: str, problem: str, remedy: str) -> None:
        super().__init__(kind, problem, remedy)
        self.kind = kind
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}"
