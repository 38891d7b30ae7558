"""From the text of a statement to table, index and dimension; and never a wrong one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, Resource
from dynoresilience.throttling import partiql
from dynoresilience.throttling.partiql import Statement, read_statement

READ, WRITE = Dimension.READ, Dimension.WRITE
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def orders(dimension: Dimension, index: str | None = None) -> Statement:
    return Statement("orders", index, dimension)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the examples of AWS's documents
        ('SELECT OrderID, Total FROM "orders" WHERE OrderID = 1 ORDER BY OrderID DESC', READ),
        ('SELECT * FROM "orders" WHERE OrderID IN [1, 2, 3] ORDER BY OrderID DESC', READ),
        ("SELECT * FROM orders", READ),
        ("SELECT * FROM orders ORDER BY id", READ),
        ('SELECT Devices.FireStick.DateWatched[0] FROM "orders" WHERE Title=?', READ),
        ("INSERT INTO \"orders\" value {'Artist' : 'Acme Band','SongTitle' : 'Rocks'}", WRITE),
        ("UPDATE \"orders\" SET AwardsWon=1 SET Detail={'Date':[2020]} WHERE Artist='A'", WRITE),
        (
            "UPDATE \"orders\" REMOVE AwardDetail.Grammys[2] WHERE Artist='A' RETURNING ALL OLD *",
            WRITE,
        ),
        ("UPDATE \"orders\" SET BandMembers =set_add(BandMembers, <<'x'>>) WHERE a='A'", WRITE),
        ('DELETE FROM "orders" WHERE "Artist" = \'A\' RETURNING ALL OLD *', WRITE),
        ('EXISTS(\n SELECT * FROM "orders" \n WHERE "a" = \'A\' AND b IS MISSING)', WRITE),
        # case, space, comments, a semicolon
        ("select * from orders", READ),
        ('\r\n\tSeLeCt*fRoM"orders"wHeRe"id"=\'x\'', READ),
        ("SELECT * FROM orders ; ", READ),
        ("-- all\nSELECT * -- FROM a\r\nFROM /* b */ orders/**/WHERE id=1 -- the end\r", READ),
        ("DELETE /* FROM a */ FROM orders WHERE id = 'x' -- and no more", WRITE),
        ("exists ( select * from orders where id = 'x' and n = 1 );", WRITE),
        # words where they mean nothing
        ("SELECT ' FROM a', 'it''s FROM b' FROM orders", READ),
        ('SELECT "FROM", "a"" FROM b" FROM orders', READ),
        ('SELECT info.from, size("from"), a."from".c FROM orders WHERE a.select = 1', READ),
        ("SELECT f(a FROM b), [c FROM d], {e FROM g} FROM orders", READ),
        ("UPDATE orders SET a = ' WHERE ' WHERE id = 'DELETE FROM customers WHERE'", WRITE),
        ("INSERT INTO orders VALUE {'from': 'INTO a', 'b': <<1.5e-3, -2>>, c: ?}", WRITE),
        ("UPDATE orders SET a = b - 1, c = d || 'x', e = f / 2 % 3 ^ 4 WHERE id <> 1", WRITE),
    ],
)
def test_statements_about_the_table_itself(text: str, expected: Dimension) -> None:
    assert read_statement(text) == orders(expected)


@pytest.mark.parametrize(
    ("text", "table", "index"),
    [
        ('SELECT * FROM "a"."b"', "a", "b"),
        ('SELECT * FROM "a" . /* index */ "b" WHERE c = 1', "a", "b"),
        ('SELECT * FROM a."b"', "a", "b"),
        ('SELECT * FROM "a".b', "a", "b"),
        ("SELECT * FROM a.b WHERE c = 1", "a", "b"),
        ("SELECT * FROM a . -- index\n b", "a", "b"),
        ('SELECT * FROM "a.b"', "a.b", None),
        ('SELECT * FROM "a.b"."c.d" ORDER BY e', "a.b", "c.d"),
        ('SELECT * FROM "a""b"."""c"""', 'a"b', '"c"'),
        ('SELECT * FROM "it\'s"."--x"', "it's", "--x"),
        (f'SELECT * FROM "{ARN}"', ARN, None),
        (f'SELECT * FROM "{ARN}"."by-customer"', ARN, "by-customer"),
        (f'SELECT * FROM "{ARN}/index/by-customer"', ARN, "by-customer"),
        ('SELECT * FROM "a/index/b"', "a/index/b", None),
        ("SELECT * FROM $a_1", "$a_1", None),
    ],
)
def test_table_and_index(text: str, table: str, index: str | None) -> None:
    found = read_statement(text)

    assert found == Statement(table, index, READ)
    assert found.resource == Resource(table, index)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " -- nothing",
        ";",
        "orders",
        '"SELECT" * FROM orders',
        # an index that can't be
        "SELECT * FROM a.b.c",
        'SELECT * FROM "a"."b"."c"',
        'SELECT * FROM "a".',
        'SELECT * FROM "a"..',
        "SELECT * FROM \"a\".'b'",
        f'SELECT * FROM "{ARN}/index/a"."b"',
        f'SELECT * FROM "{ARN}/index/"',
        'SELECT * FROM ""',
        'SELECT * FROM "a".""',
        'INSERT INTO "a"."b" VALUE {}',
        'UPDATE "a"."b" SET c = 1 WHERE d = 1',
        'DELETE FROM "a"."b" WHERE c = 1',
        'EXISTS(SELECT * FROM "a"."b" WHERE c = 1)',
        # more tables than one, or another name for it
        "SELECT * FROM a, b",
        "SELECT * FROM a AS b",
        "SELECT * FROM a b",
        "SELECT * FROM a 5",
        "SELECT * FROM a JOIN b ON a.c = b.c",
        "SELECT * FROM (SELECT * FROM a)",
        "SELECT * FROM a WHERE b IN (SELECT b FROM c)",
        "SELECT (SELECT b FROM c) FROM a",
        "UPDATE a SET b = (SELECT b FROM c) WHERE d = 1",
        "SELECT * FROM a UNION SELECT * FROM b",
        "SELECT a FROM b FROM c",
        "SELECT * FROM a; SELECT * FROM b",
        "SELECT * FROM a;;",
        # not whole
        "SELECT *",
        "SELECT * FROM",
        "SELECT * FROM 'orders'",
        "SELECT * FROM ?",
        "SELECT * FROM 5",
        "SELECT * FROM by-customer",
        "INSERT orders VALUE {}",
        "INSERT INTO orders",
        "INSERT INTO orders << {} >>",
        "INSERT INTO orders VALUES (1)",
        "UPDATE orders WHERE id = 1",
        "UPDATE FROM orders SET a = 1 WHERE id = 1",
        "DELETE orders WHERE id = 1",
        "DELETE FROM orders",
        # what is open, or closed, and should not be
        "SELECT 'a FROM orders",
        'SELECT "a FROM orders',
        "SELECT * FROM orders WHERE a = 'it''s",
        "SELECT * FROM orders WHERE a = ''''''''' ",
        "SELECT (a FROM orders",
        "SELECT * FROM orders WHERE (a = 1",
        "SELECT a) FROM orders",
        "SELECT (a] FROM orders",
        "SELECT /* FROM orders",
        "SELECT * FROM a -- x\r, b",
        "SELECT /*/ * FROM orders",
        # where readers of PartiQL differ, or DynamoDB has it not
        "SELECT /* /* */ * FROM a /* */ */ FROM b",
        "SELECT * FROM a /* b/*/ WHERE c = 1",
        "SELECT * -- a\rFROM orders",
        "SELECT `{from: 1}` FROM orders",
        "SELECT * FROM orders WHERE a = 'x\\'y'",
        "SELECT @a FROM orders",
        "SELECT * FROM größe",
        "SELECT * FROM\u00a0orders",
        "\u017fELECT * FROM orders",  # its upper case is S
        "SELECT 1FROM orders",
        # EXISTS, and something else
        "EXISTS",
        "EXISTS(",
        "EXISTS()",
        "EXISTS (SELECT * FROM a WHERE b = 1",
        "EXISTS[SELECT * FROM a WHERE b = 1]",
        "EXISTS(SELECT * FROM a WHERE b = 1) AND EXISTS(SELECT * FROM c WHERE d = 1)",
        "EXISTS(SELECT * FROM a WHERE b = 1)(SELECT * FROM c)",
        "EXISTS((SELECT * FROM a WHERE b = 1))",
        "EXISTS(EXISTS(SELECT * FROM a WHERE b = 1))",
        "EXISTS(DELETE FROM a WHERE b = 1)",
        "EXISTS SELECT * FROM a WHERE b = 1",
        # other statements
        "CREATE TABLE orders",
        "DROP TABLE orders",
        "UPSERT INTO orders VALUE {}",
        "REPLACE INTO orders VALUE {}",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert read_statement(text) is None


@pytest.mark.parametrize("text", [None, 7, b"SELECT * FROM orders", ["SELECT * FROM orders"]])
def test_what_is_no_text_is_not_read(text: Any) -> None:
    assert read_statement(text) is None


PIECES = st.sampled_from(
    [
        *(
            "SELECT",
            "FROM",
            "INSERT",
            "INTO",
            "UPDATE",
            "SET",
            "DELETE",
            "WHERE",
            "EXISTS",
            "VALUE",
        ),
        *"'\"()[]{}.,;*?-/\n\r \\`",
        *("--", "/*", "*/", "''", '""', "orders", "a", "1", "arn:x:table/a/index/b"),
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.lists(PIECES).map(" ".join)))
def test_no_text_raises(text: str) -> None:
    found = read_statement(text)

    assert found is None or (found.table and found.index != "")


HOSTILE = st.one_of(
    st.text(min_size=1),
    st.lists(PIECES, min_size=1).map(" ".join),
    st.sampled_from(["FROM", '"', "'", "a.b", 'a"."b', "--", "/*", "*/", ";", "x\\", "größe"]),
)
TABLES = HOSTILE.filter(lambda name: not name.startswith("arn:"))
SPACE = st.sampled_from(
    [" ", "\n", "\t\r\n", ' /* FROM "a" \' */ ', " -- FROM 'a\" */ --\n", "/**/", "/* -- */"]
)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, Statement]:
    """A statement in DynamoDB's PartiQL, its names and values as hostile as may be."""
    table, attribute, value = draw(TABLES), quoted(draw(HOSTILE)), literal(draw(HOSTILE))
    kind = draw(st.sampled_from(["SELECT", "INSERT", "UPDATE", "DELETE", "EXISTS"]))
    index = draw(st.none() | HOSTILE) if kind == "SELECT" else None
    place = [quoted(table)] if index is None else [quoted(table), ".", quoted(index)]
    where = ["WHERE", attribute, "=", value]
    parts = {
        "SELECT": ["SELECT", attribute, ",", f"size({attribute})", "FROM", *place, *where],
        "INSERT": ["INSERT", "INTO", *place, "VALUE", "{", value, ":", f"[{value}]", "}"],
        "UPDATE": ["UPDATE", *place, "SET", attribute, "=", value, *where],
        "DELETE": ["DELETE", "FROM", *place, *where],
        "EXISTS": ["EXISTS", "(", "SELECT", "*", "FROM", *place, *where, ")"],
    }[kind]
    text = ""
    for part in parts:
        word = (
            "".join(draw(st.sampled_from([c, c.lower()])) for c in part) if part.isalpha() else part
        )
        text += draw(SPACE) + word
    return text + draw(SPACE), Statement(table, index, READ if kind == "SELECT" else WRITE)


@given(statements())
def test_what_is_read_is_what_was_written(case: tuple[str, Statement]) -> None:
    text, expected = case

    assert read_statement(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        lambda n: "'" * (2 * n + 1),
        lambda n: "'a'" * n + "'",
        lambda n: '"' * (2 * n + 1),
        lambda n: "(" * n,
        lambda n: "EXISTS(" * n,
        lambda n: "SELECT " * n,
        lambda n: "SELECT " + "(" * n + ")" * n,
        lambda n: "/*" * n,
        lambda n: "/**/" * n,
        lambda n: "-" * 2 * n,
        lambda n: "--\n" * n,
        lambda n: "SELECT " + "FROM" * n,
        lambda n: "SELECT " + "(FROM)" * n,
        lambda n: "1" * n + "." * n,
        lambda n: "a." * n,
        lambda n: " " * n + "x",
        lambda n: "SELECT * FROM " + '"a".' * n,
        lambda n: "SELECT " + "a," * n + " a FROM b",
    ],
)
def test_a_text_of_twice_the_length_is_twice_the_work(text: Callable[[int], str]) -> None:
    """Counted in calls, not in time: the scanner and the reader make some at every step.

    A call of a pattern is no more than that: it matches one class of characters, without a choice
    that it could go back on.
    """
    for pattern in (partiql._WORDS, partiql._NUMBERS):
        assert re.fullmatch(r"\[[^]]+\]\[[^]]+\]\*", pattern.pattern)

    calls_to_read(text(1))  # what is loaded or compiled at the first use
    once, twice = (calls_to_read(text(n)) for n in (500, 1000))

    assert twice <= 2 * once + 10


def calls_to_read(text: str) -> int:
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read_statement(text)
    finally:
        sys.setprofile(before)
    return calls


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_length_and_depth_do_no_harm(length: int, depth: int) -> None:
    text = (
        f"SELECT {'(' * depth}{'a.' * length}b{')' * depth} /*{'*' * length} */ FROM "
        f"{quoted('x' * (length + 1))} WHERE id = {literal(chr(39) * length)}"
    )

    assert read_statement(text) == Statement("x" * (length + 1), None, READ)
