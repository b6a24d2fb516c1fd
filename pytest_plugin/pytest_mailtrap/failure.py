"""What a failing test says: not only that mail is missing, but why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from mailtrap.message.captured import Message
from pytest_mailtrap.criteria import Criterion, Wanted
from pytest_mailtrap.record import Record, Row, quoted

if TYPE_CHECKING:
    from pytest_mailtrap.faulting import Fault

SHOWN = 10
"""So many rows are listed, the newest if there are more."""

COMPARED = 100
"""So many rows are looked at for the nearest, the newest if there are more."""


class MailNotFound(AssertionError):
    """The mail that is wanted is not there."""

    __module__ = "pytest_mailtrap"  # where it is imported from, and short enough for a report

    def __init__(self, text: str, look_again: Callable[[float], str | None] = lambda _: None) -> None:
        super().__init__(text)
        self.look_again = look_again
        """Waits so many seconds, and says so if it came after all: for the report of a test that failed."""

    def __reduce__(self) -> tuple[type[MailNotFound], tuple[str]]:
        return type(self), (str(self),)  # Django's parallel test runner sends failures to another process


class UnexpectedMail(AssertionError):
    """There is mail that is not to be there."""

    __module__ = "pytest_mailtrap"


class FaultNotHit(AssertionError):
    """A fault that a test asked for did not happen, or not as often as asked for."""

    __module__ = "pytest_mailtrap"


def not_found(wanted: Wanted, record: Record, when: str, what: str, notes: Iterable[str]) -> str:
    """Why there is only *what*: which mail is nearest, what else there is, what may have happened."""
    lines = [f"{what}{_with(wanted)}{when} ({record.summary})"]
    lines += _nearest(wanted, record.rows[-COMPARED:])
    lines += _listed(record.rows)
    if wanted.criteria:
        lines += _almost(wanted, record.rows[-SHOWN:])
    lines += [f"  note: {note}" for note in notes]
    return "\n".join(lines)


def too_many(wanted: Wanted, record: Record, matched: Collection[Message]) -> str:
    """Which there are, where there was to be one."""
    lines = [f"{len(matched)} mails{_with(wanted)}, where one was expected ({record.summary})"]
    lines += _listed(_rows_of(matched, record))
    if not wanted.criteria:
        lines.append("  note: say which: one(to=…), one(subject=…)")
    return "\n".join(lines)


def unwanted(wanted: Wanted, record: Record, matched: Collection[Message]) -> str:
    """Which there are, where there was to be none."""
    lines = [f"there is mail{_with(wanted)}, where none was expected ({record.summary})"]
    return "\n".join([*lines, *_listed(_rows_of(matched, record))])


def not_hit(missed: Collection[Fault], unsaid: Iterable[str], record: Record) -> str:
    """Which faults did not happen, or were not finished, and what did."""
    lines = [f"a fault that says where, and not what goes wrong, as .reject(451) does ({each})" for each in unsaid]
    lines += [f"fault {each} ({each.missed}; {each.where})" for each in missed]
    lines += [f"  {record.summary}", *_listed(record.rows)]
    note = "  note: strict=False allows that, as in inbox.faults.data(strict=False)"
    return "\n".join([*lines, note] if missed else lines)


def _with(wanted: Wanted) -> str:
    return f" with {wanted}" if wanted.criteria else ""


def _rows_of(matched: Collection[Message], record: Record) -> list[Row]:
    ids = {each.id for each in matched}
    return [row for row in record.rows if row.refusal is None and row.message.id in ids]


def _listed(rows: list[Row]) -> Iterator[str]:
    if len(rows) > SHOWN:
        yield f"  … {len(rows) - SHOWN} before these"
    yield from (f"  {row}" for row in rows[-SHOWN:])


def _nearest(wanted: Wanted, rows: list[Row]) -> Iterator[str]:
    """The row that misses the fewest criteria, and what it has instead."""
    missed = {row.number: wanted.missed(row.message) for row in rows}
    candidates = [row for row in rows if missed[row.number]]
    if not candidates:
        return
    row = max(candidates, key=lambda row: (-len(missed[row.number]), _likeness(missed[row.number], row), row.number))
    first, *others = (_difference(each, row) for each in missed[row.number])
    asked = len(wanted.criteria)
    held = f" ({asked - len(missed[row.number])} of {asked} hold)" if asked > 1 else ""
    yield f"  nearest #{row.number}{held}: {first}"
    yield from (f"    {each}" for each in others)


def _likeness(missed: Iterable[Criterion], row: Row) -> float:
    """How much alike the texts are, so that a slip of the pen is seen."""
    return sum(
        max(
            (SequenceMatcher(None, each.wanted[:200], text[:200]).ratio() for text in each.found(row.message)),
            default=0,
        )
        for each in missed
        if isinstance(each.wanted, str)
    )


def _difference(criterion: Criterion, row: Row) -> str:
    if not criterion.comparable:
        return f"{criterion} does not hold"
    got = ", ".join(quoted(text) for text in list(criterion.found(row.message))[:5]) or "nothing"
    return f"{criterion.name}: wanted {criterion.shown}, got {got}"


def _almost(wanted: Wanted, rows: list[Row]) -> Iterator[str]:
    """What would have done, had it come through."""
    for row in rows:
        if row.refusal is not None and not wanted.missed(row.message):
            fate = "rejected" if row.refusal.reply else "never completed"
            yield f"  note: #{row.number} is all that was asked for, but was {fate}"
