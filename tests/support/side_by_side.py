"""The same messages on two servers, the same commands to both, and what of the answers differs for a reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from answers import Answer
from imap_client import ImapClient


@dataclass(frozen=True, slots=True)
class Message:
    """A message as both servers get it."""

    name: str
    octets: bytes


def as_it_is(file: Path) -> Message:
    """A message of the corpus."""
    return Message(file.name.partition(".eml")[0], file.read_bytes())


def with_crlf(file: Path) -> Message:
    """A message whose line ends are all CRLF: a server that keeps files with LF cannot tell them apart."""
    return Message(file.name.partition(".eml")[0], re.sub(rb"(?<!\r)\n", b"\r\n", file.read_bytes()))


FLAGS = ["", r"\Seen", r"\Flagged \Seen", r"\Answered", r"\Deleted", r"\Draft work", r"$Forwarded \Seen \Answered"]
"""Given to messages in turn; seven of them so that they mix with the days."""


class Pair:
    """One account on each of two servers, with the same messages in its INBOX."""

    def __init__(self, ours: ImapClient, theirs: ImapClient, messages: Sequence[Message]) -> None:
        self.ours, self.theirs, self.messages = ours, theirs, messages
        for client in (ours, theirs):
            for number, message in enumerate(messages):
                _append(client, number, message)
            client.ok("SELECT INBOX")

    def difference(self, command: str, read: Answer, *literals: bytes) -> str | None:
        """Both answers to a command, if they are not the same to *read*."""
        mine, yours = (_answer(client, command, read, literals) for client in (self.ours, self.theirs))
        if mine == yours:
            return None
        return f"{command}\n      ours: {_shown(mine)}\n   Dovecot: {_shown(yours)}"

    def found_by_one(self, query: str) -> Iterator[tuple[str, str]]:
        """The messages that only one of the two finds, and which."""
        mine, yours = (_search(client, query) for client in (self.ours, self.theirs))
        for number in sorted(mine ^ yours):
            yield self.messages[number - 1].name, "ours" if number in mine else "Dovecot"


def _answer(client: ImapClient, command: str, read: Answer, literals: Sequence[bytes]) -> object:
    answer = client.command(command, *literals)
    return read(answer) if answer.status == "OK" else answer.status


def _search(client: ImapClient, query: str) -> set[int]:
    """SEARCH, its strings as literals where they are not ASCII or have a line end, written ``\\r\\n``."""
    query = query.replace(r"\r\n", "\r\n")
    plain = query.isascii() and "\n" not in query
    literals = [] if plain else [each.encode() for each in re.findall(r'"([^"]*)"', query)]
    command = query if plain else re.sub(r'"[^"]*"', "{}", query)
    charset = "" if query.isascii() else "CHARSET UTF-8 "
    [numbers] = client.ok(f"SEARCH {charset}{command}", *literals).of("SEARCH") or [[]]
    return set(numbers)


def _append(client: ImapClient, number: int, message: Message) -> None:
    day = f"{number % 28 + 1:2d}-{'Jan Feb Jun Dec'.split()[number % 4]}-20{20 + number % 3} {number % 24:02d}:15:00"
    zone = ["+0000", "+0100", "-0800", "+0530"][number // 4 % 4]
    client.ok(f'APPEND INBOX ({FLAGS[number % len(FLAGS)]}) "{day} {zone}" {{}}', message.octets)


def _shown(answer: object) -> str:
    text = repr(answer)
    return text if len(text) < 600 else f"{text[:600]}… ({len(text)} characters)"


# -- differences

Difference = tuple[str, str]
"""The name of a message, and what of it."""


@dataclass(frozen=True, slots=True)
class Known:
    """Why some answers are not the same."""

    messages: str
    """The names of those it concerns; ``*`` for any."""
    items: str
    """What of them: a pattern."""
    why: str

    def explains(self, difference: Difference) -> bool:
        """It is a reason for this one."""
        name, item = difference
        return (self.messages == "*" or name in self.messages.split()) and bool(re.fullmatch(self.items, item))

    def idle(self, differences: Iterable[Difference], names: Collection[str]) -> set[str]:
        """The messages of *names* that it speaks of for nothing."""
        explained = {name for name, item in differences if self.explains((name, item))}
        return set() if self.messages == "*" and explained else {*self.messages.split()} & {*names, "*"} - explained


def judge(known: Iterable[Known], differences: Mapping[Difference, str], names: Collection[str]) -> str:
    """What is wrong: differences without a reason, and reasons without a difference among the messages of *names*."""
    lines = [
        f"no difference any more: {name}, {each.items}"
        for each in known
        for name in sorted(each.idle(differences, names))
    ]
    for it, said in differences.items():
        if not any(each.explains(it) for each in known):
            lines.append(f"{it[0]}: {said}")
    return "\n".join(lines)
