"""Answers that don't come, don't tell, or refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectionClosedError

from dynoresilience import KeysUnknownError, ScalingClient
from dynoresilience.tables import create_item_if_not_exists, get_or_create
from tests.functional.tables.items.conftest import (
    HASH,
    RANGE,
    Face,
    order,
    plain_client,
    table,
)
from tests.functional.tables.items.conftest import new_face as _new_face
from tests.support.backends import Backend, ThrottleNext

Made = Callable[..., Face]


@pytest.fixture(params=[plain_client, table], ids=lambda made: made.__name__)
def face(request: pytest.FixtureRequest, backend: Backend) -> Face:
    return _new_face(request.param, backend)


def client_of(face: Face) -> Any:
    return getattr(face.target.meta, "client", face.target)


def lose_the_next_answer(client: Any, operation: str) -> None:
    """What was done is done, and the connection breaks before the answer comes."""
    session = client._endpoint.http_session
    send = session.send

    def sent(request: Any) -> Any:
        answer = send(request)
        if operation in str(request.headers["X-Amz-Target"]):
            session.send = send
            assert answer.status_code == 200
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    session.send = sent


def without_items(client: Any) -> None:
    """As an emulator that does not know ReturnValuesOnConditionCheckFailure."""

    def forget(parsed: dict[str, Any], **_: Any) -> None:
        if "Error" in parsed:
            parsed.pop("Item", None)

    client.meta.events.register("after-call.dynamodb.PutItem", forget)


@pytest.fixture
def over_http(backend: Backend) -> Backend:
    if backend.url is None:
        pytest.skip(
            "moto in the process answers what others have answered, and needs no connection"
        )
    return backend


def test_a_lost_answer_leaves_a_doubt(over_http: Backend, face: Face) -> None:
    create_item_if_not_exists(face.target, face.takes(order(0)), **face.options)
    lose_the_next_answer(client_of(face), "PutItem")

    result = create_item_if_not_exists(
        face.target, face.takes(order(1, n=1, strings={"a", "b"})), **face.options
    )

    assert not result.created
    assert result.in_doubt
    assert face.gave(result.item) == order(1, n=1, strings={"a", "b"})


def test_another_item_leaves_none_however_often_it_is_sent(over_http: Backend, face: Face) -> None:
    create_item_if_not_exists(face.target, face.takes(order(by="me")), **face.options)
    throttle = ThrottleNext(client_of(face), "PutItem", 1)

    result = create_item_if_not_exists(face.target, face.takes(order(by="you")), **face.options)

    assert throttle.left == 0
    assert (result.created, result.in_doubt) == (False, False)


def test_a_throttle_is_the_attached_clients_affair(over_http: Backend) -> None:
    client = ScalingClient(over_http.client())
    throttle = ThrottleNext(client, "PutItem", 1)

    result = create_item_if_not_exists(client.table("orders"), order())

    assert throttle.left == 0
    assert (result.created, result.in_doubt) == (True, False)


def test_an_endpoint_that_does_not_send_the_item_is_asked_for_it(face: Face) -> None:
    without_items(client_of(face))
    create_item_if_not_exists(face.target, face.takes(order(by="me")), **face.options)
    face.sent.clear()

    result = create_item_if_not_exists(face.target, face.takes(order()), **face.options)

    assert not result.created
    assert face.gave(result.item) == order(by="me")
    assert face.sent == ["PutItem", "GetItem"]


def delete_before_reads(face: Face, backend: Backend, times: int) -> None:
    """Someone else deletes the item before each of the next reads, and makes it again after."""
    other = backend.resource().Table("orders")
    left = [times]

    def before(**_: Any) -> None:
        if left[0]:
            other.delete_item(Key=order())

    def after(**_: Any) -> None:
        if left[0]:
            left[0] -= 1
            if left[0]:
                other.put_item(Item=order(by="other"))

    events = client_of(face).meta.events
    events.register("before-call.dynamodb.GetItem", before)
    events.register("after-call.dynamodb.GetItem", after)


@pytest.mark.parametrize("times", [1, 2])
def test_an_item_that_is_gone_by_then_is_created(times: int, face: Face, backend: Backend) -> None:
    without_items(client_of(face))
    create_item_if_not_exists(face.target, face.takes(order(by="other")), **face.options)
    delete_before_reads(face, backend, times)

    result = create_item_if_not_exists(face.target, face.takes(order(by="me")), **face.options)

    assert result.created
    assert face.gave(result.item) == order(by="me")
    assert face.sent.count("PutItem") == 1 + times + 1


def test_one_that_comes_and_goes_for_ever_ends_in_botocores_exception(
    face: Face, backend: Backend
) -> None:
    without_items(client_of(face))
    create_item_if_not_exists(face.target, face.takes(order(by="other")), **face.options)
    face.sent.clear()
    delete_before_reads(face, backend, 100)

    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        create_item_if_not_exists(face.target, face.takes(order()), **face.options)
    assert face.sent == ["PutItem", "GetItem"] * 3


@pytest.fixture
def denied(face: Face) -> Face:
    """DescribeTable is not permitted."""

    def refuse(request: Any, **_: Any) -> AWSResponse:
        body = {
            "__type": "com.amazon.coral.service#AccessDeniedException",
            "Message": "User: arn:aws:iam::1:user/x is not authorized",
        }
        headers: Any = {"content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 400, headers, _Body(json.dumps(body).encode()))

    events = client_of(face).meta.events
    events.register_first("before-send.dynamodb.DescribeTable", refuse)
    return face


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def test_without_permission_to_describe_the_keys_must_be_given(denied: Face) -> None:
    item = denied.takes(order())
    for call in (create_item_if_not_exists, get_or_create):
        with pytest.raises(KeysUnknownError, match=r'orders: dynamodb:DescribeTable.*keys=\["'):
            call(denied.target, item, **denied.options)

    for call in (create_item_if_not_exists, get_or_create):
        call(denied.target, item, keys=[HASH, RANGE], **denied.options)
    assert denied.sent == ["DescribeTable"] * 2 + ["PutItem", "GetItem"]
