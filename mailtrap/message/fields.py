"""The fields of a header as a test looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class Headers:
    """The fields of a header: pairs of name and decoded value, in the order of the wire.

    >>> headers = Headers([("Subject", "Hi"), ("Received", "one"), ("Received", "two")])
    >>> headers["subject"], headers.all("received"), "bcc" in headers
    ('Hi', ['one', 'two'], False)

    (No `Sequence` of pairs for type checkers: they would call a name `in` it a mistake.)
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __contains__(self, name: object) -> bool:
        """Whether there is a field of that name, in any letter case (or that very pair)."""
        return bool(self.all(name)) if isinstance(name, str) else name in self._pairs

    @overload
    def __getitem__(self, name: str) -> str: ...
    @overload
    def __getitem__(self, name: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, name: slice) -> tuple[tuple[str, str], ...]: ...
    def __getitem__(self, name: str | int | slice) -> str | tuple[str, str] | tuple[tuple[str, str], ...]:
        """The value of the first field of that name; raises `KeyError`. (By number, the pair.)"""
        if not isinstance(name, str):
            return self._pairs[name]
        for value in self.all(name):
            return value
        raise KeyError(f"no field {name}; there are {', '.join(dict.fromkeys(each for each, _ in self)) or 'none'}")

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of the first field of that name, or *default*."""
        return next(iter(self.all(name)), default)

    def all(self, name: str) -> list[str]:
        """The values of all fields of that name."""
        wanted = name.lower()
        return [value for each, value in self._pairs if each.lower() == wanted]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Headers | Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self._pairs)!r})"
