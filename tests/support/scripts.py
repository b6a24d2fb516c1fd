"""Transcripts as files: what they may hold, and how they are played."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from conversations import Conversation
from messages import HELLO

ESCAPES = re.compile(rb"\\(?:x([0-9a-f]{2})|([rnt0\\]))")
NAMED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
ANYTHING = {"<id>": rb"[A-Za-z0-9_-]{16}", "<number>": rb"[0-9]+", "…": rb".*"}
GAP = re.compile(r"<id>|…|<number(?: (\w+))?>")
LINE = re.compile(r"([CS]|eof|drop|closed|tls)(\d?)(?::?(?: (.*))?)")
MAIL = re.compile(r"(?:a|(\d+)) messages?(?: of (\d+) octets)?(?: to ([^ ]+(?:, [^ ]+)*))?(?: at ([^ ]+))?")


def octets(text: str) -> bytes:
    """What a line stands for, with its CRLF, unless it ends in ``\\``."""
    if re.search(r"(?<!\\)(\\\\)*\\$", text):
        return unescaped(text[:-1])
    return unescaped(text) + b"\r\n"


def unescaped(text: str) -> bytes:
    """*text* with what ``\\r \\n \\t \\0 \\\\ \\xff`` stand for in it; any other ``\\`` is itself."""
    return ESCAPES.sub(lambda it: bytes([int(it[1], 16)]) if it[1] else NAMED[it[2]], text.encode())


@dataclass(frozen=True)
class Mail:
    """A message to be delivered, by whatever way."""

    octets: bytes = HELLO
    to: tuple[str, ...] = ("ann@example.com",)
    at: datetime | None = None
    """When it was received; now, if None."""

    @classmethod
    def read(cls, text: str) -> list[Mail] | None:
        """``a message``, ``2 messages of 100 octets to ann@example.com, bob@example.com at 2024-05-06T07:08:09Z``."""
        found = MAIL.fullmatch(text)
        if found is None:
            return None
        count, size, to, at = found.groups()
        mail = cls(at=datetime.fromisoformat(at) if at else None)
        mail = replace(mail, to=tuple(to.split(", "))) if to else mail
        return [replace(mail, octets=_sized(n, int(size))) if size else mail for n in range(1, int(count or 1) + 1)]


def _sized(number: int, size: int) -> bytes:
    """A message of so many octets, with lines of ordinary length."""
    head = b"Subject: %d\r\n\r\n" % number
    lines = b"".join(b"%070d\r\n" % n for n in range(size // 72 + 1))
    return head + lines[: size - len(head) - 2].rstrip(b"\r\n").ljust(size - len(head) - 2, b".") + b"\r\n"


@dataclass
class Script:
    """A transcript file: what is given, the steps, and what is in the store afterwards."""

    given: list[str] = field(default_factory=list)
    mail: list[Mail] = field(default_factory=list)
    steps: list[tuple[str, int, str]] = field(default_factory=list)
    """What, in which session, and the rest of the line."""
    deliveries: dict[int, list[Mail]] = field(default_factory=dict)
    """What is delivered at which step."""
    stored: list[bytes] | None = None
    refused: list[str] | None = None
    _numbers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Script:
        """Read what these lines say.

        ``C: …`` and ``S: …``: what is said by the client and the server. ``eof``: the client says no more, and goes
        on reading; ``drop``: it is gone. ``closed``: the server has closed. ``tls``: TLS is up from here on. With a
        digit (``C2: …``, ``drop2``) they belong to one of several sessions. ``given …``: an option of the server, or
        mail that is there before (see `Mail.read`); ``deliver …``: mail that comes in between; ``delete the project``.
        ``stored``, ``refused …``: what the project must hold afterwards. ``M: …``: a line of the message last given,
        delivered or stored.

        In ``S:``, ``<id>`` is any id, ``<number>`` any number, and ``…`` anything. ``<number x>`` is the same number
        wherever it stands, and can be said in ``C:``, too.
        """
        script = cls()
        content = _content_of([])
        for line in file.read_text("utf-8").splitlines():
            word, _, text = line.partition(" ")
            match word:
                case "" | "#":
                    pass
                case "given":
                    mail = Mail.read(text)
                    script.mail += mail or []
                    script.given += [] if mail else [text]
                    content = _content_of(script.mail)
                case "deliver":
                    script.deliveries[len(script.steps)] = mail = Mail.read(text or "a message") or []
                    assert mail, f"{file.name}: what is {line!r}?"
                    script.steps.append(("deliver", 0, ""))
                    content = _content_of(mail)
                case "stored":
                    script.stored = stored = (script.stored or []) + ([] if text == "nothing" else [b""])
                    content = _content_of(stored)
                case "delete":
                    assert text == "the project", f"{file.name}: what is {line!r}?"
                    script.steps.append(("delete", 0, ""))
                case "M:":
                    content(octets(text))
                case "refused":
                    script.refused = (script.refused or []) + ([] if text == "nothing" else [text])
                case _:
                    found = LINE.fullmatch(line)
                    assert found, f"{file.name}: what is {line!r}?"
                    script.steps.append((found[1], int(found[2] or 1), found[3] or ""))
        return script

    @property
    def uses_tls(self) -> bool:
        """Whether a connection is upgraded."""
        return any(kind == "tls" for kind, _, _ in self.steps)

    @property
    def asks_for_tls(self) -> bool:
        """Whether a client tries to begin it."""
        return any(re.search(r"(?i)\b(STARTTLS|STLS)\b", text) for kind, _, text in self.steps if kind == "C")

    @property
    def says_all(self) -> bool:
        """Whether no client stops half-way."""
        return not any(kind in ("eof", "drop") for kind, _, _ in self.steps)

    def play(
        self,
        connect: Callable[[], Conversation],
        piece: int | None,
        deliver: Callable[[Mail], object] | None = None,
        delete: Callable[[], object] | None = None,
    ) -> None:
        """Say what the clients say, and hold the server to its lines, no more and no fewer."""
        sessions: dict[int, Conversation] = {}
        over = set()
        try:
            for kind, number, said in self._sends():
                if number and number not in sessions:
                    sessions[number] = connect()
                    if kind != "S":
                        sessions[number].line()  # the greeting
                match kind, said:
                    case "deliver", _:
                        assert deliver, "nothing can be delivered here"
                        for mail in self.deliveries[int(said)]:
                            deliver(mail)
                    case "delete", _:
                        assert delete, "nothing can be deleted here"
                        delete()
                    case "C", bytes():
                        sessions[number].send(said, piece)
                    case "S", str():
                        self._expect(said, sessions[number].line())
                    case "eof", _:
                        sessions[number].end()
                    case "drop", _:
                        sessions[number].hang_up()
                        over.add(number)
                    case "closed", _:
                        assert sessions[number].line() is None
            for number, session in sessions.items():
                if not session.closed:
                    session.end()
                assert number in over or session.rest() == []
        finally:
            for session in sessions.values():
                session.hang_up()

    def _sends(self) -> Iterator[tuple[str, int, bytes | str]]:
        """The steps, with what a client sends in one go in one."""
        group, speaker = b"", 0
        for step, (kind, number, text) in enumerate(self.steps):
            if group and (kind, number) != ("C", speaker):
                yield "C", speaker, group
                group = b""
            if kind == "C":
                group, speaker = group + octets(self._with_numbers(text)), number
            else:
                yield kind, number, str(step) if kind == "deliver" else text
        if group:
            yield "C", speaker, group

    def _with_numbers(self, text: str) -> str:
        return GAP.sub(lambda gap: self._numbers[gap[1]] if gap[1] else gap[0], text)

    def _expect(self, text: str, line: bytes | None) -> None:
        assert line is not None, f"closed where {text!r} was expected"
        found = self._pattern(text).fullmatch(line)
        assert found, f"{line.decode(errors='replace')!r} is not {text!r}"
        self._numbers |= {name: number.decode() for name, number in found.groupdict().items()}

    def _pattern(self, text: str) -> re.Pattern[bytes]:
        """What an ``S:`` line has to look like."""
        pattern, end = b"", 0
        for gap in GAP.finditer(text):
            pattern += re.escape(unescaped(text[end : gap.start()]))
            name = gap[1]
            if name in self._numbers:
                pattern += self._numbers[name].encode()
            elif name and b"(?P<%b>" % name.encode() not in pattern:
                pattern += b"(?P<%b>[0-9]+)" % name.encode()
            else:
                pattern += b"(?P=%b)" % name.encode() if name else ANYTHING[gap[0]]
            end = gap.end()
        return re.compile(pattern + re.escape(unescaped(text[end:])), re.DOTALL)


def _content_of(messages: list[Any]) -> Callable[[bytes], None]:
    """Adds a line to the last of *messages*; the first one takes the place of what it was without."""
    lines: list[bytes] = []

    def add(line: bytes) -> None:
        assert messages, "M: belongs to a message: write given, deliver or stored before it"
        lines.append(line)
        content = b"".join(lines)
        messages[-1] = replace(messages[-1], octets=content) if isinstance(messages[-1], Mail) else content

    return add
