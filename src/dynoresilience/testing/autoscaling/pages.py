"""Answers in pages: ``MaxResults`` and ``NextToken``. Pure."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping

from dynoresilience.testing.replies import Body, Refused

MOST = 50
"""Entries of a page, at most and by default (API reference)."""


def page(name: str, entries: Mapping[str, Body], request: Body) -> Body:
    """Those of ``entries`` that the request asks for, in the order of their keys.

    A token names the last entry that was seen, so that entries may come and go between pages.

    Args:
        name: the member of the answer.
        entries: all there are, by a key that tells them apart.
        request: has ``MaxResults`` and ``NextToken``, if anybody gave them.

    Raises:
        Refused: ValidationException, InvalidNextTokenException.
    """
    most = request.get("MaxResults", MOST)
    if not 1 <= most <= MOST:
        raise Refused("ValidationException", f"MaxResults must be from 1 to {MOST}, got {most}")
    seen = _read(request["NextToken"]) if "NextToken" in request else ""
    left = sorted(key for key in entries if key > seen)
    answer: Body = {name: [entries[key] for key in left[:most]]}
    if len(left) > most:
        answer["NextToken"] = urlsafe_b64encode(left[most - 1].encode()).decode()
    return answer


def _read(token: str) -> str:
    try:
        return b64decode(token, altchars="-_", validate=True).decode()
    except ValueError:
        raise Refused("InvalidNextTokenException", f"not a token of ours: {token}") from None
