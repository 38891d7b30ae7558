"""Which host names are AWS's, and which of them are DynamoDB's."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from botocore.loaders import create_loader

_DYNAMODB = r"(?!streams\.)(?:.+\.)?(?:dynamodb|ddb)(?:-fips)?\.(?P<region>[a-z0-9-]+)(?:\.vpce)?"
"""Regional, by account, FIPS or through a VPC endpoint. Streams are a service of their own."""


def is_aws(url: str) -> bool:
    """Whether a URL leads to AWS."""
    return _ends().search(_host(url)) is not None


def dynamodb_region(url: str) -> str | None:
    """The region whose DynamoDB a URL leads to; None if it leads anywhere else."""
    found = _dynamodb().fullmatch(_host(url))
    return None if found is None else found["region"]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


@cache
def _ends() -> re.Pattern[str]:
    """What AWS's host names end in, as botocore knows its partitions."""
    partitions = create_loader().load_data("partitions")["partitions"]
    kinds = ("dnsSuffix", "dualStackDnsSuffix")
    domains = {partition["outputs"][kind] for partition in partitions for kind in kinds}
    return re.compile(rf"\.(?:{'|'.join(map(re.escape, sorted(domains)))})$")


@cache
def _dynamodb() -> re.Pattern[str]:
    return re.compile(_DYNAMODB + _ends().pattern)
