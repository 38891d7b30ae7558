"""Whose credentials a client has, by STS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from dynoresilience.aws import botocore_private
from dynoresilience.aws.credential_faults import meaning
from dynoresilience.aws.siblings import required_sibling


class Caller(NamedTuple):
    """What GetCallerIdentity answers."""

    account: str
    arn: str
    user_id: str


def dynamodb_client(region: str | None) -> Any:
    """One of boto3's default session.

    Raises:
        CredentialsError: there is no region, no such profile, or half of the credentials.
    """
    import boto3

    return _translated(partial(boto3.client, "dynamodb", region_name=region))


def caller_of(client: Any) -> Caller | None:
    """Whose credentials a DynamoDB client has: one request, 5 s to connect and to wait.

    Returns:
        None: the client's endpoint is not AWS's, and there is no STS for it. Nothing is sent.

    Raises:
        CredentialsError: no answer, or a refusal.
    """
    source = botocore_private.credentials_source(client)
    sts = _translated(partial(required_sibling, client, "sts"), source)
    if sts is None:
        return None
    answer = _translated(sts.get_caller_identity, source)
    return Caller(answer["Account"], answer["Arn"], answer["UserId"])


def _translated(call: Callable[[], Any], source: str | None = None) -> Any:
    try:
        return call()
    except (BotoCoreError, ClientError) as error:
        fault = meaning(error, source)
    raise fault  # out here, so that botocore's is no part of it: it may hold what was signed
