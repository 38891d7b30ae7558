"""A small reader of PartiQL statements: what they are about, for their cost. Pure.

It does not judge: what it can't read is None, costs nothing and is left to the backend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = Mapping[str, Any]
"""An attribute value in wire form."""

_TOKEN = re.compile(
    r"""\s*(?:
        '(?P<string>(?:[^']|'')*)'
      | "(?P<name>(?:[^"]|"")*)"
      | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<mark><<|>>|<>|<=|>=|[?=<>(){}\[\],.:*+-])
    )""",
    re.VERBOSE,
)
_KINDS = {"SELECT": "Select", "INSERT": "Put", "UPDATE": "Update", "DELETE": "Delete"}


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement does to which table.

    ``kind`` is Select, Check, Put, Update or Delete. ``equal`` are the attributes that WHERE sets
    equal to a value, ``item`` what is inserted, ``assigned`` what an update sets to a plain value,
    and ``touched`` everything that it names.
    """

    kind: str
    table: str
    index: str | None = None
    equal: Mapping[str, Value] = field(default_factory=dict)
    item: Mapping[str, Value] = field(default_factory=dict)
    assigned: Mapping[str, Value] = field(default_factory=dict)
    touched: frozenset[str] = frozenset()


def read_statement(text: Any, parameters: Sequence[Value] | None) -> Statement | None:
    """The statement behind ``text``, its question marks filled in; None if it can't be read."""
    try:
        return _Reader(list(_tokens(text)), list(parameters or ())).statement()
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


class _Token(tuple[str, str]):
    """Its kind, and its text."""

    def says(self, *words: str) -> bool:
        return self[0] in ("word", "mark") and self[1].upper() in words


def _tokens(text: str) -> Iterator[_Token]:
    at, text = 0, text.rstrip().rstrip(";")
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ValueError("not PartiQL")
        content = found[found.lastgroup]
        if found.lastgroup in ("string", "name"):
            content = content.replace("''", "'").replace('""', '"')
        yield _Token((found.lastgroup, content))
        at = found.end()


class _Reader:
    def __init__(self, tokens: list[_Token], parameters: list[Value]) -> None:
        left = iter(parameters)
        # each question mark has its value from here on, wherever the reading goes
        self._values = [next(left, None) if token.says("?") else None for token in tokens]
        self._tokens = tokens
        self._at = 0

    def statement(self) -> Statement:
        is_check = self._tokens[0].says("EXISTS")
        if is_check:
            self._at = 2  # EXISTS(SELECT ...), in transactions
        start = self._tokens[self._at]
        kind = _KINDS[start[1].upper()] if start[0] == "word" else ""
        before = {"Select": "FROM", "Put": "INTO", "Update": "UPDATE", "Delete": "FROM"}[kind]
        self._at = self._find(before, self._at) + 1
        table, index = self._name(), None
        if self._at < len(self._tokens) and self._tokens[self._at].says("."):
            self._at += 1
            index = self._name()
        if kind == "Put":
            self._at = self._find("VALUE", self._at) + 1
            return Statement(kind, table, item=self._value()["M"])
        body = self._at
        where = self._find("WHERE", body, default=len(self._tokens))
        equal = self._equalities(where + 1, len(self._tokens))
        if kind != "Update":
            return Statement("Check" if is_check else kind, table, index, equal)
        named = (t[1] for t in self._tokens[body:where] if t[0] in ("name", "word"))
        return Statement(
            kind, table, None, equal, {}, self._equalities(body, where), frozenset(named)
        )

    def _find(self, word: str, start: int, default: int | None = None) -> int:
        for at in range(start, len(self._tokens)):
            if self._tokens[at].says(word):
                return at
        if default is None:
            raise ValueError(f"no {word}")
        return default

    def _name(self) -> str:
        kind, text = self._tokens[self._at]
        if kind not in ("name", "word"):
            raise ValueError("a name is missing")
        self._at += 1
        return text

    def _equalities(self, start: int, end: int) -> dict[str, Value]:
        """``name = value`` pairs; none at all beside an OR or NOT, which they may be part of."""
        tokens, found = self._tokens, {}
        if any(token.says("OR", "NOT") for token in tokens[start:end]):
            return {}
        for at in range(start + 1, end - 1):
            is_name = tokens[at - 1][0] in ("name", "word")
            is_path = at >= 2 and tokens[at - 2].says(".")
            if tokens[at].says("=") and is_name and not is_path:
                self._at = at + 1
                try:
                    value = self._value()
                except ValueError:  # an expression
                    continue
                if self._at == end or not tokens[self._at].says("+", "-"):
                    found[tokens[at - 1][1]] = value
        return found

    def _value(self) -> Value:
        kind, text = token = self._tokens[self._at]
        self._at += 1
        if token.says("?"):
            value = self._values[self._at - 1]
            if value is None:
                raise ValueError("a parameter is missing")
            return value
        if kind == "string":
            return {"S": text}
        if kind == "number":
            return {"N": text}
        if token.says("TRUE", "FALSE"):
            return {"BOOL": text.upper() == "TRUE"}
        if token.says("NULL"):
            return {"NULL": True}
        if token.says("{"):
            return {"M": dict(self._pairs())}
        if token.says("["):
            return {"L": list(self._elements("]"))}
        if token.says("<<"):
            elements = [next(iter(each.items())) for each in self._elements(">>")]
            return {f"{elements[0][0]}S": [content for _, content in elements]}
        raise ValueError("not a value")

    def _pairs(self) -> Iterator[tuple[str, Value]]:
        while not self._tokens[self._at].says("}"):
            name = self._tokens[self._at][1]
            if not self._tokens[self._at + 1].says(":"):
                raise ValueError("a colon is missing")
            self._at += 2
            yield name, self._value()
            if self._tokens[self._at].says(","):
                self._at += 1
        self._at += 1

    def _elements(self, end: str) -> Iterator[Value]:
        while not self._tokens[self._at].says(end):
            yield self._value()
            if self._tokens[self._at].says(","):
                self._at += 1
        self._at += 1
