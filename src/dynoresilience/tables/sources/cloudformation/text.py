"""The text of a template, JSON or YAML, as plain data in which every function has its long form.

Scalars of YAML stay text: ``TableName: 2024-01-01`` is no date, and CloudFormation takes "5" for a
number and "true" for a boolean anyway.
"""

from __future__ import annotations

import json
import re
from functools import cache
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any

from dynoresilience.tables.sources.gather import read_bytes, unreadable

_SHORT = {"Ref": "Ref", "Condition": "Condition"}
"""The short tags whose long form has no ``Fn::`` in front."""


def load(path: str | PathLike[str]) -> dict[str, Any]:
    """The template in a file.

    Raises:
        SpecError: it can't be read, or is neither JSON nor YAML, or PyYAML is not installed.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(path, f"is no template, which is UTF-8: {error}") from error
    try:
        if PurePath(fspath(path)).suffix == ".json" or text.lstrip().startswith("{"):
            template = _json(path, text)
        else:
            template = _yaml(path, text)
    except RecursionError as error:
        raise unreadable(path, "is nested too deeply") from error
    if not isinstance(template, dict):
        raise unreadable(path, "is no template, which has a section Resources")
    return template


def _json(path: str | PathLike[str], text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise unreadable(path, f"is no JSON: {error}") from error


def _yaml(path: str | PathLike[str], text: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        remedy = "needs PyYAML: pip install 'dynoresilience[cloudformation]'; JSON needs nothing"
        raise unreadable(path, remedy) from error
    try:
        return yaml.load(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = text.splitlines()[mark.line].strip() if mark.line < len(text.splitlines()) else ""
        remedy = f"is no YAML for a template: {error.problem or error.context}"
        raise unreadable(path, remedy, f"line {mark.line + 1}", line) from error
    except yaml.YAMLError as error:  # a character that YAML does not know
        raise unreadable(path, f"is no YAML: {' '.join(str(error).split())}") from error


@cache
def _loader() -> Any:
    """PyYAML's safe loader, cut down to text, lists and mappings, with CloudFormation's tags."""
    import yaml

    core = "tag:yaml.org,2002:"

    def mapping(loader: Any, node: Any) -> Any:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen and key.tag != f"{core}merge":
                    twice = f"{key.value!r} is there twice"
                    raise yaml.MarkedYAMLError(problem=twice, problem_mark=key.start_mark)
                seen.add(key.value)
        return yaml.SafeLoader.construct_yaml_map(loader, node)

    def function(loader: Any, tag: str, node: Any) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            argument = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            argument = loader.construct_sequence(node, deep=True)
        else:
            argument = loader.construct_mapping(node, deep=True)
        return {_SHORT.get(tag, f"Fn::{tag}"): argument}

    return type(
        "TemplateLoader",
        (yaml.SafeLoader,),
        {
            "yaml_implicit_resolvers": {"<": [(f"{core}merge", re.compile("<<$"))]},
            "yaml_constructors": {
                f"{core}str": yaml.SafeLoader.construct_yaml_str,
                f"{core}seq": yaml.SafeLoader.construct_yaml_seq,
                f"{core}map": mapping,
                None: yaml.SafeLoader.construct_undefined,
            },
            "yaml_multi_constructors": {"!": function},
        },
    )
