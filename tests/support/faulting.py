"""What ``given fault …`` lines of a transcript want to go wrong."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from mailtrap.clock import Clock
from mailtrap.faults import Faults, rule

FAULT = "fault "


def is_fault(line: str) -> bool:
    """Whether *line* is for `faults`."""
    return line.startswith(FAULT)


def comes_before_tls(line: str) -> bool:
    """Whether *line* wants something that cannot be told at a port for TLS."""
    return is_fault(line) and ".connect" in line


def faults(lines: Iterable[str]) -> Faults:
    """The rules in these lines: ``fault at=imap.FETCH do='no SERVERBUG' times=2``."""
    made = Faults(Clock())
    for line in filter(is_fault, lines):
        made.add(rule(dict(word.split("=", 1) for word in shlex.split(line.removeprefix(FAULT)))))
    return made
