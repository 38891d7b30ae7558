"""What a PartiQL statement is about: which table, which index, read or write. Pure.

It knows the statements that DynamoDB documents, with comments and dotted names as DynamoDB Local
reads them. Whatever else it meets, it is not sure, and says so: a throttle of a statement that was
misread would raise the capacity of the wrong table.

The text is read once from left to right and never gone back on, so a hostile one costs no more
than a friendly one of its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from dynoresilience.model import Dimension, Resource


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement reads or writes; ``table`` is a name or an ARN, as it stands there.

    EXISTS, which checks a condition in a transaction, is a write: DynamoDB takes it among writes
    only, and others measured two write units for a ConditionCheck, which does the same.
    """

    table: str
    index: str | None
    dimension: Dimension

    @property
    def resource(self) -> Resource:
        return Resource(self.table, self.index)


def read_statement(text: str) -> Statement | None:
    """The statement in ``text``; None if it can't be read with certainty. Raises nothing."""
    if not isinstance(text, str):
        return None
    try:
        return _statement(_tokens(text))
    except _Unsure:
        return None


class _Unsure(Exception):
    """There is something here that we don't know."""


class _Token(NamedTuple):
    """``depth``: how many brackets are open around it."""

    kind: str
    text: str
    depth: int

    def says(self, *words: str) -> bool:
        return self.kind == _WORD and self.text.upper() in words

    def is_mark(self, mark: str) -> bool:
        return self.kind == _MARK and self.text == mark


_WORD, _STEP, _NAME, _VALUE, _MARK = "word", "step", "name", "value", "mark"
"""A step is a word after a dot: part of a path, whatever it says. A name is in double quotes."""
_NOTHING = _Token("", "", 0)

_WORDS = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_NUMBERS = re.compile(r"[0-9][A-Za-z0-9_$.]*")
_BLANKS = " \t\r\n\v\f"
_MARKS = "*,.:;?=<>!+-/%|^"
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def _tokens(text: str) -> list[_Token]:
    """The parts of a text, comments left out, brackets closed."""
    found: list[_Token] = []
    closers: list[str] = []
    at = 0
    while at < len(text):
        start, char = at, text[at]
        if char in _BLANKS:
            at += 1
        elif text.startswith("--", at):
            at = _after_line(text, at)
        elif text.startswith("/*", at):
            at = _after_comment(text, at)
        elif char in "'\"":
            at = _after_quotes(text, at)
            content = text[start + 1 : at - 1].replace(char * 2, char)
            found.append(_Token(_VALUE if char == "'" else _NAME, content, len(closers)))
        elif match := _WORDS.match(text, at):
            at = match.end()
            kind = _STEP if found and found[-1].is_mark(".") else _WORD
            found.append(_Token(kind, match[0], len(closers)))
        elif match := _NUMBERS.match(text, at):
            at = match.end()
            found.append(_Token(_VALUE, match[0], len(closers)))
        else:
            at += 1
            if closers and char == closers[-1]:
                closers.pop()
            elif char not in _MARKS and char not in _CLOSERS:
                raise _Unsure
            found.append(_Token(_MARK, char, len(closers)))
            if char in _CLOSERS:
                closers.append(_CLOSERS[char])
    if closers:
        raise _Unsure
    return found


def _after_quotes(text: str, at: int) -> int:
    """Behind what is in quotes; in there, the same quote twice stands for itself."""
    quote, end = text[at], at + 1
    while True:
        end = text.find(quote, end)
        if end < 0:
            raise _Unsure
        if text[end + 1 : end + 2] != quote:
            return end + 1
        end += 2


def _after_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if "\r" in text[at : end - 1]:  # a line's end, or not
        raise _Unsure
    return end


def _after_comment(text: str, at: int) -> int:
    end = text.find("*/", at + 2)
    if (
        end < 0 or "/*" in text[at + 2 : end + 1]
    ):  # PartiQL's readers differ on comments in comments
        raise _Unsure
    return end + 2


def _statement(tokens: list[_Token]) -> Statement:
    if tokens and tokens[-1].is_mark(";"):
        tokens = tokens[:-1]
    if any(token.is_mark(";") for token in tokens):
        raise _Unsure
    reader = _Reader(tokens)
    if reader.skip("EXISTS"):
        return _check(tokens)
    if reader.skip("SELECT"):
        return Statement(*reader.selected(depth=0), Dimension.READ)
    if reader.skip("INSERT"):
        reader.expect("INTO")
        then = "VALUE"
    elif reader.skip("UPDATE"):
        then = "SET"
    elif reader.skip("DELETE"):
        reader.expect("FROM")
        then = "WHERE"
    else:
        raise _Unsure
    table, index = reader.place()
    if index is not None:  # items are written to tables only
        raise _Unsure
    reader.expect(then, *(("REMOVE",) if then == "SET" else ()))
    reader.expect_no_select()
    return Statement(table, None, Dimension.WRITE)


def _check(tokens: list[_Token]) -> Statement:
    """EXISTS(SELECT ...), and nothing around it."""
    outside = [token.text for token in tokens[1:] if token.depth == 0]
    reader = _Reader(tokens[2:-1])
    if outside != ["(", ")"] or not reader.skip("SELECT"):
        raise _Unsure
    table, index = reader.selected(depth=1)
    if index is not None:  # it names a primary key
        raise _Unsure
    return Statement(table, None, Dimension.WRITE)


class _Reader:
    """Goes over tokens, never back."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def skip(self, *words: str) -> bool:
        """Step over the next token if it is one of these words."""
        found = self._next().says(*words)
        self._at += found
        return found

    def expect(self, *words: str) -> None:
        if not self.skip(*words):
            raise _Unsure

    def expect_no_select(self) -> None:
        """None inside another statement, that is: it might read another table."""
        if any(token.says("SELECT") for token in self._tokens[self._at :]):
            raise _Unsure

    def selected(self, depth: int) -> tuple[str, str | None]:
        """Table and index of what comes after SELECT; ``depth``: of the statement's own words."""
        self.expect_no_select()
        while not (self._next().says("FROM") and self._next().depth == depth):
            self._take()
        self._take()
        found = self.place()
        if self._at < len(self._tokens):
            self.expect("WHERE", "ORDER")
        return found

    def place(self) -> tuple[str, str | None]:
        """A table, and an index if named: ``a.b`` is index b of table a, ``"a.b"`` a table."""
        kind, table, _ = self._take()
        if kind not in (_WORD, _NAME):
            raise _Unsure
        index: str | None = None
        if kind == _NAME and table.startswith("arn:"):
            table, of_index, name = table.partition("/index/")
            index = name if of_index else None
        if self._next().is_mark("."):
            self._take()
            kind, name, _ = self._take()
            if index is not None or kind not in (_STEP, _NAME):
                raise _Unsure
            index = name
        if not table or index == "":
            raise _Unsure
        return table, index

    def _next(self) -> _Token:
        if self._at == len(self._tokens):
            return _NOTHING
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next()
        if token is _NOTHING:
            raise _Unsure
        self._at += 1
        return token
