"""The encryption part of CreateTable and UpdateTable, which no backend keeps."""

from __future__ import annotations

from dynoresilience.testing.control.encryption import check_specification, wanted_key
from dynoresilience.testing.replies import Body
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Tables


def key_of(tables: Tables, known: KnownTable, specification: Body) -> str | None:
    """The ARN of the key that a specification asks for; None for DynamoDB's own."""
    account = known.schema.arn.split(":")[4]
    return wanted_key(specification, tables.region, account)


def check_encryption(tables: Tables, known: KnownTable, body: Body, at: float) -> str | None:
    """Refuse a change that an UpdateTable may not make; else the key that it asks for.

    Raises:
        Refused: see `Encryption.check`.
    """
    specification = body.get("SSESpecification")
    if specification is None:
        return None
    check_specification(specification)
    key = key_of(tables, known, specification)
    known.encryption.check(specification, key, at, tables.utc(at))
    return key


def begin_encryption(tables: Tables, known: KnownTable, key: str | None, at: float) -> None:
    """Take over a change that was accepted."""
    seconds = tables.settings.of_a_change(tables.settings.encryption_seconds)
    known.encryption.change(key, at, tables.utc(at), seconds)
