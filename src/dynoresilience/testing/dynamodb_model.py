"""DynamoDB's operations and the form of their requests, from botocore's model."""

from __future__ import annotations

import difflib
import functools

from botocore.loaders import create_loader
from botocore.model import ServiceModel


@functools.cache
def service_model() -> ServiceModel:
    """The model of DynamoDB, read once in the process."""
    return ServiceModel(create_loader().load_service_model("dynamodb", "service-2"), "dynamodb")


def check_operation(name: str) -> None:
    """Raise a ValueError that helps unless it is the name of an operation, such as "PutItem"."""
    known = service_model().operation_names
    if name not in known:
        close = difflib.get_close_matches(str(name).replace("_", "").title(), known, n=1, cutoff=0)
        hint = f": did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"DynamoDB has no operation {name!r}{hint}")
