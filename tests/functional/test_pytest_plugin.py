"""The pytest plugin, in pytest runs of a project that has dynoresilience installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import dynoresilience.testing.pytest_plugin.options
import dynoresilience.testing.pytest_plugin.table
import dynoresilience.testing.simulator  # moto too: kept from one run in process to the next  # noqa: F401
from dynoresilience.engine import Runtime
from dynoresilience.testing import capacity_report, virtual_time  # noqa: F401
from tests.support.plugin_runs import install_entry_point

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a test module in this process; ``args`` are pytest's."""
    install_entry_point(pytester, monkeypatch)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")

    def run_module(code: str, *args: str, own_process: bool = False) -> pytest.RunResult:
        pytester.makepyfile(code)
        arguments = ["-W", "error", "--strict-markers", "-p", "no:cacheprovider", *args]
        if own_process:
            return pytester.runpytest_subprocess(*arguments, timeout=120)
        return pytester.runpytest_inprocess(*arguments)

    return run_module


USER_CODE = """
    import time
    import boto3, pytest
    from dynoresilience import ScalingClient, ScalingConfig, lambda_handler

    CONFIG = ScalingConfig(scale_up_factor=10, max_write_capacity=20)
    ddb = ScalingClient(config=CONFIG)  # as a Lambda's module has it

    def save(number):
        ddb.put_item(TableName="orders", Item={"id": {"S": str(number)}})
"""


def test_virtual_time_from_the_throttle_to_the_scale_down(run: Run) -> None:
    result = run(
        USER_CODE
        + """
    def test_raised_and_lowered(throttled_table, dynamodb_simulator, virtual_clock):
        began = time.perf_counter()
        for number in range(100):
            save(number)
        assert throttled_table.throttles
        dynamodb_simulator.assert_raised("orders", write=20)
        dynamodb_simulator.assert_raised("orders")
        assert throttled_table.units.write == 20
        assert throttled_table.index_units("by-customer").write == 2
        [entry] = ddb.pending_scale_downs()
        assert entry.base == 2
        virtual_clock.advance(600)
        virtual_clock.advance(10)
        dynamodb_simulator.assert_back_at_base("orders")
        assert [units.write for _, units in throttled_table.history] == [2, 20, 2]
        assert ddb.pending_scale_downs() == ()
        assert time.perf_counter() - began < 10

    def test_nothing_is_left_of_it(throttled_table, virtual_clock):
        assert ddb.pending_scale_downs() == ()
        assert throttled_table.units.write == 2
        assert virtual_clock.monotonic() == 0
        assert not throttled_table.throttles

    @lambda_handler
    def handler(event, context):
        save(1)
        save(2)

    class Context:
        def get_remaining_time_in_millis(self):
            return 10_000

    def test_deadlines_are_in_virtual_time_too(throttled_table, virtual_clock):
        virtual_clock.advance(3600)
        for number in range(600):
            throttled_table.client.put_item(TableName="orders", Item={"id": {"S": "1"}})
        before = virtual_clock.monotonic()
        handler({}, Context())
        assert virtual_clock.monotonic() > before
        throttled_table.simulator.deny("UpdateTable")
        throttled_table.simulator.fail_next(
            "PutItem", 1000, "ThrottlingException", "Rate exceeded"
        )
        before = virtual_clock.monotonic()
        with pytest.raises(ddb.exceptions.ClientError):
            handler({}, Context())
        assert virtual_clock.monotonic() - before <= 9.5

    def test_time_is_real_again():
        assert type(time.sleep).__name__ == "builtin_function_or_method"
    """
    )
    result.assert_outcomes(passed=4)


def test_boto3_alone_sleeps_in_virtual_time(run: Run) -> None:
    result = run(
        """
    import threading, time
    import boto3, pytest

    ddb = boto3.client("dynamodb")

    def test_retries(throttled_table, virtual_clock):
        for number in range(10):
            try:
                ddb.put_item(TableName="orders", Item={"id": {"S": str(number)}})
            except ddb.exceptions.ProvisionedThroughputExceededException:
                pass
        assert virtual_clock.monotonic() > 0
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)

    def test_other_threads_sleep_really(virtual_clock):
        began = time.perf_counter()
        thread = threading.Thread(target=time.sleep, args=(0.2,))
        thread.start()
        thread.join()
        assert time.perf_counter() - began >= 0.2
        assert virtual_clock.monotonic() == 0
    """
    )
    result.assert_outcomes(passed=2)


def raised_by_the_process() -> list[tuple[object, object, int]]:
    """What other tests in this process may have left: raises that nobody has taken back."""
    pending = Runtime.of_process().pending()
    return [(each.resource, each.dimension, each.units) for each in pending]


def test_real_time_and_a_fresh_memory_for_each_test(run: Run) -> None:
    before = raised_by_the_process()
    result = run(
        USER_CODE
        + """
    @pytest.mark.dynamodb_simulator(update_seconds=0)
    @pytest.mark.parametrize("turn", [1, 2])
    def test_it_is_raised_anew(throttled_table, turn):
        assert ddb.pending_scale_downs() == ()
        for number in range(10):
            save(number)
        assert throttled_table.units.write == 20
        assert throttled_table.simulator.calls["UpdateTable"] == 1
        assert ddb.pending_scale_downs()

    """
    )
    result.assert_outcomes(passed=2)
    assert raised_by_the_process() == before


def test_markers_set_region_settings_and_table(run: Run) -> None:
    result = run(
        """
    import boto3, os, pytest
    from dynoresilience.testing import VirtualClock

    pytestmark = pytest.mark.dynamodb_simulator(region="us-east-2", update_seconds=7)

    def test_of_the_module(dynamodb_simulator):
        assert dynamodb_simulator.settings.update_seconds == 7
        assert dynamodb_simulator.settings.start_full
        assert os.environ["AWS_DEFAULT_REGION"] == dynamodb_simulator.region == "us-east-2"
        assert boto3.client("dynamodb").meta.region_name == "us-east-2"

    @pytest.mark.dynamodb_simulator(region="us-west-1")
    @pytest.mark.throttled_table(name="carts", write=3, indexes={"by-day": (4, 5)}, hash_key="cart")
    def test_of_the_test(dynamodb_simulator, throttled_table, virtual_clock):
        assert dynamodb_simulator.settings.update_seconds == 7
        assert dynamodb_simulator.clock is virtual_clock
        assert throttled_table.arn == "arn:aws:dynamodb:us-west-1:123456789012:table/carts"
        assert (throttled_table.units.read, throttled_table.units.write) == (2, 3)
        assert throttled_table.index_units("by-day").write == 5
        throttled_table.client.put_item(TableName="carts", Item={"cart": {"S": "1"}})
        assert throttled_table.table.item_count is not None

    def test_environment_again():
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    """
    )
    result.assert_outcomes(passed=3)


def test_a_faulty_marker_is_one_clear_error(run: Run) -> None:
    result = run(
        """
    import pytest

    @pytest.mark.dynamodb_simulator(update_secs=1)
    def test_unknown(dynamodb_simulator): pass

    @pytest.mark.dynamodb_simulator(5)
    def test_position(dynamodb_simulator): pass

    @pytest.mark.dynamodb_simulator(burst_seconds=0)
    def test_value(dynamodb_simulator): pass

    @pytest.mark.throttled_table(writes=1)
    def test_unknown_of_table(throttled_table): pass

    @pytest.mark.throttled_table(write=0)
    def test_refused_table(throttled_table): pass
    """
    )
    result.assert_outcomes(errors=5)
    result.stdout.fnmatch_lines(
        [
            "*dynamodb_simulator: there is no option 'update_secs'; there are *update_seconds*",
            "*dynamodb_simulator: takes keyword arguments only, got (5,)",
            "*dynamodb_simulator: burst_seconds must be a positive number, got 0",
            "*throttled_table: there is no option 'writes'; there are hash_key, *",
            "*throttled_table: Parameter validation failed:",
            "*WriteCapacityUnits, value: 0, valid min value: 1",
        ]
    )
    result.stdout.no_fnmatch_line("*src/dynoresilience*")
    result.stdout.no_fnmatch_line("*another exception occurred*")


FAILING = """
    import pytest

    def test_passes(throttled_table):
        pass

    def test_fails(throttled_table, virtual_clock):
        virtual_clock.advance(1.5)
        throttled_table.client.update_table(
            TableName="orders",
            ProvisionedThroughput={"ReadCapacityUnits": 2, "WriteCapacityUnits": 9},
        )
        for number in range(5):
            throttled_table.client.put_item(TableName="orders", Item={"id": {"S": "secret"}})
        virtual_clock.advance(5)
        assert throttled_table.units.write == 2

    def test_fails_without():
        assert False
"""
REPORT = [
    "*- DynamoDB: capacity over time -*",
    "region eu-west-1, * s since the start",
    "read/write units in force:",
    "  orders              2/2 at 0.0 s -> 2/9 at 3.5 s",
    "  orders/by-customer  2/2 at 0.0 s",
    "UpdateTable:",
    "  1.5 s orders: table 2/2 to 2/9",
    "throttled:",
    "  orders write: *",
    "calls:",
    "  CreateTable 1, UpdateTable 1, PutItem *",
]


@pytest.mark.parametrize("distributed", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_a_failed_test_tells_what_happened(run: Run, distributed: tuple[str, ...]) -> None:
    result = run(FAILING, "--tb=line", "-rN", *distributed, own_process=bool(distributed))
    result.assert_outcomes(passed=1, failed=2)
    result = run(FAILING, "--tb=short", *distributed, own_process=bool(distributed))
    result.stdout.fnmatch_lines(REPORT, consecutive=True)
    text = result.stdout.str()
    assert text.count("DynamoDB: capacity over time") == 1
    assert text[text.index("capacity over time") :].count("secret") == 0


def test_a_failed_setup_or_teardown_tells_it_too(run: Run) -> None:
    result = run(
        """
    import pytest

    @pytest.fixture
    def filled(throttled_table):
        assert False

    @pytest.fixture
    def checked(throttled_table):
        yield
        assert False

    def test_setup(filled): pass
    def test_teardown(checked): pass
    """
    )
    result.assert_outcomes(passed=1, errors=2)
    assert result.stdout.str().count("orders/by-customer  2/2 at ") == 2


def test_it_can_be_left_out(run: Run) -> None:
    result = run("def test_it(virtual_clock): pass", "-p", "no:dynoresilience")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'virtual_clock' not found"])


def test_whoever_does_not_use_it_loads_nothing_of_it(run: Run) -> None:
    result = run(
        """
    import sys

    def test_modules():
        ours = {name for name in sys.modules if name.startswith("dynoresilience")}
        assert ours == {
            "dynoresilience", "dynoresilience.testing", "dynoresilience.testing.pytest_plugin"
        }
        assert not {"boto3", "botocore", "moto", "hypothesis", "pydantic"} & set(sys.modules)
    """,
        own_process=True,
    )
    result.assert_outcomes(passed=1)


def test_coroutines_go_by_real_time(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
    import asyncio, inspect, pytest

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(pyfuncitem):
        if inspect.iscoroutinefunction(pyfuncitem.obj):
            names = pyfuncitem._fixtureinfo.argnames
            asyncio.run(pyfuncitem.obj(**{n: pyfuncitem.funcargs[n] for n in names}))
            return True
    """
    )
    result = run(
        """
    import asyncio, time

    async def test_without():
        await asyncio.sleep(0)

    async def test_with(throttled_table, virtual_clock):
        began = time.perf_counter()
        await asyncio.gather(asyncio.sleep(0.2), asyncio.to_thread(time.sleep, 0.2))
        assert time.perf_counter() - began >= 0.2
        assert virtual_clock.monotonic() == 0
        time.sleep(3)
        assert virtual_clock.monotonic() == 3
    """
    )
    result.assert_outcomes(passed=2)


def test_coverage_of_a_project_is_whole(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(shop="def buy(number):\n    return number + 1\n")
    result = run(
        """
    import shop

    def test_buy(throttled_table):
        assert shop.buy(1) == 2
    """,
        "--cov=shop",
        own_process=True,
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["shop.py*100%*"])
