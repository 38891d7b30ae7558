"""Specs in CloudFormation and SAM templates."""

from __future__ import annotations

from os import PathLike

from dynoresilience.tables.spec import TableSpec


def read_one(path: str | PathLike[str], name: str | None) -> TableSpec:
    """The one spec in a template, or that of this logical id or name."""
    raise NotImplementedError
