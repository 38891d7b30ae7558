"""DynamoDB calls that survive throttling: raise what is short, retry, and lower it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from dynoresilience.capacity.policy import (
        DemandPolicy,
        GeometricPolicy,
        Need,
        ScalingPolicy,
    )
    from dynoresilience.capacity.prices import Prices
    from dynoresilience.client import ScalingClient, attach, install
    from dynoresilience.config import IndexLimits, ScalingConfig, TableLimits
    from dynoresilience.decorators import lambda_handler, with_throughput_scaling
    from dynoresilience.errors import (
        ClientClosedError,
        ConfigError,
        CredentialsError,
        DynoResilienceError,
        ItemError,
        KeysUnknownError,
        NotAttachableError,
    )
    from dynoresilience.tenacity_callbacks import raise_capacity, retry_if_throttled

_HOMES = {
    "ScalingClient": "client",
    "attach": "client",
    "install": "client",
    "ScalingConfig": "config",
    "TableLimits": "config",
    "IndexLimits": "config",
    "ScalingPolicy": "capacity.policy",
    "DemandPolicy": "capacity.policy",
    "GeometricPolicy": "capacity.policy",
    "Need": "capacity.policy",
    "Prices": "capacity.prices",
    "lambda_handler": "decorators",
    "with_throughput_scaling": "decorators",
    "DynoResilienceError": "errors",
    "ConfigError": "errors",
    "ClientClosedError": "errors",
    "CredentialsError": "errors",
    "ItemError": "errors",
    "KeysUnknownError": "errors",
    "NotAttachableError": "errors",
    "raise_capacity": "tenacity_callbacks",
    "retry_if_throttled": "tenacity_callbacks",
}

__all__ = [
    "ClientClosedError",
    "ConfigError",
    "CredentialsError",
    "DemandPolicy",
    "DynoResilienceError",
    "GeometricPolicy",
    "IndexLimits",
    "ItemError",
    "KeysUnknownError",
    "Need",
    "NotAttachableError",
    "Prices",
    "ScalingClient",
    "ScalingConfig",
    "ScalingPolicy",
    "TableLimits",
    "attach",
    "install",
    "lambda_handler",
    "raise_capacity",
    "retry_if_throttled",
    "with_throughput_scaling",
]


def __getattr__(name: str) -> Any:
    """Load a public name's module when it is first asked for: a cold start pays for no more."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
