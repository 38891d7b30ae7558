"""Each error of botocore on the way to STS: what it means, its remedy, and no secret in it."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from dynoresilience.aws import credential_faults
from dynoresilience.aws.credential_faults import meaning

SECRET = "Credential=AKIAIOSFODNN7EXAMPLE, Signature=0badc0de, x-amz-security-token:FwoGZX"


def refusal(code: str, message: str = SECRET, status: int = 403) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "GetCallerIdentity")


CASES = [
    (refusal("ExpiredToken"), "expired", "from env have expired: get new ones"),
    (refusal("ExpiredTokenException"), "expired", "have expired"),
    (refusal("InvalidClientTokenId"), "invalid", "does not know the access key from env"),
    (refusal("UnrecognizedClientException"), "invalid", "AWS_SESSION_TOKEN"),
    (refusal("SignatureDoesNotMatch"), "invalid", "AWS_SECRET_ACCESS_KEY is the one"),
    (refusal("IncompleteSignature", status=400), "invalid", "no valid signature"),
    (refusal("MissingAuthenticationToken"), "missing", "aws sso login"),
    (
        refusal("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier"),
        "clock",
        "NTP",
    ),
    (refusal("SignatureDoesNotMatch", "Signature not yet current: 2027"), "clock", "NTP"),
    (refusal("InvalidSignatureException", "Signature expired: 2026"), "clock", "NTP"),
    (refusal("RequestExpired", status=400), "clock", "within 15 minutes"),
    (refusal("AccessDenied"), "denied", "may not do GetCallerIdentity"),
    (refusal("RegionDisabledException"), "region", "switch it on"),
    (refusal("InternalFailure", status=500), "unreachable", "failed with InternalFailure"),
    (refusal("Throttling", status=400), "unknown", "ended in Throttling"),
    (exceptions.NoCredentialsError(), "missing", "there are no credentials"),
    (
        exceptions.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
        "missing",
        "half of the credentials",
    ),
    (exceptions.ProfileNotFound(profile="gone"), "missing", "no such profile"),
    (exceptions.TokenRetrievalError(provider="sso", error_msg=SECRET), "expired", "sso login"),
    (exceptions.SSOTokenLoadError(error_msg=SECRET), "expired", "there was none"),
    (exceptions.UnauthorizedSSOTokenError(), "expired", "sso login"),
    (
        exceptions.CredentialRetrievalError(provider="custom-process", error_msg=SECRET),
        "missing",
        "could not be fetched",
    ),
    (exceptions.NoRegionError(), "region", "there is no region"),
    (exceptions.InvalidRegionError(region_name="eu west"), "region", "eu-central-1"),
    (exceptions.EndpointConnectionError(endpoint_url="http://x"), "unreachable", "HTTPS_PROXY"),
    (exceptions.ConnectTimeoutError(endpoint_url="http://x"), "unreachable", "network"),
    (exceptions.ReadTimeoutError(endpoint_url="http://x"), "unreachable", "network"),
    (exceptions.ConnectionClosedError(endpoint_url="http://x"), "unreachable", "network"),
    (exceptions.SSLError(endpoint_url="http://x", error="x"), "unreachable", "network"),
    (exceptions.ProxyConnectionError(proxy_url="http://u:p@x"), "unreachable", "network"),
    (exceptions.UnknownServiceError(service_name="x", known_service_names="y"), "unknown", "debug"),
]


@pytest.mark.parametrize(("error", "kind", "told"), CASES, ids=lambda each: repr(each)[:60])
def test_each_has_its_meaning(error: Any, kind: str, told: str) -> None:
    made = meaning(error, "env")

    assert made.kind == kind
    assert told in str(made)
    assert str(made) == f"{made.problem}: {made.remedy}"
    assert made.remedy
    assert not any(word in str(made) for word in ("AKIA", "0badc0de", "FwoGZX", "u:p", "{"))
    copied = pickle.loads(pickle.dumps(made))
    assert (copied.kind, str(copied)) == (made.kind, str(made))


def test_the_call_that_made_the_credentials_is_named() -> None:
    error = refusal("AccessDenied")
    error.operation_name = "AssumeRole"

    made = meaning(error, None)

    assert "the credentials may not do AssumeRole" in str(made)


def test_the_kinds_are_those_that_the_error_documents() -> None:
    documented = inspect.getdoc(credential_faults.CredentialsError) or ""
    kinds = {*credential_faults._BY_CODE.values(), *credential_faults._BY_CLASS.values()}

    assert {kind for _, kind, _ in CASES} >= {each.kind for each in kinds}
    for each in kinds:
        assert f'"{each.kind}"' in documented
