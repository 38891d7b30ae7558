"""The spec files under examples/tables can be read, and say what their README says."""

from __future__ import annotations

import runpy
from pathlib import Path

from dynoresilience.tables import TableSpec, read_tables

TABLES = Path(__file__).parents[4] / "examples" / "tables"


def specs_of(name: str) -> tuple[TableSpec, ...]:
    if name.endswith(".py"):
        return (runpy.run_path(str(TABLES / name))["SPEC"],)
    return read_tables(TABLES / name)


def test_every_example_is_in_the_readme_and_can_be_read() -> None:
    readme = (TABLES / "README.md").read_text(encoding="utf-8")
    files = sorted(
        path.name for path in TABLES.iterdir() if path.suffix in (".toml", ".yaml", ".py")
    )
    assert len(files) == 6
    for name in files:
        assert f"`{name}`" in readme
        assert specs_of(name), name


def test_the_queue_is_on_demand_with_two_indexes() -> None:
    [queue] = specs_of("workset_queue.toml")
    assert queue.is_on_demand
    assert len(queue.global_secondary_indexes) == 2


def test_report_jobs_expire_and_are_streamed() -> None:
    [jobs] = specs_of("excel_reports.toml")
    assert (jobs.time_to_live, jobs.stream_view_type) == ("expires_at", "NEW_AND_OLD_IMAGES")


def test_the_assessment_tool_has_six_tables_with_eight_indexes() -> None:
    specs = specs_of("assessment.toml")
    assert len(specs) == 6
    assert sum(len(spec.global_secondary_indexes) for spec in specs) == 8


def test_sessions_expire() -> None:
    [sessions] = specs_of("sessions.toml")
    assert sessions.time_to_live == "expires_at"


def test_user_orders_have_a_local_index_and_a_stage() -> None:
    [orders] = specs_of("user_orders.yaml")
    assert (orders.name, len(orders.local_secondary_indexes)) == ("user-orders-dev", 1)
    prod = TableSpec.from_cloudformation(TABLES / "user_orders.yaml", parameters={"Stage": "prod"})
    assert (prod.name, prod.tags) == ("user-orders-prod", {"stage": "prod"})


def test_products_are_provisioned_with_their_index() -> None:
    [products] = specs_of("products.py")
    [index] = products.global_secondary_indexes
    assert not products.is_on_demand
    assert (products.read_capacity_units, index.read_capacity_units) == (10, 20)
