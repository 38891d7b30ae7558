"""What was given in the place of a spec, a plan or a number: told in words, before any call."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.errors import ConfigError
from dynoresilience.tables import TableSpec, apply_plan, plan_table, verify_table
from dynoresilience.testing import SimulatedDynamoDB
from tests.support.wrong_specs import RIGHT

SPEC = TableSpec(**RIGHT)


@pytest.mark.parametrize("function", [verify_table, plan_table], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("given", "called"),
    [(RIGHT, "dict"), ("orders", "str"), (None, "NoneType"), ([SPEC], "list"), (TableSpec,) * 2],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_spec_is_refused_before_any_call(function: Any, given: Any, called: Any) -> None:
    name = called if isinstance(called, str) else called.__name__
    with SimulatedDynamoDB() as simulator:
        with pytest.raises(ConfigError) as caught:
            function(simulator.client(), given)

        told = f"{function.__name__}: spec={name} must be a TableSpec"
        assert str(caught.value).startswith(told)
        assert not simulator.calls


def test_a_timeout_of_plan_table_that_is_no_number_is_refused() -> None:
    with SimulatedDynamoDB() as simulator:
        with pytest.raises(ConfigError, match="plan_table: timeout='60' must be a number of sec"):
            plan_table(simulator.client(), SPEC, timeout="60")  # type: ignore[arg-type]
        assert not simulator.calls


def test_what_apply_plan_can_not_use_is_told_at_once() -> None:
    with SimulatedDynamoDB() as simulator:
        given: Any = {"plan": SPEC, "timeout": None, "allow": None}
        with pytest.raises(ConfigError) as caught:
            apply_plan(simulator.client(), **given)

        assert str(caught.value) == (
            "apply_plan: plan=TableSpec must be a TablePlan, as plan_table gives it; "
            "timeout=None must be a number of seconds, 0 or more; allow=None: there is no such "
            "word, only delete_index, new_stream, disable_stream, disable_recovery"
        )
        assert not simulator.calls
