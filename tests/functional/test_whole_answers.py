"""botocore's retries are left out after a whole answer, and nobody can tell but by the time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience import ScalingConfig, attach
from tests.functional.conftest import CREDENTIALS, MODES

RAISE_NOTHING = ScalingConfig(scaling_enabled=False)
BODIES = [
    b"{}",
    b'{"Item": {"id": {"S": "1"}}}',
    b'{"Item": {"id": {"S": ',
    b'{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "no"}',
    b'{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}',
    b'{"Error": {"Code": "InternalServerError"}}',
]


class Answer(NamedTuple):
    status: int
    body: bytes
    checksum: str | None

    @property
    def headers(self) -> dict[str, str]:
        headers = {"x-amzn-RequestId": "1", "Content-Type": "application/x-amz-json-1.0"}
        if self.checksum is not None:
            headers["x-amz-crc32"] = {"its own": str(zlib.crc32(self.body))}.get(
                self.checksum, self.checksum
            )
        return headers


class Raw(BytesIO):
    def stream(self) -> list[bytes]:
        return [self.read()]


class Canned:
    """A client that gets these answers; the last of them again and again."""

    def __init__(self, mode: str, attempts: int | None) -> None:
        retries: dict[str, Any] = {"mode": mode}
        if attempts is not None:
            retries["total_max_attempts"] = attempts
        self.client: Any = boto3.client("dynamodb", config=Config(retries=retries), **CREDENTIALS)
        self.client.meta.events.register("before-send.dynamodb", self._answer)
        self._answers: list[Answer] = []
        self._sent = 0

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        answer = self._answers[min(self._sent, len(self._answers) - 1)]
        self._sent += 1
        return AWSResponse(request.url, answer.status, answer.headers, Raw(answer.body))

    def call(self, answers: list[Answer]) -> tuple[int, object]:
        self._answers, self._sent = answers, 0
        try:
            outcome: object = self.client.get_item(TableName="orders", Key={"id": {"S": "1"}})
        except Exception as error:
            outcome = type(error).__name__, str(error), getattr(error, "response", None)
        return self._sent, outcome


@cache
def pair(mode: str, attempts: int | None) -> tuple[Canned, Canned]:
    plain, ours = Canned(mode, attempts), Canned(mode, attempts)
    attach(ours.client, config=RAISE_NOTHING)
    return plain, ours


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with patch("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None)):
        yield


answers = st.lists(
    st.builds(
        Answer,
        status=st.sampled_from([200, 200, 200, 201, 299, 300, 400, 500, 503]),
        body=st.sampled_from(BODIES),
        checksum=st.sampled_from(["its own", "its own", None, "7", "-1", ""]),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("attempts", [None, 1, 2])
@pytest.mark.parametrize("mode", MODES)
@given(calls=st.lists(answers, min_size=1, max_size=4))
def test_every_answer_ends_as_without_us(
    mode: str, attempts: int | None, calls: list[list[Answer]]
) -> None:
    plain, ours = pair(mode, attempts)
    for call in calls:
        assert ours.call(call) == plain.call(call)


@pytest.mark.parametrize("mode", MODES)
def test_botocores_retries_are_not_asked_again(mode: str) -> None:
    ours = Canned(mode, None)
    attach(ours.client, config=RAISE_NOTHING)
    attempts = ours.client._dynoresilience.hooks._attempts
    asked = []
    botocores = attempts.botocore
    attempts.botocore = lambda **attempt: asked.append(attempt) or botocores(**attempt)
    whole = Answer(200, BODIES[1], "its own")

    for _ in range(3):
        ours.call([whole])
    assert len(asked) == 1

    ours.call([whole._replace(checksum="7"), whole])
    assert len(asked) == 3
