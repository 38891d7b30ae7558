"""A bad setting is one clear error that names it, its value and what is allowed."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience import ConfigError, IndexLimits, Prices, ScalingConfig, TableLimits
from dynoresilience.capacity.spending import Budget
from dynoresilience.model import Limits


def test_the_defaults() -> None:
    config = ScalingConfig()

    assert config.limits("orders", None) == Limits(cap_read=100, cap_write=50)
    assert (config.scale_up_factor, config.max_retries) == (2.0, 5)
    assert (config.initial_retry_delay, config.max_retry_delay) == (1.0, 30.0)
    assert (config.scale_down_delay, config.scaling_enabled) == (600.0, True)


def test_an_index_inherits_from_its_table_and_that_from_the_whole() -> None:
    config = ScalingConfig(
        max_read_capacity=10,
        base_read_capacity=2,
        tables={
            "orders": TableLimits(
                max_write_capacity=400,
                indexes={"by-customer": IndexLimits(max_write_capacity=80, base_read_capacity=3)},
            )
        },
    )

    assert config.limits("customers", "any") == Limits(10, 50, base_read=2)
    assert config.limits("orders", None) == Limits(10, 400, base_read=2)
    assert config.limits("orders", "other") == Limits(10, 400, base_read=2)
    assert config.limits("orders", "by-customer") == Limits(10, 80, base_read=3)
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
    assert config.limits(arn, None) == config.limits("orders", None)


def test_leave_to_raise_an_on_demand_maximum_is_inherited_too() -> None:
    config = ScalingConfig(
        max_read_request_units=500,
        tables={
            "orders": TableLimits(
                max_write_request_units=400,
                indexes={"by-customer": IndexLimits(max_read_request_units=30)},
            )
        },
    )

    def caps(table: str, index: str | None) -> tuple[int | None, int | None]:
        limits = config.limits(table, index)
        return limits.cap_on_demand_read, limits.cap_on_demand_write

    assert caps("customers", None) == (500, None)
    assert caps("orders", None) == (500, 400)
    assert caps("orders", "by-customer") == (30, 400)
    assert caps("orders", "other") == (500, 400)


@pytest.mark.parametrize("limits", [ScalingConfig, TableLimits, IndexLimits])
@pytest.mark.parametrize("name", ["max_read_request_units", "max_write_request_units"])
@pytest.mark.parametrize("value", [0, -1, 2.5, True, "9"])
def test_an_on_demand_cap_is_a_whole_number_of_units(limits: type, name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        limits(**{name: value})

    message = f"{limits.__name__}: {name}={value!r} must be a whole number of units, 1 or more"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"max_write_capacity": 0},
            "max_write_capacity=0 must be a whole number of units, 1 or more",
        ),
        ({"max_read_capacity": 2.5}, "max_read_capacity=2.5 must be a whole number"),
        ({"max_read_capacity": True}, "max_read_capacity=True must be a whole number"),
        ({"max_read_capacity": None}, "max_read_capacity=None must be a whole number"),
        ({"base_write_capacity": "5"}, "base_write_capacity='5' must be a whole number"),
        (
            {"base_write_capacity": 60},
            "base_write_capacity=60 must not be more than max_write_capacity=50",
        ),
        ({"scale_up_factor": 1}, "scale_up_factor=1 must be a finite number greater than 1"),
        ({"scale_up_factor": math.nan}, "scale_up_factor=nan must be a finite number"),
        ({"scale_up_factor": math.inf}, "scale_up_factor=inf must be a finite number"),
        ({"max_retries": -1}, "max_retries=-1 must be a whole number, 0 or more"),
        ({"max_retries": 2.0}, "max_retries=2.0 must be a whole number"),
        (
            {"initial_retry_delay": -0.1},
            "initial_retry_delay=-0.1 must be a finite number of seconds",
        ),
        ({"scale_down_delay": math.nan}, "scale_down_delay=nan must be a finite number of seconds"),
        ({"scale_up_timeout": "60"}, "scale_up_timeout='60' must be a finite number of seconds"),
        (
            {"initial_retry_delay": 3, "max_retry_delay": 2},
            "initial_retry_delay=3 must not be more than max_retry_delay=2",
        ),
        ({"fleet_size": 0}, "fleet_size=0 must be a whole number, 1 or more"),
        ({"fleet_size": 2.0}, "fleet_size=2.0 must be a whole number"),
        ({"fleet_size": True}, "fleet_size=True must be a whole number"),
        ({"learn_daily": 1}, "learn_daily=1 must be True or False"),
        ({"scaling_enabled": "no"}, "scaling_enabled='no' must be True or False"),
        ({"deadline": -1}, "deadline=-1 must be a finite number of seconds, 0 or more, or None"),
        ({"deadline": True}, "deadline=True must be a finite number of seconds"),
        ({"speed": 3}, "speed=3: there is no such field; known fields: base_read_capacity, "),
        ({"max_write_capcity": 3}, "did you mean max_write_capacity?"),
        ({"tables": [1]}, "tables=[1] must be a mapping of names to TableLimits"),
        ({"tables": {"orders": 200}}, "tables['orders']=200 must be a TableLimits under a name"),
        (
            {"tables": {"orders": TableLimits(base_write_capacity=80)}},
            "tables['orders']: base_write_capacity=80 must not be more than max_write_capacity=50",
        ),
        (
            {
                "tables": {
                    "orders": TableLimits(
                        base_read_capacity=30, indexes={"i": IndexLimits(max_read_capacity=20)}
                    )
                }
            },
            "tables['orders'].indexes['i']: base_read_capacity=30 must not be more than "
            "max_read_capacity=20",
        ),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ScalingConfig(**values)

    assert message in str(caught.value)


@pytest.mark.parametrize("kind", [TableLimits, IndexLimits])
def test_limits_are_checked_alike(kind: type[TableLimits]) -> None:
    with pytest.raises(ConfigError, match="max_read_capacity=0 must be a whole number"):
        kind(max_read_capacity=0)
    with pytest.raises(ConfigError, match="base_read_capacity=9 must not be more than"):
        kind(base_read_capacity=9, max_read_capacity=8)
    with pytest.raises(ConfigError, match="capacity=3: there is no such field"):
        kind(capacity=3)  # type: ignore[call-arg]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        ScalingConfig(max_retries=-1, scale_up_factor=0, max_read_capacity=0)

    assert str(caught.value).count(" must be ") == 3


ENVIRONMENT = {
    "DYNAMODB_BASE_READ_CAPACITY": "2",
    "DYNAMODB_BASE_WRITE_CAPACITY": "3",
    "DYNAMODB_MAX_READ_CAPACITY": "200",
    "DYNAMODB_MAX_WRITE_CAPACITY": "300",
    "DYNAMODB_MAX_HOURLY_COST": "0.25",
    "DYNAMODB_MAX_UNIT_HOURS_PER_DAY": "900",
    "DYNAMODB_SCALE_UP_FACTOR": "1.5",
    "DYNAMODB_MAX_RETRIES": "7",
    "DYNAMODB_INITIAL_RETRY_DELAY": "250",
    "DYNAMODB_MAX_RETRY_DELAY": "5000",
    "DYNAMODB_SCALE_DOWN_DELAY_MINUTES": "2.5",
    "DYNAMODB_FLEET_SIZE": "40",
    "DYNAMODB_LEARN_DAILY": "yes",
    "DYNAMODB_SCALING_DRY_RUN": "yes",
    "DYNAMODB_SCALING_ENABLED": "False",
}


def test_every_variable_of_the_environment() -> None:
    assert ScalingConfig.from_env(ENVIRONMENT) == ScalingConfig(
        base_read_capacity=2,
        base_write_capacity=3,
        max_read_capacity=200,
        max_write_capacity=300,
        max_hourly_cost=0.25,
        max_unit_hours_per_day=900.0,
        scale_up_factor=1.5,
        max_retries=7,
        initial_retry_delay=0.25,
        max_retry_delay=5.0,
        scale_down_delay=150.0,
        fleet_size=40,
        learn_daily=True,
        dry_run=True,
        scaling_enabled=False,
    )


def test_an_empty_variable_is_as_none_and_an_override_wins() -> None:
    environ = {"DYNAMODB_MAX_RETRIES": " ", "DYNAMODB_MAX_WRITE_CAPACITY": "rubbish"}

    assert ScalingConfig.from_env(environ, max_write_capacity=9) == ScalingConfig(
        max_write_capacity=9
    )


def test_the_environment_is_read_when_asked_not_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNAMODB_MAX_RETRIES", "11")

    assert ScalingConfig.from_env().max_retries == 11


@pytest.mark.parametrize("variable", ENVIRONMENT)
def test_a_variable_that_cannot_be_read_is_named(variable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ScalingConfig.from_env({variable: "lots"})

    assert f"{variable}='lots' must be " in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("DYNAMODB_MAX_WRITE_CAPACITY", "0"),
        ("DYNAMODB_SCALE_UP_FACTOR", "nan"),
        ("DYNAMODB_MAX_RETRY_DELAY", "-5"),
        ("DYNAMODB_BASE_WRITE_CAPACITY", "51"),
        ("DYNAMODB_FLEET_SIZE", "0"),
        ("DYNAMODB_MAX_HOURLY_COST", "nan"),
        ("DYNAMODB_MAX_UNIT_HOURS_PER_DAY", "-1"),
    ],
)
def test_a_variable_out_of_range_is_named(variable: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ScalingConfig.from_env({variable: text, "DYNAMODB_MAX_RETRIES": "3"})

    assert f"(set by {variable}='{text}')" in str(caught.value)


ROLE = "arn:aws:iam::123456789012:role/scaling/lowers"
REAPER = "arn:aws:lambda:eu-central-1:123456789012:function:reaper:live"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:not-lowered"


def test_what_a_schedule_needs_comes_from_the_environment_too() -> None:
    config = ScalingConfig.from_env(
        {
            "DYNAMODB_SCALE_DOWN_VIA": "eventbridge",
            "DYNAMODB_SCHEDULER_ROLE_ARN": ROLE,
            "DYNAMODB_SCHEDULER_GROUP": "scale-downs",
            "DYNAMODB_REAPER_FUNCTION_ARN": REAPER,
            "DYNAMODB_SCHEDULER_DEAD_LETTER_ARN": QUEUE,
        }
    )

    assert config == ScalingConfig(
        scale_down_via="eventbridge",
        scheduler_role_arn=ROLE,
        scheduler_group="scale-downs",
        reaper_function_arn=REAPER,
        scheduler_dead_letter_arn=QUEUE,
    )


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc"])
def test_arns_of_every_partition(partition: str) -> None:
    config = ScalingConfig(
        scale_down_via="eventbridge",
        scheduler_role_arn=ROLE.replace("aws", partition, 1),
        reaper_function_arn=REAPER.replace("aws", partition, 1),
    )

    assert config.scheduler_group == "default"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scale_down_via": "cron"}, "scale_down_via='cron' must be 'timer' or 'eventbridge'"),
        (
            {"scale_down_via": "eventbridge"},
            "scale_down_via='eventbridge' needs scheduler_role_arn=, the role that",
        ),
        (
            {"scheduler_role_arn": ROLE},
            f"scheduler_role_arn={ROLE!r} is of use only with scale_down_via='eventbridge'",
        ),
        ({"scheduler_group": "mine"}, "scheduler_group='mine' is of use only with"),
        ({"scheduler_group": "a group"}, "scheduler_group='a group' must be the name of"),
        ({"scheduler_group": "g" * 65}, " must be the name of a schedule group: 1 to 64 letters"),
        ({"scheduler_role_arn": "lowers"}, "scheduler_role_arn='lowers' must be the ARN of an IAM"),
        ({"scheduler_role_arn": REAPER}, " must be the ARN of an IAM role"),
        ({"scheduler_role_arn": f"{ROLE}\n"}, " must be the ARN of an IAM role"),
        ({"scheduler_role_arn": 5}, "scheduler_role_arn=5 must be the ARN of an IAM role"),
        ({"reaper_function_arn": "reaper"}, "'reaper' must be the ARN of a Lambda function"),
        ({"scheduler_dead_letter_arn": ROLE}, " must be the ARN of an SQS standard queue"),
        (
            {
                "scale_down_via": "eventbridge",
                "scheduler_role_arn": ROLE,
                "reaper_function_arn": REAPER,
                "ledger": "memory",
            },
            f"reaper_function_arn={REAPER!r} needs ledger='tags', where the function finds",
        ),
        (
            {
                "scale_down_via": "eventbridge",
                "scheduler_role_arn": ROLE,
                "reaper_function_arn": REAPER.replace("aws", "aws-cn", 1),
            },
            " must be of one partition (arn:aws:, arn:aws-cn:...)",
        ),
    ],
)
def test_a_wrong_combination_for_schedules_is_one_error(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ScalingConfig(**values)

    assert message in str(caught.value)
    assert ";" not in str(caught.value)


def test_replace_checks_like_a_new_one() -> None:
    config = ScalingConfig(max_write_capacity=40)

    assert config.replace(max_retries=1) == ScalingConfig(max_write_capacity=40, max_retries=1)
    with pytest.raises(ConfigError, match="base_write_capacity=41 must not be more than"):
        config.replace(base_write_capacity=41)
    with pytest.raises(ConfigError, match="did you mean max_retries"):
        config.replace(max_retry=1)


def test_what_is_overridden_holds_for_every_table_and_index() -> None:
    index = IndexLimits(max_write_capacity=80, base_write_capacity=4)
    own = TableLimits(max_write_capacity=400, max_read_capacity=9, indexes={"by-customer": index})
    config = ScalingConfig(tables={"orders": own})

    changed = config.overridden(max_write_capacity=7, max_retries=1)

    assert changed.limits("orders", None) == Limits(9, 7)
    assert changed.limits("orders", "by-customer") == Limits(9, 7, base_write=4)
    assert changed.max_retries == 1
    assert config.limits("orders", "by-customer") == Limits(9, 80, base_write=4)
    again = changed.overridden(tables={"orders": own})
    assert again.limits("orders", "by-customer") == Limits(9, 80, base_write=4)
    assert again.limits("customers", None) == Limits(100, 7)


def test_an_override_is_checked_against_what_stays() -> None:
    config = ScalingConfig(tables={"orders": TableLimits(base_read_capacity=30)})

    with pytest.raises(ConfigError, match="base_read_capacity=30 must not be more than"):
        config.overridden(max_read_capacity=20)
    with pytest.raises(ConfigError, match="did you mean max_retries"):
        config.overridden(max_retry=1)
    assert config.overridden(base_read_capacity=None).limits("orders", None).base_read is None


def test_it_is_frozen_and_can_be_pickled() -> None:
    config = ScalingConfig(tables={"orders": TableLimits(max_write_capacity=70)})

    assert pickle.loads(pickle.dumps(config)) == config
    with pytest.raises(AttributeError):
        config.max_retries = 3  # type: ignore[misc]


@given(
    values=st.dictionaries(
        st.sampled_from(sorted(ScalingConfig.__dataclass_fields__)),
        st.none() | st.booleans() | st.integers(-5, 500) | st.floats() | st.text("5x.", max_size=3),
    )
)
def test_any_value_is_either_taken_or_named(values: dict[str, Any]) -> None:
    try:
        config = ScalingConfig(**values)
    except ConfigError as error:
        told = str(error)
    else:
        told = ""
    if told:
        assert any(name in told for name in values)
    else:
        limits = config.limits("orders", None)
        assert limits.base_read is None or limits.base_read <= limits.cap_read
        assert config.scale_up_factor > 1
        assert 0 <= config.initial_retry_delay <= config.max_retry_delay < math.inf


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (
            lambda: ScalingConfig(autoscaling="help"),  # type: ignore[arg-type]
            "autoscaling='help' must be 'cooperate' or 'hold'",
        ),
        (
            lambda: ScalingConfig(raise_replicated_writes=None),  # type: ignore[arg-type]
            "raise_replicated_writes=None must be True or False",
        ),
        (
            lambda: TableLimits(raise_replicated_writes=1),  # type: ignore[arg-type]
            "raise_replicated_writes=1 must be True or False",
        ),
        (
            lambda: IndexLimits(raise_replicated_writes="no"),  # type: ignore[arg-type]
            "raise_replicated_writes='no' must be True or False",
        ),
    ],
)
def test_what_others_look_after_is_checked_too(make: Any, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        make()


def test_who_may_raise_what_others_look_after() -> None:
    orders = TableLimits(
        raise_replicated_writes=True, indexes={"a": IndexLimits(raise_replicated_writes=False)}
    )
    config = ScalingConfig(tables={"orders": orders})

    assert not config.limits("carts", None).raise_replicated_writes
    assert config.limits("orders", None).raise_replicated_writes
    assert config.limits("orders", "b").raise_replicated_writes
    assert not config.limits("orders", "a").raise_replicated_writes
    within = config.overridden(raise_replicated_writes=True)
    assert within.limits("orders", "a").raise_replicated_writes
    assert config.limits("orders", None).raise_minimums
    assert not config.replace(autoscaling="hold").limits("orders", None).raise_minimums


@pytest.mark.parametrize("owner", [ScalingConfig, TableLimits])
@pytest.mark.parametrize("name", ["max_hourly_cost", "max_unit_hours_per_day"])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, True, "1"])
def test_what_a_table_may_cost_is_a_number(owner: type, name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        owner(**{name: value})

    assert str(caught.value).startswith(f"{owner.__name__}: {name}={value!r} must be a finite")
    assert owner(**{name: 0}) == owner(**{name: 0.0})


def test_an_index_has_no_cost_of_its_own() -> None:
    with pytest.raises(ConfigError, match="max_hourly_cost=1: there is no such field"):
        IndexLimits(max_hourly_cost=1)  # type: ignore[call-arg]


def test_a_table_has_its_own_budget_or_that_of_all() -> None:
    own = Prices(read=1, write=5)
    orders = TableLimits(max_hourly_cost=0.5)
    carts = TableLimits(max_unit_hours_per_day=0)
    config = ScalingConfig(
        max_hourly_cost=2, max_unit_hours_per_day=100, prices=own, tables={"orders": orders}
    ).overridden(tables={"orders": orders, "carts": carts})

    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
    assert config.budget("orders") == config.budget(arn) == Budget(0.5, 100, own)
    assert config.budget("carts") == Budget(2, 0, own)
    assert config.budget("parcels") == Budget(2, 100, own)
    assert config.overridden(max_hourly_cost=3).budget("orders") == Budget(3, 100, own)
    assert ScalingConfig().budget("orders") == Budget()


@pytest.mark.parametrize(
    ("prices", "fault"),
    [
        (0.1, "prices=0.1 must be Prices(...), or a mapping of regions to them"),
        ({"us-east-1": 0.1}, "prices['us-east-1']=0.1 must be Prices(...) under the name of"),
        ({1: Prices(1, 5)}, "prices[1]=Prices("),
    ],
)
def test_prices_are_prices(prices: Any, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ScalingConfig(prices=prices)

    assert fault in str(caught.value)
    assert ScalingConfig(prices={"us-east-1": Prices(1, 5)}).prices is not None
