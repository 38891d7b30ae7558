"""Which host names are AWS's, DynamoDB's, and Application Auto Scaling's."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from botocore.loaders import create_loader

_DYNAMODB = r"(?!streams\.)(?:.+\.)?(?:dynamodb|ddb)(?:-fips)?\.(?P<region>[a-z0-9-]+)(?:\.vpce)?"
"""Regional, by account, FIPS or through a VPC endpoint. Streams are a service of their own."""

_AUTOSCALING = r"(?:.+\.)?application-autoscaling(?:-fips)?\.(?P<region>[a-z0-9-]+)(?:\.vpce)?"


def is_aws(url: str) -> bool:
    """Whether a URL leads to AWS."""
    return _ends().search(_host(url)) is not None


def dynamodb_region(url: str) -> str | None:
    """The region whose DynamoDB a URL leads to; None if it leads anywhere else."""
    return _region(_DYNAMODB, url)


def autoscaling_region(url: str) -> str | None:
    """The region whose Application Auto Scaling a URL leads to; None if it leads elsewhere."""
    return _region(_AUTOSCALING, url)


def _region(hosts: str, url: str) -> str | None:
    found = _pattern(hosts).fullmatch(_host(url))
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
def _pattern(hosts: str) -> re.Pattern[str]:
    return re.compile(hosts + _ends().pattern)
