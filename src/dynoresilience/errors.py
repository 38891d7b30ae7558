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
