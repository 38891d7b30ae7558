"""Whose tables these would be: asked before anything is created in the wrong place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynoresilience.attachment import client_behind
from dynoresilience.aws.identity import Caller, caller_of, dynamodb_client
from dynoresilience.errors import ConfigError, CredentialsError


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials of a DynamoDB client are, and where its calls go.

    Args:
        account: its number, such as "123456789012". None: the endpoint is an emulator, that is
            not of AWS, and there is nobody to ask.
        arn: of the user or of the role's session. None as ``account``.
        user_id: AWS's own id of it. None as ``account``.
        region: of the client.
        endpoint: the URL of the client.
    """

    account: str | None
    arn: str | None
    user_id: str | None
    region: str
    endpoint: str

    def __str__(self) -> str:
        if self.account is None:
            return f"no AWS account: {self.endpoint} is not AWS's (region {self.region})"
        return f"account {self.account} as {self.arn}, {self.region} ({self.endpoint})"


def whoami(
    client: Any = None,
    *,
    region: str | None = None,
    expected_region: str | None = None,
    expected_account: str | None = None,
) -> Identity:
    """Whose credentials these are, and where they lead, by STS: needs no permission.

        print(whoami(ddb, expected_region="eu-central-1", expected_account="123456789012"))

    One request to the STS of the client's region (or of ``AWS_ENDPOINT_URL_STS``), with the
    client's credentials and proxies; it takes up to 10 s if nobody answers. Beside an emulator
    none is sent.

    Args:
        client: a boto3 DynamoDB client, resource or Table, or a `ScalingClient`. None:
            ``boto3.client("dynamodb")``.
        region: of the client that is made where none is given.
        expected_region: refuse another one, before anything is sent.
        expected_account: refuse another one, and every emulator.

    Raises:
        CredentialsError: they are expired, missing, invalid or denied; there is no region; STS
            can't be reached; or it is not what was expected. Each with a ``remedy``.
        ConfigError: ``client`` and ``region``, or an ``expected_account`` that is no number.
        NotAttachableError: ``client`` is nothing of DynamoDB.
    """
    _check(client, region, expected_account)
    own = dynamodb_client(region) if client is None else client_behind(client)
    if expected_region is not None:
        check_region(own, expected_region)
    endpoint = own.meta.endpoint_url
    caller = caller_of(own)
    if expected_account is not None:
        _check_account(caller, expected_account, endpoint)
    account, arn, user_id = (None, None, None) if caller is None else caller
    return Identity(account, arn, user_id, own.meta.region_name, endpoint)


def check_region(client: Any, expected: str) -> None:
    """See to it that a client is for this region. Sends nothing.

    Raises:
        CredentialsError: of kind "region": it is for another one.
        NotAttachableError: ``client`` is nothing of DynamoDB.
    """
    own = client_behind(client)
    if own.meta.region_name != expected:
        raise CredentialsError(
            "region",
            f"the client's region is {own.meta.region_name!r} and not {expected!r}",
            f'make it with boto3.client("dynamodb", region_name={expected!r}), or set '
            "AWS_DEFAULT_REGION",
        )


def _check_account(caller: Caller | None, expected: str, endpoint: str) -> None:
    if caller is None:
        raise CredentialsError(
            "account",
            f"{endpoint} is not AWS's, so these are not the tables of account {expected}",
            "take the endpoint away (endpoint_url, AWS_ENDPOINT_URL), or expect no account there",
        )
    if caller.account != expected:
        raise CredentialsError(
            "account",
            f"the credentials are those of account {caller.account} ({caller.arn}) and not of "
            f"{expected}",
            "choose another profile (AWS_PROFILE), or assume a role in that account",
        )


def _check(client: Any, region: str | None, expected_account: str | None) -> None:
    if client is not None and region is not None:
        raise ConfigError(f"region={region!r}: the client has its own; give expected_region=")
    if expected_account is not None and (
        not isinstance(expected_account, str)
        or len(expected_account) != 12
        or not expected_account.isdigit()
    ):
        raise ConfigError(f"expected_account={expected_account!r} must be a text of 12 digits")
