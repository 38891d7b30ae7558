"""What an error on the way to a first answer of AWS means, and what to do about it.

AWS's own words are left out: they may hold what was signed, tokens and the key's id included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from dynoresilience.errors import CredentialsError


class _Kind(NamedTuple):
    kind: str
    problem: str
    remedy: str


_EXPIRED = _Kind(
    "expired",
    "the credentials{source} have expired",
    "get new ones: `aws sso login` for a profile of IAM Identity Center, or assume the role again",
)
_NO_LOGIN = _Kind(
    "expired",
    "the login{source} has expired, or there was none",
    "run `aws sso login`, with --profile where AWS_PROFILE names one",
)
_MISSING = _Kind(
    "missing",
    "there are no credentials",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, log in with `aws sso login`, "
    "or give the machine a role",
)
_PARTIAL = _Kind(
    "missing",
    "half of the credentials is missing",
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the same place, both",
)
_UNREADABLE = _Kind(
    "missing",
    "the credentials could not be fetched",
    "see whether their source works: `aws sts get-caller-identity` asks it, too",
)
_NO_PROFILE = _Kind(
    "missing",
    "there is no such profile as AWS_PROFILE or the session names",
    "see `aws configure list-profiles`, and name one of those",
)
_INVALID = _Kind(
    "invalid",
    "AWS does not know the access key{source}",
    "see whether it was deleted or deactivated, belongs to this partition (China and GovCloud "
    "have keys of their own), has its AWS_SESSION_TOKEN with it if it is temporary, and whether "
    "the account has opted in to the region",
)
_UNSIGNED = _Kind(
    "invalid",
    "the request has no valid signature{source}",
    "see whether AWS_SECRET_ACCESS_KEY is the one that belongs to the access key, complete and "
    "without blanks, and whether a proxy changes requests",
)
_CLOCK = _Kind(
    "clock",
    "the clock of this machine is wrong: AWS takes requests signed within 15 minutes of its own",
    "set the clock, by NTP",
)
_DENIED = _Kind(
    "denied",
    "the credentials{source} may not do {operation}",
    "ask whoever administers the account: a policy of the organization, of a VPC endpoint or, for "
    "AssumeRole, of the role refuses it",
)
_REGION_OFF = _Kind(
    "region",
    "the region is switched off for this account",
    "switch it on in the account's settings, or choose another",
)
_NO_REGION = _Kind(
    "region",
    "there is no region",
    "give region=, set AWS_DEFAULT_REGION, or set `region` in the profile",
)
_BAD_REGION = _Kind(
    "region", "the region is not written as a region's name", 'write it as in "eu-central-1"'
)
_UNREACHABLE = _Kind(
    "unreachable",
    "AWS's STS can't be reached",
    "see whether the network, a proxy (HTTPS_PROXY) or a VPC without an endpoint for STS is in "
    "the way, and whether AWS_ENDPOINT_URL leads where it should",
)
_FAILED = _Kind("unreachable", "{operation} failed with {code}", "try again later")
_UNKNOWN = _Kind(
    "unknown",
    "{operation} ended in {code}",
    "`aws sts get-caller-identity --debug` tells more",
)

_BY_CODE: Mapping[str, _Kind] = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidClientTokenId": _INVALID,
    "UnrecognizedClientException": _INVALID,
    "InvalidAccessKeyId": _INVALID,
    "SignatureDoesNotMatch": _UNSIGNED,
    "InvalidSignatureException": _UNSIGNED,
    "IncompleteSignature": _UNSIGNED,
    "IncompleteSignatureException": _UNSIGNED,
    "MissingAuthenticationToken": _MISSING,
    "MissingAuthenticationTokenException": _MISSING,
    "RequestExpired": _CLOCK,
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "RegionDisabledException": _REGION_OFF,
}
_BY_CLASS: Mapping[str, _Kind] = {
    "NoCredentialsError": _MISSING,
    "NoAuthTokenError": _MISSING,
    "PartialCredentialsError": _PARTIAL,
    "ProfileNotFound": _NO_PROFILE,
    "UnauthorizedSSOTokenError": _NO_LOGIN,
    "SSOTokenLoadError": _NO_LOGIN,
    "TokenRetrievalError": _NO_LOGIN,
    "CredentialRetrievalError": _UNREADABLE,
    "MetadataRetrievalError": _UNREADABLE,
    "NoRegionError": _NO_REGION,
    "InvalidRegionError": _BAD_REGION,
    "ConnectionError": _UNREACHABLE,
    "HTTPClientError": _UNREACHABLE,
}
"""By the name of botocore's class, or of one it is derived from; some are of later versions."""


def meaning(error: BotoCoreError | ClientError, source: str | None) -> CredentialsError:
    """What an error of botocore says of the credentials that come from ``source`` ("env")."""
    operation, code = "GetCallerIdentity", type(error).__name__
    if isinstance(error, ClientError):
        operation = error.operation_name  # AssumeRole and the like, where the credentials are made
        code = error.response.get("Error", {}).get("Code", "")
        found = _of_answer(code, error)
    else:
        names = (each.__name__ for each in type(error).__mro__)
        found = next((_BY_CLASS[name] for name in names if name in _BY_CLASS), _UNKNOWN)
    told = f" from {source}" if source else ""
    problem = found.problem.format(source=told, operation=operation, code=code)
    return CredentialsError(found.kind, problem, found.remedy)


def _of_answer(code: str, error: ClientError) -> _Kind:
    message = error.response.get("Error", {}).get("Message") or ""
    if "ignature expired" in message or "not yet current" in message:
        return _CLOCK
    if code in _BY_CODE:
        return _BY_CODE[code]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _FAILED if status >= 500 else _UNKNOWN
