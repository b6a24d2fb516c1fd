"""How far it is: a bar on a terminal, now and then a line elsewhere, and at the end what came of it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, TextIO

import click

from mailtrap.transcript import printable
from mailtrap.transfer.work import Count

EVERY = 5.0
"""Seconds between two lines."""

STEPS = 400
"""A bar is drawn so often."""

REMEMBERED = 1000
"""So many failures are in the result as JSON; all are told when they happen."""


class Progress:
    """A watcher who tells people: on *out*, which is standard error."""

    def __init__(self, doing: str, out: TextIO, *, quiet: bool = False) -> None:
        """*doing* is "Importing", say. Quiet: failures alone."""
        self.count = Count()
        self.errors: list[dict[str, str]] = []
        self._doing, self._out, self._quiet = doing, out, quiet
        self._bar: Any = None
        self._began = self._told = time.monotonic()
        self._units = self._advanced = 0

    def begin(self, units: int) -> None:
        """A place with so much to do."""
        self.end()
        self._units, self._advanced = units, 0
        if not self._quiet and self._out.isatty():
            steps = max(1, units // STEPS)
            self._bar = click.progressbar(
                length=units, label=self._doing, file=self._out, update_min_steps=steps, show_pos=False
            )
            self._bar.render_progress()

    def advance(self, units: int) -> None:
        """So much of it is done."""
        self._advanced += units
        if self._bar is not None:
            self._bar.update(units)
        elif not self._quiet and time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            percent = 100 * self._advanced // max(1, self._units)
            click.echo(f"{self._doing}: {percent} %, {self.count.done:,} messages", file=self._out)

    def fail(self, where: str, reason: str) -> None:
        """A message could not be taken."""
        error = {"file": printable(where), "reason": printable(reason)}
        if len(self.errors) < REMEMBERED:
            self.errors.append(error)
        self.say(f"{error['file']}: {error['reason']}")

    def say(self, text: str) -> None:
        """A line of its own."""
        clear = "\r\x1b[K" if self._bar is not None else ""
        click.echo(f"{clear}mailtrap: {printable(text)}", file=self._out, color=True)

    def end(self) -> None:
        """That place is done with."""
        if self._bar is not None:
            with suppress(OSError):
                self._bar.render_finish()
            self._bar = None

    def result(self, done: str) -> dict[str, Any]:
        """What came of it, as JSON has it. *done* is "imported", say."""
        seconds = round(time.monotonic() - self._began, 3)
        count = self.count
        numbers = {done: count.done, "skipped": count.skipped, "failed": count.failed}
        return {**numbers, "octets": count.octets, "seconds": seconds, "errors": self.errors}

    def summary(self, done: str) -> str:
        """The same in a sentence."""
        count, seconds = self.count, time.monotonic() - self._began
        text = f"{done.capitalize()} {_messages(count.done)}, {count.octets:,} octets, in {seconds:,.1f} s"
        if count.skipped:
            text += f"; {count.skipped:,} there already"
        if count.failed:
            text += f"; {count.failed:,} failed"
        return text + "."


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"
