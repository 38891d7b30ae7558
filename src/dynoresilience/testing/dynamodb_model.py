"""DynamoDB's operations and the form of their requests, from botocore's model."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection

from botocore.loaders import create_loader
from botocore.model import ServiceModel


@functools.cache
def service_model(service: str = "dynamodb") -> ServiceModel:
    """The model of a service, read once in the process."""
    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)


def operation_names() -> list[str]:
    """The operations of DynamoDB."""
    return list(service_model().operation_names)


def check_operation(name: str, also: Collection[str] = ()) -> None:
    """Raise a ValueError that helps unless it names an operation, such as "PutItem".

    Args:
        name: what may be one.
        also: operations of other services.
    """
    known = [*operation_names(), *also]
    if name not in known:
        close = difflib.get_close_matches(str(name).replace("_", "").title(), known, n=1, cutoff=0)
        hint = f": did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"DynamoDB has no operation {name!r}{hint}")
