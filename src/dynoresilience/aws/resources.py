"""boto3's resource layer on a client that exists already."""

from __future__ import annotations

from typing import Any

import boto3

from dynoresilience.aws import botocore_private as private
from dynoresilience.aws.hooks import hooks_for_new_tables


class _SessionAround(boto3.Session):
    """A session that makes resources around the client it is given."""

    def __init__(self, client: Any) -> None:
        super().__init__(region_name=client.meta.region_name)
        hooks_for_new_tables(self.events)
        self._given = client

    def client(self, *_: Any, **__: Any) -> Any:
        return self._given


def table_resource(client: Any, name: str) -> Any:
    """A boto3 ``Table`` that sends its calls as ``client`` does.

    The resource layer adds handlers that turn Python types into wire types; they go on a copy of
    the client's events, so that the client itself goes on speaking wire types.
    """
    twin = private.with_events(client, private.events_copy(client))
    return _SessionAround(twin).resource("dynamodb").Table(name)
