"""Names of tables: made of parts, told apart, and taken apart again."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dynoresilience.errors import ConfigError
from dynoresilience.tables import TableNames

WORDS = st.text(string.ascii_letters + string.digits + "_.", min_size=1, max_size=20)
BASES = st.text(string.ascii_letters + string.digits + "_.-", min_size=3, max_size=60)
NAMES = st.builds(
    TableNames, prefix=WORDS | st.just(""), environment=WORDS | st.just(""), suffix=WORDS
)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (TableNames(), "orders"),
        (TableNames("shop"), "shop-orders"),
        (TableNames("shop", environment="staging"), "shop-staging-orders"),
        (TableNames("shop", "staging", "v2"), "shop-staging-orders-v2"),
        (TableNames(environment="staging", separator="."), "staging.orders"),
    ],
)
def test_parts_in_their_order(names: TableNames, expected: str) -> None:
    assert names("orders") == expected
    assert names.owns(expected)
    assert names.base(expected) == "orders"


@given(NAMES, BASES)
def test_what_was_put_together_comes_apart(names: TableNames, base: str) -> None:
    assume(not names.owns(base))
    assert names.base(names(base)) == base


@given(WORDS | st.just(""), WORDS, WORDS, BASES)
def test_no_environment_owns_anothers_tables(prefix: str, one: str, other: str, base: str) -> None:
    assume(one != other)
    mine, theirs = TableNames(prefix, one), TableNames(prefix, other)
    assume(not mine.owns(base))
    assert not theirs.owns(mine(base))


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"prefix": "my shop"}, r"prefix='my shop' may have letters, digits and _ \. - only"),
        ({"prefix": "a b", "suffix": "ü"}, "prefix='a b'.*suffix='ü'"),
        ({"environment": "pr-7"}, "environment='pr-7' has the separator.*write 'pr7'"),
        ({"separator": ""}, "separator='' must be one character at least"),
        ({"separator": "/"}, "separator='/'"),
        ({"prefix": None}, "prefix=None"),
    ],
)
def test_parts_that_cannot_be(parts: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        TableNames(**parts)


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("", "base='' must be the name of a table"),
        (None, "base=None must be"),
        ("ord ers", r"'shop-staging-ord ers' \(20 characters\) is no name for a table"),
        ("x" * 243, r"\(256 characters\)"),
        ("shop-staging-orders", "is a whole name already: give 'orders'"),
    ],
)
def test_bases_that_cannot_be(base: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        TableNames("shop", "staging")(base)


def test_the_shortest_and_the_longest_name() -> None:
    assert len(TableNames("a")("b")) == 3
    assert len(TableNames("shop", "staging")("x" * 242)) == 255
    with pytest.raises(ConfigError, match=r"'or' \(2 characters\)"):
        TableNames()("or")


@pytest.mark.parametrize("name", ["shop-staging-", "shop-production-orders", "orders", ""])
def test_what_is_not_ours(name: str) -> None:
    names = TableNames("shop", "staging")

    assert not names.owns(name)
    with pytest.raises(ConfigError, match=r"is not one of the tables shop-staging-\*"):
        names.base(name)


def test_prefix_and_suffix_may_not_overlap() -> None:
    names = TableNames("ab", suffix="b", separator=".")

    assert not names.owns("ab.b")
    assert names.owns("ab.x.b")


def test_the_environment_from_a_variable() -> None:
    def named(env: dict[str, str], **given: str) -> str:
        return TableNames.from_env("APP_ENV", prefix="shop", env=env, **given)("orders")

    assert named({"APP_ENV": "staging"}) == "shop-staging-orders"
    assert named({"APP_ENV": "staging"}, default="dev") == "shop-staging-orders"
    assert named({}, default="dev") == "shop-dev-orders"
    assert named({"APP_ENV": ""}, default="dev") == "shop-dev-orders"
    assert named({}, default="") == "shop-orders"
    for env in ({}, {"APP_ENV": ""}):
        with pytest.raises(ConfigError, match="APP_ENV is not set"):
            named(env)
    with pytest.raises(ConfigError, match=r"environment='a b'.*from APP_ENV"):
        named({"APP_ENV": "a b"})


def test_the_processs_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "staging")
    assert TableNames.from_env("APP_ENV").environment == "staging"
