"""TagResource, UntagResource and ListTagsOfResource: only of tables that are there, one by one."""

from __future__ import annotations

from dynoresilience.testing.control.lifecycle import in_use
from dynoresilience.testing.replies import Refused, Reply
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Request, Tables


def change_tags(tables: Tables, request: Request, operation: str) -> Reply:
    """TagResource or UntagResource. Until the last change of tags is done a next one is refused.

    Raises:
        Refused: ResourceInUseException, or LimitExceededException for a change too soon.
    """
    known, at = _table(tables, request), request.at
    if known is None:
        return _without_table(request, operation)
    known.life.check_exists(at)
    if at < known.tags_locked_until:
        message = f"Subscriber limit exceeded: Table tags are being updated: {known.name}"
        raise Refused("LimitExceededException", message)
    tables.check_change(at)
    seconds = tables.settings.tag_seconds
    before = request.backend("ListTagsOfResource", _arn(request)) if seconds else None
    reply = request.backend(operation, request.body)
    if reply.ok and before is not None and before.ok:
        known.tags_before = before.body
        known.tags_locked_until = at + seconds
    return reply


def list_tags(tables: Tables, request: Request) -> Reply:
    """ListTagsOfResource: eventually consistent."""
    known = _table(tables, request)
    if known is not None and request.at < known.tags_locked_until:
        return Reply.of(known.tags_before)
    return request.backend("ListTagsOfResource", request.body)


def check_tags_settled(known: KnownTable, at: float) -> None:
    """Refuse to delete a table whose tags are being changed."""
    if at < known.tags_locked_until:
        raise in_use(f"Table tags are being updated: {known.name}")


def _table(tables: Tables, request: Request) -> KnownTable | None:
    arn = request.body.get("ResourceArn") or ""
    return tables.find(arn, request.backend, request.at) if ":table/" in arn else None


def _without_table(request: Request, operation: str) -> Reply:
    """The backend's refusal; moto would tag a table that isn't there."""
    arn = request.body.get("ResourceArn") or ""
    if ":table/" not in arn:
        return request.backend(operation, request.body)
    message = f"Requested resource not found: ResourcArn: {arn} not found"  # so AWS spells it
    raise Refused("ResourceNotFoundException", message)


def _arn(request: Request) -> dict[str, str]:
    return {"ResourceArn": request.body.get("ResourceArn") or ""}
