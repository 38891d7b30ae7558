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
            template = json.loads(text)
        else:
            template = _yaml(path, text)
    except RecursionError as error:
        raise unreadable(path, "is nested too deeply") from error
    except ValueError as error:
        raise unreadable(path, f"is no JSON: {error}") from error
    if not isinstance(template, dict):
        raise unreadable(path, "is no template, which has a section Resources")
    return template


def _yaml(path: str | PathLike[str], text: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        remedy = "needs PyYAML: pip install 'dynoresilience[cloudformation]'; JSON needs nothing"
        raise unreadable(path, remedy) from error
    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise unreadable(path, f"is no YAML: {told}") from error


@cache
def _loader() -> Any:
    """PyYAML's safe loader, cut down to text, lists and mappings, with CloudFormation's tags."""
    import yaml

    core = "tag:yaml.org,2002:"

    def mapping(loader: Any, node: Any) -> Any:
        keys = [key.value for key, _ in node.value if key.tag != f"{core}merge"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is there twice", node.start_mark
                )
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
