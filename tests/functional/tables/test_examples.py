"""The examples: created, verified, drifted and repaired on every endpoint that keeps them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dynoresilience.tables import TableSpec, ensure_tables, read_tables, verify_table
from dynoresilience.tables.report import Label
from tests.support.backends import Backend
from tests.support.drifts import FORGETS, recovery, settle

TABLES = Path(__file__).parents[3] / "examples" / "tables"
PATIENCE = 120.0
NOT_AGAIN = {"moto": {"stream_view_type"}, "dynamodb-local": set(), "simulator": set()}
"""What an endpoint does not take a second time: moto has one stream a table."""


def specs_in(path: Path) -> tuple[TableSpec, ...]:
    """The tables that an example declares."""
    if path.suffix == ".py":
        found = importlib.util.spec_from_file_location(path.stem, path)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return (module.SPEC,)
    given = {"Stage": "test"} if path.suffix == ".yaml" else None
    return read_tables(path, parameters=given)


EXAMPLES = [path for path in sorted(TABLES.iterdir()) if path.suffix in (".toml", ".yaml", ".py")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_created_verified_drifted_and_repaired(path: Path, backend: Backend) -> None:
    client, specs = backend.client(), specs_in(path)

    created = ensure_tables(client, specs, timeout=PATIENCE)
    assert [result.outcome for result in created] == ["created"] * len(specs)
    again = ensure_tables(client, specs, timeout=PATIENCE)
    assert [result.outcome for result in again] == ["verified"] * len(specs)
    for spec in specs:
        report = verify_table(client, spec)
        assert report.clean, str(report)
        assert {note.label for note in report.notes} <= {Label.UNSUPPORTED}, str(report)

    drifted = {spec.name: drift(client, spec, backend.name) for spec in specs}
    for spec in specs:
        found = [each.path for each in verify_table(client, spec).differences]
        assert sorted(found) == sorted(drifted[spec.name])
    assert any(drifted.values())

    repaired = ensure_tables(client, specs, on_drift="repair", timeout=PATIENCE)
    wanted = ["repaired" if drifted[spec.name] else "verified" for spec in specs]
    assert [result.outcome for result in repaired] == wanted
    assert all(verify_table(client, spec).clean for spec in specs)


def drift(client: Any, spec: TableSpec, backend: str) -> list[str]:
    """Change what can be changed of a table behind the library's back; the paths of that."""
    changed = []
    for path, change in _changes(client, spec):
        field = path.rpartition(".")[2].partition("[")[0]
        kept = field not in FORGETS[backend] and field not in NOT_AGAIN.get(backend, ())
        if kept:
            change()
            settle(client, spec.name)
            changed.append(path)
    return changed


def _changes(client: Any, spec: TableSpec) -> Iterator[tuple[str, Callable[[], Any]]]:
    name = spec.name

    update = partial(partial, client.update_table, TableName=name)

    for index in spec.global_secondary_indexes[:1]:
        gone = {"Delete": {"IndexName": index.name}}
        yield (
            f"global_secondary_indexes[{index.name}]",
            update(GlobalSecondaryIndexUpdates=[gone]),
        )
    for index in spec.global_secondary_indexes[1:2]:
        if index.read_capacity_units:
            less = {"ReadCapacityUnits": 1, "WriteCapacityUnits": index.write_capacity_units}
            one = {"IndexName": index.name, "ProvisionedThroughput": less}
            yield (
                f"global_secondary_indexes[{index.name}].read_capacity_units",
                update(GlobalSecondaryIndexUpdates=[{"Update": one}]),
            )
    if spec.read_capacity_units:
        less = {"ReadCapacityUnits": 1, "WriteCapacityUnits": spec.write_capacity_units}
        yield "read_capacity_units", update(ProvisionedThroughput=less)
    if spec.stream_view_type:
        yield "stream_view_type", update(StreamSpecification={"StreamEnabled": False})
    if spec.deletion_protection:
        yield "deletion_protection", update(DeletionProtectionEnabled=False)
    if spec.point_in_time_recovery:
        yield "point_in_time_recovery", partial(recovery, client, name, False)
    for key in sorted(spec.tags or {})[:1]:
        arn = client.describe_table(TableName=name)["Table"]["TableArn"]
        yield f"tags[{key}]", partial(client.untag_resource, ResourceArn=arn, TagKeys=[key])
