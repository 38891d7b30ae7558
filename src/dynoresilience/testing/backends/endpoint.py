"""Any DynamoDB endpoint as a store: DynamoDB Local, another server, an emulator."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3

from dynoresilience.testing.replies import Body, Refused, Reply

_NOT_SENT = {
    "accept-encoding",  # what comes back goes out as it is
    "amz-sdk-request",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "transfer-encoding",
    "x-amz-target",
}
_NOT_RETURNED = {
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
}


class EndpointStore:
    """A `Store` that hands requests on. Thread-safe.

    Requests keep the client's ``Authorization``: DynamoDB Local has tables of its own for each
    access key and region. What is asked for may differ from what was signed, so an endpoint that
    checks signatures (AWS itself) can't stand behind this.

    Args:
        url: such as ``http://127.0.0.1:8000``.
        timeout: seconds to wait for a connection and for each part of an answer.

    Raises:
        ValueError: ``url`` is not the URL of an HTTP endpoint.
    """

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self.url = check_url(url)
        self._pool = urllib3.PoolManager(
            maxsize=16,
            retries=False,  # a write that was sent twice would be a wrong answer
            timeout=urllib3.Timeout(connect=min(timeout, 5.0), read=timeout),
        )

    def carry_out(
        self, target: str, content: bytes, headers: Mapping[str, str], region: str
    ) -> Reply:
        sent = {name: value for name, value in headers.items() if name.lower() not in _NOT_SENT}
        sent["X-Amz-Target"] = target
        try:
            answer = self._pool.request("POST", self.url, body=content, headers=sent)
        except urllib3.exceptions.HTTPError as failure:
            return self._no_answer(target, str(failure))
        checksum = answer.headers.get("x-amz-crc32")
        if checksum is not None and checksum != str(zlib.crc32(answer.data)):
            return self._no_answer(target, "the checksum of its answer is wrong")
        found = {k: v for k, v in answer.headers.items() if k.lower() not in _NOT_RETURNED}
        return Reply(answer.status, answer.data, found)

    def is_absent(self, region: str, key_request: Body) -> bool:
        return False

    def close(self) -> None:
        self._pool.clear()

    def _no_answer(self, target: str, why: str) -> Reply:
        """What DynamoDB says when it fails within; whether the request was done is not known."""
        operation = target.rpartition(".")[2]
        what = f"no answer to {operation} from the backend {self.url}: {why}"
        return Refused("InternalServerError", what, status=500).reply()


def check_url(url: str) -> str:
    """The URL, with a path.

    Raises:
        ValueError: it is not the URL of an HTTP endpoint.
    """
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise ValueError(f"backend must be 'moto' or a URL like http://127.0.0.1:8000, got {url!r}")
    return url if parts.path else url + "/"
