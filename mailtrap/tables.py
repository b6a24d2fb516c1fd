"""Settings that are a list of tables: in TOML tables, elsewhere lines of words such as ``name=ann state=full``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from mailtrap.errors import BadSettings, nearest

Row = TypeVar("Row")


def words_of(line: str) -> dict[str, str]:
    """The words of one line, as a shell cuts it.

    >>> words_of("at=smtp.rcpt do='reject 451 try later' times=2")
    {'at': 'smtp.rcpt', 'do': 'reject 451 try later', 'times': '2'}
    """
    import shlex  # late: few have such settings

    try:
        pairs = [each.partition("=") for each in shlex.split(line)]
    except ValueError as error:
        raise BadSettings(f"{line!r} cannot be read: {error}") from None
    found: dict[str, str] = {}
    for name, equals, value in pairs:
        if not equals or not name:
            raise BadSettings(f"{name or equals!r} is not written name=value")
        if name in found:
            raise BadSettings(f"{name} is given twice")
        found[name] = value
    return found


def tables(
    row: Callable[[Mapping[str, object]], Row],
    kind: type[Row],
    line: Callable[[str], Mapping[str, object]] = words_of,
) -> Callable[[object], tuple[Row, ...]]:
    """A reader of such a setting: *row* makes one table a value of the type *kind*, or raises `BadSettings`.

    *line* is what makes a table of a line.

    >>> tables(lambda words: str(words["name"]), str)([{"name": "ann"}, {"name": "bob"}])
    ('ann', 'bob')
    """

    def read(value: object) -> tuple[Row, ...]:
        items = _items(value, kind)
        found: list[Row] = []
        for number, item in enumerate(items, 1):
            try:
                found.append(item if isinstance(item, kind) and not isinstance(item, str) else row(_words(item, line)))
            except BadSettings as error:
                raise BadSettings(f"number {number}: {error}" if len(items) > 1 else str(error)) from None
        return tuple(found)

    return read


def check_names(words: Mapping[str, object], known: Collection[str], what: str) -> None:
    """Every name in *words* is a *known* one, or `BadSettings` is raised with the nearest: ``an account``.

    >>> check_names({"passwort": "x"}, ("name", "password"), "an account")
    Traceback (most recent call last):
    mailtrap.errors.BadSettings: an account has no 'passwort'; did you mean password?
    """
    for name in words:
        if name not in known:
            raise BadSettings(f"{what} has no {name!r}{nearest(name, known)}")


def _items(value: object, kind: type) -> list[object]:
    """One table or line each. A variable has several, on lines or between ``;;``."""
    if isinstance(value, str):
        return [line for part in value.split(";;") for line in part.splitlines() if line.strip()]
    if isinstance(value, Mapping | kind):
        return [value]
    if isinstance(value, Iterable):
        return list(value)
    raise ValueError("tables, or lines such as name=value other='more words'")


def _words(item: object, line: Callable[[str], Mapping[str, object]]) -> Mapping[str, object]:
    if isinstance(item, Mapping):
        return item
    if isinstance(item, str):
        return line(item)
    raise BadSettings(f"{item!r} is neither a table nor a line such as name=value")
