from typing import Any

import pytest

from dynoresilience.testing.control.encryption import PAUSE, WINDOW, Encryption, wanted_key
from tests.unit.testing.control.refusals import code

ONE, TWO = "arn:aws:kms:eu-west-1:1:key/one", "arn:aws:kms:eu-west-1:1:key/two"


def shown(status: str, key: str) -> dict[str, str]:
    return {"Status": status, "SSEType": "KMS", "KMSMasterKeyArn": key}


@pytest.mark.parametrize(
    ("before", "after", "meanwhile", "then"),
    [
        (None, ONE, {"Status": "UPDATING"}, shown("ENABLED", ONE)),
        (ONE, TWO, shown("UPDATING", ONE), shown("ENABLED", TWO)),
        (ONE, None, shown("UPDATING", ONE), None),
        (ONE, ONE, shown("UPDATING", ONE), shown("ENABLED", ONE)),
    ],
)
def test_the_old_key_is_shown_until_the_new_one_is_there(
    before: str | None, after: str | None, meanwhile: dict[str, str], then: dict[str, str] | None
) -> None:
    encryption = Encryption(before)
    encryption.change(after, at=100.0, utc=0.0, seconds=20.0)
    assert encryption.describe(119.9) == meanwhile
    assert encryption.describe(120.0) == then


def test_the_same_again_meanwhile_begins_anew() -> None:
    encryption = Encryption()
    encryption.change(ONE, 100.0, 0.0, 20.0)
    assert code(lambda: encryption.check({}, ONE, 110.0, 10.0)) == ""
    assert code(lambda: encryption.check({}, None, 110.0, 10.0)) == "ResourceInUseException"
    encryption.change(ONE, 110.0, 10.0, 20.0)
    assert encryption.describe(129.9) == {"Status": "UPDATING"}
    assert encryption.describe(130.0) == shown("ENABLED", ONE)


def test_a_fifth_change_in_a_day_has_to_wait() -> None:
    encryption = Encryption()
    keys = (ONE, TWO, ONE, TWO)
    for number, key in enumerate(keys):
        encryption.change(key, float(number), float(number), 0.0)

    def fifth(utc: float) -> str:
        return code(lambda: encryption.check({}, ONE, utc, utc))

    assert fifth(4.0) == fifth(3.0 + PAUSE - 1) == "LimitExceededException"
    assert fifth(3.0 + PAUSE) == fifth(1.0 + WINDOW) == ""


@pytest.mark.parametrize(
    ("specification", "key"),
    [
        ({}, None),
        ({"Enabled": False}, None),
        ({"Enabled": True, "KMSMasterKeyId": ONE}, ONE),
        ({"SSEType": "KMS", "KMSMasterKeyId": "one"}, ONE),
    ],
)
def test_a_key_reads_back_as_an_arn(specification: dict[str, Any], key: str | None) -> None:
    assert wanted_key(specification, "eu-west-1", "1") == key


def test_an_alias_stands_for_one_key_of_its_region() -> None:
    def key(name: str, region: str = "eu-west-1") -> str | None:
        return wanted_key({"Enabled": True, "KMSMasterKeyId": name}, region, "1")

    assert key("alias/a") == key("arn:aws:kms:eu-west-1:1:alias/a")
    assert len({key("alias/a"), key("alias/b"), key("alias/a", "us-east-1")}) == 3
    assert wanted_key({"Enabled": True}, "eu-west-1", "1") == key("alias/aws/dynamodb")
