"""Clients of other services beside a DynamoDB client: its credentials, its region, its proxies."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from dynoresilience.aws import botocore_private

_log = logging.getLogger("dynoresilience")


def sibling(client: Any, service: str) -> Any | None:
    """A client of ``service`` ("scheduler") for the account and region of a DynamoDB ``client``.

    It tries each call once, with timeouts of 5 s, and appears in no trace. Making it takes some
    hundredths of a second (a model is read from disk) and sends nothing.

    Where it leads is botocore's affair: to AWS, or where ``AWS_ENDPOINT_URL`` (or
    ``AWS_ENDPOINT_URL_SCHEDULER``...) says. If the tables are not AWS's (an emulator) and it
    would lead to AWS, there is none: other people's tables are not to be found there.

    Returns:
        None: there is no such service here, or it can't be made; the log's DEBUG says why.
    """
    try:
        return required_sibling(client, service)
    except Exception as error:  # a profile that is gone, a later botocore...: then without it
        _log.debug("no client of %s could be made: %s", service, error)
        return None


def required_sibling(client: Any, service: str) -> Any | None:
    """The same; raises what botocore raises if it can't be made."""
    made = botocore_private.client_like(client, service)
    if is_aws(made.meta.endpoint_url) and not is_aws(client.meta.endpoint_url):
        _log.debug("%s: there is no %s beside it", client.meta.endpoint_url, service)
        return None
    return made


def is_aws(url: str) -> bool:
    """Whether a URL leads to AWS, in any partition, also through a VPC endpoint."""
    return (urlsplit(url).hostname or "").endswith(_domains())


@cache
def _domains() -> tuple[str, ...]:
    """What AWS's host names end in, as botocore knows its partitions."""
    from botocore.loaders import create_loader

    partitions = create_loader().load_data("partitions")["partitions"]
    kinds = ("dnsSuffix", "dualStackDnsSuffix")
    return tuple(f".{partition['outputs'][kind]}" for partition in partitions for kind in kinds)
