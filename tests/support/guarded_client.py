"""Clients whose control-plane calls are held against a policy, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import botocore

from tests.support.iam_policies import Asked, allows, what_is_asked

DATA = frozenset({"PutItem", "GetItem", "UpdateItem", "Query", "Scan", "BatchWriteItem"})
"""The program's own calls: the policy is not about them."""


class Guard:
    """Refuses what ``policy`` does not allow, as AWS does; ``None``: refuses nothing."""

    def __init__(self, policy: Mapping[str, Any] | None, *, abac: bool = True) -> None:
        self._policy = policy
        self._abac = abac
        self.asked: list[Asked] = []
        self.refused: list[Asked] = []

    @contextmanager
    def stands_before(self, client: Any) -> Iterator[None]:
        """Also before the clients that the library makes of this one or beside it, in the block."""
        self._register(client.meta.events)

        def of_session(session: Any) -> None:
            self._register(session.get_component("event_emitter"))

        botocore.register_initializer(of_session)
        try:
            yield
        finally:
            botocore.unregister_initializer(of_session)

    def _register(self, events: Any) -> None:
        events.register_first("before-parameter-build", self._note)
        events.register_first("before-call", self._decide)

    @property
    def actions(self) -> set[str]:
        """Those that were asked for."""
        return {asked.action for asked in self.asked}

    def _note(self, params: Any, context: Any, **_: Any) -> None:
        context["guard"] = dict(params)

    def _decide(self, model: Any, context: Any, **_: Any) -> Any:
        if model.name in DATA:
            return None
        service = model.service_model.signing_name
        params, region = context["guard"], context["client_region"]
        asked = what_is_asked(service, model.name, params, region, abac=self._abac)
        self.asked += asked
        refused = [
            one for one in asked if self._policy is not None and not allows(self._policy, one)
        ]
        if not refused:
            return None
        self.refused += refused
        error = {
            "Code": "AccessDeniedException",
            "Message": f"User is not authorized to perform: {refused[0].action}",
        }
        metadata = {"HTTPStatusCode": 400, "HTTPHeaders": {}, "RetryAttempts": 0}
        return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": metadata}
