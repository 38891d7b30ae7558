"""Every session of the process: botocore shows each new one to its initializers.

Other people's libraries make sessions of their own, and hand out neither these nor their clients.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import botocore

from dynoresilience import fork_safe
from dynoresilience.aws.hooks import hooks_for_new_clients

_on_client: Callable[[Any], None] | None = None


def hooks_for_new_sessions(on_client: Callable[[Any], None] | None) -> None:
    """Call ``on_client(client)`` for each DynamoDB client of every session made from now on.

    boto3's default session is one of them, also if it is there already. The latest call holds;
    None: sessions made from now on are left alone again.
    """
    global _on_client  # noqa: PLW0603
    with fork_safe.lock:
        if _on_client is not None:
            botocore.unregister_initializer(_on_session)
        _on_client = on_client
        if on_client is not None:
            botocore.register_initializer(_on_session)
    # Not loaded for this: who has not loaded boto3 has no default session.
    default = getattr(sys.modules.get("boto3"), "DEFAULT_SESSION", None)
    if default is not None and on_client is not None:
        hooks_for_new_clients(default.events, on_client)


def _on_session(session: Any) -> None:
    if _on_client is not None:
        hooks_for_new_clients(session.get_component("event_emitter"), _on_client)
