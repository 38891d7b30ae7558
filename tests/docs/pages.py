"""The code blocks of a page, by the comment above each: ``<!-- runs: alone -->``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"<!-- (?P<verb>\w+)(?:: (?P<what>[\w.]+))? -->\n```(?P<language>\w+)\n(?P<code>.*?)```",
    re.DOTALL,
)


class Block(NamedTuple):
    """What the comment says is done with the code: it runs, fails, is a file, or is shown."""

    verb: str
    what: str
    language: str
    code: str


class Page:
    """A page of the documentation."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.text = (ROOT / path).read_text(encoding="utf-8")
        found = _BLOCK.finditer(self.text)
        self.blocks = [
            Block(each["verb"], each["what"] or "", each["language"], each["code"])
            for each in found
        ]

    def code(self, verb: str, what: str = "") -> list[str]:
        """The blocks with this comment, in their order."""
        return [block.code for block in self.blocks if (block.verb, block.what) == (verb, what)]
