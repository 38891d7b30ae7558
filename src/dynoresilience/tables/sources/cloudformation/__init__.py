"""Specs in CloudFormation and SAM templates, JSON and YAML.

A template says more than a `TableSpec` can, and leaves some of it to functions. Nothing of that is
dropped in silence: what can't be said or known is a fault, unless it is given (``parameters``) or
named as not wanted (``leave_out``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os import PathLike
from typing import Any

from dynoresilience.tables.sources.boto3 import fields_of
from dynoresilience.tables.sources.cloudformation.functions import (
    ABSENT,
    Function,
    Values,
    defaults,
)
from dynoresilience.tables.sources.cloudformation.properties import (
    GLOBAL_TABLE,
    SIMPLE_TABLE,
    TABLE,
)
from dynoresilience.tables.sources.cloudformation.reader import Reader
from dynoresilience.tables.sources.cloudformation.requests import global_table, simple_table
from dynoresilience.tables.sources.cloudformation.text import load
from dynoresilience.tables.sources.gather import Gathered, only, unreadable, which
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.spec.faults import NOT_GIVEN

_SIMPLE, _GLOBAL = "AWS::Serverless::SimpleTable", "AWS::DynamoDB::GlobalTable"
_SHAPES = {"AWS::DynamoDB::Table": TABLE, _SIMPLE: SIMPLE_TABLE, _GLOBAL: GLOBAL_TABLE}


def read_one(
    path: str | PathLike[str],
    name: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    leave_out: Collection[str] = (),
) -> TableSpec:
    """The one spec in a template, or that of this logical id or name of a table.

    Raises:
        SpecError: see `read_all`; or it isn't clear which one. Of the other tables only the names
            are looked at.
    """
    template = _Template(path, parameters, leave_out)
    ids = list(template.tables)
    if name is None:
        chosen = ids
    else:
        chosen = [i for i in ids if i == name] or [i for i in ids if template.name_of(i) == name]
    if len(chosen) != 1:
        raise which(name, ids, path)
    return only(template.specs(chosen), None, path)


def read_all(
    path: str | PathLike[str],
    parameters: Mapping[str, Any] | None = None,
    leave_out: Collection[str] = (),
) -> tuple[TableSpec, ...]:
    """All tables of a template, in its order.

    Raises:
        SpecError: the template can't be read, or has no table, or one that is wrong, says what a
            `TableSpec` can't, or leaves a value to a function: all of it at once.
    """
    template = _Template(path, parameters, leave_out)
    for logical_id, resource in template.resources.items():
        if not isinstance(resource, Mapping) or Function.of({logical_id: resource}):
            template.gathered.fault(
                f"Resources.{logical_id}", resource, "can't be resolved here; give a table's id"
            )
    for logical_id, resource in template.tables.items():
        if "Condition" in resource:
            remedy = f"can't be resolved here; if it holds, read the table by its id {logical_id!r}"
            where = f"Resources.{logical_id}.Condition"
            template.gathered.fault(where, resource["Condition"], remedy)
    return template.specs(list(template.tables))


class _Template:
    def __init__(
        self,
        path: str | PathLike[str],
        parameters: Mapping[str, Any] | None,
        leave_out: Collection[str],
    ) -> None:
        content = load(path)
        if not isinstance(parameters, Mapping | None):
            remedy = "must be a mapping, such as {'Stage': 'prod'}"
            raise unreadable(path, remedy, "parameters", parameters)
        self.gathered = Gathered(path)
        resources = content.get("Resources")
        self.resources: dict[str, Any] = resources if isinstance(resources, dict) else {}
        self.tables: dict[str, dict[str, Any]] = {
            logical_id: resource
            for logical_id, resource in self.resources.items()
            if isinstance(resource, dict) and resource.get("Type") in list(_SHAPES)
        }
        if not self.tables:
            raise unreadable(path, f"has no table: none of {', '.join(_SHAPES)} is in Resources")
        self._check(parameters or {}, content)
        self._values = Values({**defaults(content), **(parameters or {})})
        leave_out = (leave_out,) if isinstance(leave_out, str) else leave_out
        self._reader = Reader(self._values, leave_out, self.gathered)
        every = content.get("Globals")
        simple = every.get("SimpleTable") if isinstance(every, dict) else None
        self._every_simple: dict[str, Any] = simple if isinstance(simple, dict) else {}

    def name_of(self, logical_id: str) -> Any:
        """The name of a table, if it can be told."""
        if logical_id in self._values.known:
            return self._values.known[logical_id]
        reader = Reader(self._values, (), Gathered(self.gathered.where))
        properties = self.tables[logical_id].get("Properties")
        given = properties.get("TableName") if isinstance(properties, dict) else None
        return reader.read(given, TABLE.of["TableName"], "TableName")

    def specs(self, ids: list[str]) -> tuple[TableSpec, ...]:
        """The specs of these tables."""
        for logical_id in ids:
            before = len(self.gathered.faults)
            request = self._request(logical_id)
            if len(self.gathered.faults) == before:  # else what is missing would be told twice
                self.gathered.add(fields_of(request), f"Resources.{logical_id}")
        return self.gathered.finish()

    def _request(self, logical_id: str) -> dict[str, Any]:
        resource = self.tables[logical_id]
        kind, path = resource["Type"], f"Resources.{logical_id}.Properties"
        given = resource.get("Properties", {})
        if kind == _SIMPLE and isinstance(given, dict):
            given = {**self._every_simple, **given}
        if logical_id in self._values.known and isinstance(given, dict):
            # Ref of a table is its name, whatever function it comes from.
            given = {**given, "TableName": {"Ref": logical_id}}
        before = len(self.gathered.faults)
        read: dict[str, Any] = self._reader.read(given, _SHAPES[kind], path)
        if read is ABSENT or len(self.gathered.faults) > before:
            return {}
        if kind == _SIMPLE:
            read = simple_table(read, path, self.gathered)
        elif kind == _GLOBAL:
            read = global_table(read, path, self.gathered)
        if "TableName" not in read and len(self.gathered.faults) == before:
            remedy = f"CloudFormation invents one; give it as parameters={{{logical_id!r}: ...}}"
            self.gathered.fault(f"{path}.TableName", NOT_GIVEN, remedy)
        return read

    def _check(self, parameters: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        declared = content.get("Parameters")
        names = list(declared) if isinstance(declared, dict) else []
        for name, value in parameters.items():
            known = name in names or name.partition(".")[0] in self.resources
            if not known and not name.startswith("AWS::"):
                remedy = f"the template has the parameters {', '.join(map(str, names)) or '(none)'}"
                self.gathered.fault(f"parameters.{name}", value, remedy)
