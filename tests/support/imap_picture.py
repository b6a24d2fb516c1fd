"""A client without sockets that believes what it is told, and holds the server to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from conversations import SansIo
from imap_reader import Value, pairs, response

from mailtrap.bus import Bus
from mailtrap.imap.session import Session, World

BY_NUMBER = ("FETCH", "STORE", "SEARCH", "COPY")
"""While these are answered, message numbers stay as they are (RFC 9051 §7.5.1)."""


class Picture:
    """A mailbox, as its EXISTS, EXPUNGE and FETCH responses alone tell it. What was not told is None."""

    def __init__(self) -> None:
        self.uids: list[int | None] = []
        self.flags: list[frozenset[str] | None] = []
        self.keywords: set[str] = set()
        self.recent = 0

    def hear(self, said: list[Value], *, expunges: bool) -> None:
        """Believe one untagged response, unless it contradicts an earlier one."""
        match said:
            case [int(count), "EXISTS"]:
                assert count >= len(self.uids), "EXISTS made messages vanish"
                missing = count - len(self.uids)
                self.uids += [None] * missing
                self.flags += [None] * missing
            case [int(number), "EXPUNGE"]:
                assert expunges, "EXPUNGE where message numbers must not change"
                assert 1 <= number <= len(self.uids), f"EXPUNGE of {number}, of {len(self.uids)}"
                del self.uids[number - 1], self.flags[number - 1]
            case [int(number), "FETCH", items]:
                self._fetched(number, pairs(items))
            case [int(count), "RECENT"]:
                assert count <= len(self.uids)
                self.recent = count
            case ["FLAGS", flags]:
                self.keywords = {str(flag).lower() for flag in flags}

    def _fetched(self, number: int, items: dict[str, Value]) -> None:
        assert 1 <= number <= len(self.uids), f"FETCH of {number}, of {len(self.uids)}"
        if "UID" in items:
            assert self.uids[number - 1] in (None, items["UID"]), f"{number} is another message"
            self.uids[number - 1] = items["UID"]
            known = [uid for uid in self.uids if uid is not None]
            assert all(one < other for one, other in pairwise(known)), f"UIDs do not ascend: {known}"
        if "FLAGS" in items:
            flags = frozenset(map(str, items["FLAGS"]))
            unheard = {flag for flag in flags if flag.lower() not in self.keywords} - {r"\Recent"}
            assert not unheard, f"{unheard} were not announced"
            self.flags[number - 1] = flags


class Client(SansIo):
    """A session of its own."""

    def __init__(self, world: World, bus: Bus) -> None:
        self.picture: Picture | None = None
        self.idling = False
        self.at_pause: Callable[[], object] = nothing
        """What is done in the middle of a command, whenever it may go on in another thread."""
        super().__init__(Session(world), bus)
        self.received.clear()
        self.command("LOGIN ann@example.com secret")

    def command(self, text: str) -> list[list[Value]]:
        """What a command is answered, the tagged response last; a literal ``{+}`` may be in it."""
        assert not self.received, f"said unasked: {bytes(self.received)!r}"
        opens = text.startswith(("SELECT", "EXAMINE"))
        self.send(f"t {text}\r\n".encode())
        self.at_pause = nothing
        said = self._heard()
        assert said[-1][0] == "t", said
        if opens:
            said = self._opened(said)
        elif text in ("CLOSE", "UNSELECT") and said[-1][1] == "OK":
            self.picture = None
        self._believe(said[:-1], expunges=not text.startswith(BY_NUMBER))
        return said

    def idle(self) -> None:
        """Begin to idle."""
        self.send(b"t IDLE\r\n")
        said = self._heard()
        assert said[0][0] == "+"
        self.idling = True
        self._believe(said[1:], expunges=True)

    def hear(self) -> None:
        """Believe what was said in IDLE; outside of it nothing may have been."""
        assert self.idling or not self.received
        self._believe(self._heard(), expunges=True)

    def done(self) -> None:
        """Idle no more."""
        self.send(b"DONE\r\n")
        said = self._heard()
        assert said.pop()[:2] == ["t", "OK"]
        self.idling = False
        self._believe(said, expunges=True)

    def _opened(self, said: list[list[Value]]) -> list[list[Value]]:
        """Without what was said of the mailbox that was selected before."""
        closed = [at for at, each in enumerate(said) if each[1:3] == ["OK", ["CLOSED"]]]
        assert bool(closed) == (self.picture is not None)
        begin = closed[0] if closed else 0
        self._believe(said[:begin], expunges=True)
        self.picture = Picture() if said[-1][1] == "OK" else None
        return said[begin:]

    def _believe(self, said: Iterable[list[Value]], *, expunges: bool) -> None:
        for each in said:
            assert each[0] == "*"
            assert each[1] != "BYE"
            if self.picture is not None:
                self.picture.hear(each[1:], expunges=expunges)
            else:
                assert str(each[2:3]) not in ("['EXISTS']", "['EXPUNGE']", "['FETCH']"), "nothing is selected"

    def _heard(self) -> list[list[Value]]:
        lines = bytes(self.received).split(b"\r\n")
        self.received.clear()
        assert lines.pop() == b""
        return [response(line + b"\r\n") for line in lines]

    def _take(self, output: Iterable[bytes]) -> None:
        for chunk in output:
            super()._take([chunk])
            if chunk == b"":
                self.at_pause()


def nothing() -> None:
    pass
