"""The form of boto3's arguments: structures, lists, and members that there are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from dynoresilience.tables.spec.draft import meant_by
from dynoresilience.tables.spec.faults import NOT_GIVEN, UNREAD, Fault, shown
from dynoresilience.tables.spec.walk import entry_path

T = TypeVar("T")

_NAMES = ("IndexName", "AttributeName", "Key")
"""The member by which a path names an entry of a list."""


class Form:
    """Takes members out of a request and notes what is wrong with their form.

    A member that is None is not given. What can't be read is ``UNREAD``.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, value: object, remedy: str) -> None:
        """Note one thing that is wrong."""
        self.faults.append(Fault(path, value, remedy))

    def missing(self, path: str, remedy: str) -> None:
        """Note a member that must be there."""
        self.fault(path, NOT_GIVEN, remedy)

    def checked(
        self,
        given: Mapping[Any, Any],
        path: str,
        known: Sequence[str],
        unsaid: Mapping[Any, str] = MappingProxyType({}),
    ) -> Mapping[str, Any]:
        """A structure whose members are these; one that a slip stands for is there, ``UNREAD``."""
        meant: dict[str, Any] = {}
        for name, value in given.items():
            where = f"{path}{shown(str(name))}"
            if name in unsaid:
                self.fault(where, value, unsaid[name])
            elif name not in known:
                close, hint = meant_by(name, known)
                self.fault(where, value, f"there is no such member{hint}")
                if close:
                    meant[close] = UNREAD
        return {**meant, **given}

    def structure(
        self, of: Mapping[str, Any], member: str, path: str, known: Sequence[str]
    ) -> Mapping[str, Any] | None:
        """The members of a structure, if it is given; all ``UNREAD`` if it is no structure."""
        given = of.get(member)
        if given is None:
            return None
        if isinstance(given, Mapping):
            return self.checked(given, f"{path}{member}.", known)
        if given is not UNREAD:
            self.fault(f"{path}{member}", given, f"must be a dict with {', '.join(known)}")
        return dict.fromkeys(known, UNREAD)

    def each(
        self,
        of: Mapping[str, Any],
        member: str,
        known: Sequence[str],
        read: Callable[[Mapping[str, Any], str], T],
        path: str = "",
    ) -> Any:
        """What ``read`` makes of every structure in a list, and of the beginning of its path."""
        given = of.get(member)
        if given is None:
            return []
        where = f"{path}{member}"
        if not isinstance(given, (list, tuple)):
            if given is not UNREAD:
                self.fault(where, given, f"must be a list of dicts with {', '.join(known)}")
            return UNREAD
        found: list[Any] = []
        for position, entry in enumerate(given):
            if not isinstance(entry, Mapping):
                self.fault(f"{where}[{position}]", entry, f"must be a dict with {', '.join(known)}")
                found.append(UNREAD)
                continue
            name = next((entry[each] for each in _NAMES if each in entry), None)
            at = f"{entry_path(where, position, name)}."
            found.append(read(self.checked(entry, at, known), at))
        return found

    def needed(self, of: Mapping[str, Any], member: str, path: str, remedy: str) -> Any:
        """A member that must be there; its value is judged elsewhere."""
        if of.get(member) is None:
            self.missing(f"{path}{member}", remedy)
            return UNREAD
        return of[member]

    def text(self, of: Mapping[str, Any], member: str, path: str) -> Any:
        """A member that must be text."""
        value = self.needed(of, member, path, "give text")
        if value is UNREAD or isinstance(value, str):
            return value
        self.fault(f"{path}{member}", value, "must be text")
        return UNREAD

    def switch(
        self, of: Mapping[str, Any], member: str, path: str, *, unless_given: bool | None = None
    ) -> Any:
        """A member that must be True or False; ``unless_given``: what it is if it is not there."""
        if of.get(member) is None and unless_given is not None:
            return unless_given
        value = self.needed(of, member, path, "give True or False")
        if value is UNREAD or isinstance(value, bool):
            return value
        self.fault(f"{path}{member}", value, "must be True or False")
        return UNREAD
