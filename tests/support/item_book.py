"""Which items are in the table, as far as its writers were told."""

from __future__ import annotations

from collections.abc import Iterable


class ItemBook:
    """Keeps account of single-writer items by their ids. What nobody was told is not known."""

    def __init__(self) -> None:
        self._is_there: dict[str, bool | None] = {}

    def written(self, ids: Iterable[str]) -> None:
        """Acknowledged."""
        self._is_there.update(dict.fromkeys(ids, True))

    def deleted(self, ids: Iterable[str]) -> None:
        """Acknowledged."""
        self._is_there.update(dict.fromkeys(ids, False))

    def untouched(self, ids: Iterable[str]) -> None:
        """Said not to be done: what is new is not there."""
        for each in ids:
            self._is_there.setdefault(each, False)

    def unknown(self, ids: Iterable[str]) -> None:
        """Perhaps done: there was no answer."""
        self._is_there.update(dict.fromkeys(ids, None))

    def there(self) -> list[str]:
        return sorted(each for each, is_there in self._is_there.items() if is_there)

    def absent(self) -> list[str]:
        return sorted(each for each, is_there in self._is_there.items() if is_there is False)

    def wrong(self, found: Iterable[str]) -> str:
        """In which way these ids are not the ones in the table; empty if they may be."""
        ids = set(found)
        lost, extra = set(self.there()) - ids, ids & set(self.absent())
        strange = ids - self._is_there.keys()
        return f"lost {lost}, done though left {extra}, never asked for {strange}" * bool(
            lost or extra or strange
        )
