"""The port between a server and what keeps its items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dynoresilience.testing.replies import Body, Reply


class Store(Protocol):
    """Carries out operations, one at a time, in any region."""

    def carry_out(
        self, target: str, content: bytes, headers: Mapping[str, str], region: str
    ) -> Reply:
        """Carry out one request.

        Args:
            target: as in ``X-Amz-Target``, for example ``DynamoDB_20120810.GetItem``.
            content: the JSON body.
            headers: those of the client's request, which may have asked for something else.
            region: the region that the client speaks to.
        """

    def is_absent(self, region: str, key_request: Body) -> bool:
        """Whether there surely is no item for this GetItem; False if that can't be told cheaply."""

    def close(self) -> None:
        """Let go of connections and items."""
