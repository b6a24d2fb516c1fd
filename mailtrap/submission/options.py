"""The options of sendmail, as the programs that call it know them: what counts here, and what is only taken."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mailtrap import dsn
from mailtrap.errors import MailtrapError

FLAGS = frozenset("cGIimnsTtUvx")
"""Letters without a value."""
VALUED = frozenset("ABbCDeFfhLMNOopRrVX")
"""Letters with one, behind them or in the next argument."""
ATTACHED = frozenset("dq")
"""Letters that may have a value, and then behind them."""

RET = frozenset(("full", "hdrs"))
_ENVID = re.compile(r"(?=.{1,100}\Z)(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
"""RFC 3461 §4 and §4.4: xtext, of no more than 100 characters."""


class BadUsage(MailtrapError):
    """An option that sendmail does not have, or a value that it cannot have."""


@dataclass(slots=True)
class Options:
    """What was asked for."""

    recipients: list[str] = field(default_factory=list)
    server: str | None = None
    reads_header: bool = False
    """``-t``: the header says who is to get it, too."""
    dot_ends: bool = True
    """A line with a dot alone ends the message, as it did where people typed them; ``-i`` is for programs."""
    mail_from: str | None = None
    name: str = ""
    mail_parameters: list[str] = field(default_factory=list)
    rcpt_parameters: list[str] = field(default_factory=list)
    verbose: bool = False
    runs_queue: bool = False
    help: bool = False


def parse(arguments: Iterable[str]) -> Options:
    """What *arguments* ask for; raises `BadUsage`. Options may stand behind recipients, too.

    >>> parse(["-ti", "-fbounce@shop.test", "-oem"]).mail_from
    'bounce@shop.test'
    """
    options, waiting = Options(), deque(arguments)
    while waiting:
        word = waiting.popleft()
        if word == "--":
            options.recipients += waiting
            break
        if word.startswith("--"):
            _long(word, waiting, options)
        elif word.startswith("-") and word != "-":
            _letters(word[1:], waiting, options)
        else:
            options.recipients.append(word)
    return options


def _long(word: str, waiting: deque[str], options: Options) -> None:
    name, equals, value = word.partition("=")
    if name == "--server":
        options.server = value if equals else _next(word, waiting)
    elif word == "--help":
        options.help = True
    else:
        raise BadUsage(f"there is no option {word}")


def _letters(letters: str, waiting: deque[str], options: Options) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in FLAGS:
            _set(letter, "", options)
        elif letter in VALUED:
            _set(letter, letters or _next(f"-{letter}", waiting), options)
            return
        elif letter in ATTACHED:
            _set(letter, letters, options)
            return
        else:
            raise BadUsage(f"there is no option -{letter}")


def _next(option: str, waiting: deque[str]) -> str:
    if not waiting:
        raise BadUsage(f"{option} needs a value")
    return waiting.popleft()


def _set(letter: str, value: str, options: Options) -> None:
    if letter in SETTERS:
        SETTERS[letter](options, value)


def _mode(_options: Options, value: str) -> None:
    if value != "m":
        raise BadUsage(f"-b{value} is not for a sandbox: it takes messages (-bm)")


def _old_option(options: Options, value: str) -> None:
    if value == "i":
        options.dot_ends = False


def _sender(options: Options, value: str) -> None:
    options.mail_from = value


def _notify(options: Options, value: str) -> None:
    """RFC 3461 §4.1: NEVER alone, or any of the others."""
    if dsn.conditions(value) is None:
        raise BadUsage(f"-N is {value!r}, but must be never, or some of success, failure and delay")
    options.rcpt_parameters.append(f"NOTIFY={value.upper()}")


def _ret(options: Options, value: str) -> None:
    if value.lower() not in RET:
        raise BadUsage(f"-R is {value!r}, but must be full or hdrs")
    options.mail_parameters.append(f"RET={value.upper()}")


def _envid(options: Options, value: str) -> None:
    if not _ENVID.fullmatch(value):
        raise BadUsage(f"-V is {value!r}, but must be an envelope id, encoded as RFC 3461 has it")
    options.mail_parameters.append(f"ENVID={value}")


def _to(name: str) -> Callable[[Options, str], None]:
    return lambda options, _: setattr(options, name, True)


SETTERS: dict[str, Callable[[Options, str], None]] = {
    "b": _mode,
    "F": lambda options, value: setattr(options, "name", value),
    "f": _sender,
    "i": lambda options, _: setattr(options, "dot_ends", False),
    "N": _notify,
    "o": _old_option,
    "q": _to("runs_queue"),
    "R": _ret,
    "r": _sender,
    "t": _to("reads_header"),
    "V": _envid,
    "v": _to("verbose"),
}
"""What counts; all the rest is about queues, hosts and debugging, of which there are none here."""
