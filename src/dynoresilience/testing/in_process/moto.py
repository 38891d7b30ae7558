"""moto as a backend: keeps the tables and their items in memory. Not safe for several threads."""

from __future__ import annotations

import json
import os
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.models import botocore_stubber

from dynoresilience.testing.replies import Body, Reply

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Moto:
    """`moto.mock_aws`, started and stopped with exactly what was there before put back."""

    def __init__(self) -> None:
        self._mock: Any = None
        self._environment: dict[str, str | None] = {}

    def start(self) -> None:
        """All AWS services are mocked from here on; credentials in the environment are fake."""
        self._environment = {name: os.environ.get(name) for name in _CREDENTIALS}
        self._mock = mock_aws()
        self._mock.start()

    def stop(self) -> None:
        """Forget all tables and put the environment back."""
        self._mock.stop()
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def call_moto(request: Any, region: str, operation: str, body: Body) -> Reply:
    """Have moto carry out an operation in the name of ``request``, whatever that was itself."""
    headers = HTTPHeaders()
    for name, value in request.headers.items():
        if name.lower() not in ("content-length", "x-amz-target"):
            headers[name] = value.decode() if isinstance(value, bytes) else value
    headers["X-Amz-Target"] = f"DynamoDB_20120810.{operation}"
    response = botocore_stubber(
        "before-send",
        AWSPreparedRequest(
            method="POST",
            url=f"https://dynamodb.{region}.amazonaws.com/",
            headers=headers,
            body=json.dumps(body).encode(),
            stream_output=False,
        ),
    )
    if response is None:
        raise RuntimeError("moto does not answer: was its mock stopped, or is it passed through?")
    return Reply(response.status_code, response.content, dict(response.headers.items()))
