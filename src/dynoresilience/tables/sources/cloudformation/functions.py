"""What intrinsic functions stand for: values of parameters, or nothing that is known here.

``Ref``, ``Sub`` and ``GetAtt`` each name what they want: a parameter, a resource, or an attribute
of a resource (``Key.Arn``). What is given under that name, or is a parameter's default, is put in
their place. Anything else only CloudFormation can know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "AWS::NoValue"})()
"""Stands for a property that is taken away by ``AWS::NoValue``."""

_PLACEHOLDER = re.compile(r"\$\{(!?)\s*([^{}]*?)\s*\}")


@dataclass(frozen=True)
class Function:
    """An intrinsic function in a template; ``name`` without ``Fn::``."""

    name: str
    argument: Any

    @classmethod
    def of(cls, value: object) -> Function | None:
        """The function that a value is, if it is one."""
        if isinstance(value, Mapping):
            for key, argument in value.items():
                if isinstance(key, str) and (key == "Ref" or key.startswith("Fn::")):
                    return cls(key.removeprefix("Fn::"), argument)
        return None

    def __repr__(self) -> str:
        argument = self.argument
        return f"!{self.name} {argument if isinstance(argument, str) else repr(argument)}"


class Unknown(Exception):
    """A function's value is not known here. ``names``: what would have to be given for it."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        super().__init__(*names)
        self.names = names


@dataclass(frozen=True)
class Values:
    """What is known: given values and the defaults of parameters, by name."""

    known: Mapping[str, Any]

    def value_of(self, function: Function) -> Any:
        """What stands in the place of a function; `ABSENT` for nothing at all.

        Raises:
            Unknown: it can't be told.
        """
        name, argument = function.name, function.argument
        if name == "Ref" and argument == "AWS::NoValue":
            return ABSENT
        if name == "GetAtt" and isinstance(argument, list):
            argument = ".".join(map(str, argument))
        if name in ("Ref", "GetAtt") and isinstance(argument, str):
            return self._known(argument)
        if name == "Sub":
            return self._substituted(argument)
        raise Unknown

    def _known(self, name: str) -> Any:
        if name not in self.known:
            raise Unknown((name,))
        return self.known[name]

    def _substituted(self, argument: Any) -> str:
        own: Any = {}
        if isinstance(argument, list) and len(argument) == 2:
            argument, own = argument
        if not isinstance(argument, str) or not isinstance(own, Mapping):
            raise Unknown
        missing: list[str] = []

        def put(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            try:
                return self._part(own[name]) if name in own else self._part(self._known(name))
            except Unknown as unknown:
                if not unknown.names:
                    raise
                missing.extend(unknown.names)
                return ""

        text = _PLACEHOLDER.sub(put, argument)
        if missing:
            raise Unknown(tuple(dict.fromkeys(missing)))
        return text

    def _part(self, value: Any) -> str:
        """What a placeholder of Sub becomes."""
        inner = Function.of(value)
        if inner is not None and inner.name != "Sub":  # no Sub in a Sub: it may have no end
            value = self.value_of(inner)
        if isinstance(value, (str, int)):
            return str(value)
        raise Unknown


def defaults(template: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of a template's parameters.

    That of an SSM parameter is where its value is kept, not the value.
    """
    parameters = template.get("Parameters")
    return {
        name: declared["Default"]
        for name, declared in (parameters.items() if isinstance(parameters, Mapping) else ())
        if isinstance(declared, Mapping)
        and "Default" in declared
        and not str(declared.get("Type")).startswith("AWS::SSM::")
    }
