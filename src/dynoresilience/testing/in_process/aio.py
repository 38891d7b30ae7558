"""aiobotocore's clients: their HTTP sessions are not botocore's, and have to be caught as well.

They are looked for where they are loaded already; nothing is imported here that was not.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from botocore.awsrequest import AWSResponse

_SESSIONS = {
    "aiobotocore.httpsession": "AIOHTTPSession",
    "aiobotocore.httpxsession": "HttpxSession",
}


def loaded_sessions() -> list[type]:
    """The classes of aiobotocore that send requests, as far as they are loaded."""
    modules = [(sys.modules.get(module), name) for module, name in _SESSIONS.items()]
    return [getattr(module, name) for module, name in modules if hasattr(module, name)]


def answer_or_send(answer: Callable[[Any], AWSResponse | None]) -> Callable[..., Any]:
    """What to put in place of their ``send``."""

    async def instead(send: Callable[..., Any], session: Any, request: Any) -> Any:
        found = answer(request)
        if found is None:
            return await send(session, request)
        response = import_module("aiobotocore.awsrequest").AioAWSResponse
        raw = _AsyncBytes(found.content)
        return response(found.url, found.status_code, found.headers, raw)

    return instead


class _AsyncBytes:
    """A body as `AioAWSResponse` reads it, from aiohttp or from httpx."""

    def __init__(self, content: bytes) -> None:
        self._stream = io.BytesIO(content)

    async def read(self, *size: int) -> bytes:
        return self._stream.read(*size)

    async def aread(self) -> bytes:
        return self._stream.read()
