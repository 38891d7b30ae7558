from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.testing.service.statements import Statement, read_statement

X, ONE = {"S": "x"}, {"N": "1"}


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ('SELECT * FROM "orders" WHERE id = ?', Statement("Select", "orders", equal={"id": X})),
        ("select a, 'FROM' from orders", Statement("Select", "orders")),
        (
            'SELECT * FROM "orders"."by-customer" WHERE "customer" = \'c\'\'7\' AND n > 3',
            Statement("Select", "orders", "by-customer", {"customer": {"S": "c'7"}}),
        ),
        # either one may hold: nothing is known of the key
        ("SELECT * FROM t WHERE id = ? OR id = ?", Statement("Select", "t")),
        ("SELECT * FROM t WHERE NOT id = ?", Statement("Select", "t")),
        ("SELECT * FROM t WHERE a.id = ?", Statement("Select", "t")),
        (
            "SELECT * FROM t WHERE id = ? AND k = -2;",
            Statement("Select", "t", equal={"id": X, "k": {"N": "-2"}}),
        ),
        ("EXISTS(SELECT * FROM t WHERE id = ?)", Statement("Check", "t", equal={"id": X})),
        (
            "INSERT INTO \"t\" VALUE {'id': ?, 'n': ?, 'l': [1, 'a', {'b': true}], 'e': []}",
            Statement(
                "Put",
                "t",
                item={
                    "id": X,
                    "n": ONE,
                    "l": {"L": [ONE, {"S": "a"}, {"M": {"b": {"BOOL": True}}}]},
                    "e": {"L": []},
                },
            ),
        ),
        (
            "INSERT INTO t VALUE {'id': 'a', 's': <<'a', 'b'>>, 'z': null}",
            Statement(
                "Put", "t", item={"id": {"S": "a"}, "s": {"SS": ["a", "b"]}, "z": {"NULL": True}}
            ),
        ),
        (
            "DELETE FROM t WHERE id = 'a' RETURNING ALL OLD *",
            Statement("Delete", "t", equal={"id": {"S": "a"}}),
        ),
    ],
)
def test_what_a_statement_is_about(text: str, statement: Statement) -> None:
    assert read_statement(text, [X, ONE]) == statement


def test_an_update_touches_more_than_it_assigns() -> None:
    text = 'UPDATE "t" SET a = ? SET b = b + 1 SET c.d = 4 REMOVE e WHERE id = ?'
    found = read_statement(text, [X, ONE])
    assert found is not None
    assert (found.kind, found.equal, found.assigned) == ("Update", {"id": ONE}, {"a": X})
    assert {"a", "b", "c", "e"} <= found.touched
    assert "id" not in found.touched


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "SELECT",
        "SELECT * FROM",
        "DROP TABLE t",
        "INSERT INTO t VALUE {",
        "INSERT INTO t VALUE {'id' ?}",
        "INSERT INTO t VALUE {'id': ?, 'a': ?, 'b': ?}",
        "INSERT INTO t VALUE {'s': <<>>}",
        "SELECT * FROM t WHERE id = `ion`",
        "SELECT * FROM t WHERE id = " + "[" * 5000,
    ],
)
def test_what_can_not_be_read_is_none(text: Any) -> None:
    assert read_statement(text, [X, ONE]) is None


@given(
    st.text(alphabet="SELECTFROMWHEREINSERTINTOVALUEUPDATE \"'?={}[]<>.,:*1a"), st.integers(0, 2)
)
def test_no_text_makes_it_fail(text: str, count: int) -> None:
    for words in (text, f"SELECT * FROM t WHERE {text}", f"INSERT INTO t VALUE {text}"):
        found = read_statement(words, [X, ONE][:count])
        assert found is None or found.table
