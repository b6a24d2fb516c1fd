"""Every transcript in these folders: without sockets in pieces of 1, 2, 7 octets and whole, then over TCP and in TLS.

The folder says the protocol. To add a case, add a file; `scripts.Script.read` says what it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, partial
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

import pytest
from configuring import accounts, is_configuring
from conversations import Conversation, InMemory, OverTcp, OverTls, SansIo
from faulting import comes_before_tls, faults, is_fault
from messages import new_message
from policies import with_policies
from scripts import Mail, Script

from mailtrap.current import Current
from mailtrap.hub import Hub
from mailtrap.loop import Loop
from mailtrap.server import Server
from mailtrap.store import Store
from mailtrap.tls import Tls

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.txt"))
WAYS: dict[str, tuple[str, int | None]] = {
    "1": ("in memory", 1),
    "2": ("in memory", 2),
    "7": ("in memory", 7),
    "whole": ("in memory", None),
    "tcp": ("over TCP", None),
    "tls": ("in TLS", None),
}

TLS = Tls()

EVERYBODY = (ip_network("0.0.0.0/0"), ip_network("::/0"))

GIVEN: dict[str, Callable[[re.Match[str]], dict[str, Any]]] = {
    r"a size limit of (\d+) octets": lambda found: {"size_limit": int(found[1])},
    r"lines of at most (\d+) octets": lambda found: {"line_limit": int(found[1])},
    r"literals of at most (\d+) octets": lambda found: {"literal_limit": int(found[1])},
    r"at most (\d+) recipients": lambda found: {"recipients": int(found[1])},
    r"STARTTLS": lambda found: {"starttls": True},
    r"LOGINDISABLED": lambda found: {"login_disabled": True},
    r"XCLIENT trusted": lambda found: {"trust_xclient": EVERYBODY},
    r"the PROXY protocol": lambda found: {"proxy_protocol": EVERYBODY},
    r"LMTP": lambda found: {"lmtp": True},
    r"profile (\w+)": lambda found: {"profile": found[1]},
    r"hidden (.+)": lambda found: {"hide": frozenset(found[1].split())},
    r"offered (.+)": lambda found: {"offer": frozenset(found[1].split())},
    r"strict": lambda found: {"strict": True},
    r"strict stuffing": lambda found: {"strict_stuffing": True},
    r"locking": lambda found: {"locking": True},
}


def can_be_played(script: Script, way: str) -> bool:
    """STARTTLS over TCP is shown by tests of their own, and TLS knows no half-close."""
    if way == "tls" and any(map(comes_before_tls, script.given)):
        return False
    if way == "tls":
        return "STARTTLS" not in script.given and script.says_all and not script.asks_for_tls
    return way != "tcp" or not script.uses_tls


CASES = [(file, way) for file in FILES for way in WAYS if can_be_played(Script.read(file), way)]


@pytest.mark.parametrize(("file", "way"), CASES, ids=[f"{'/'.join(file.parts[-2:])}-{way}" for file, way in CASES])
def test_transcript(file: Path, way: str, loop: Loop, store: Store) -> None:
    script = Script.read(file)
    ground = Ground(loop, store, store.new_project().id, options(script))
    if any(map(is_configuring, script.given)):
        ground.asked["accounts"] = accounts(script.given, store, ground.project)
    if any(map(is_fault, script.given)):
        ground.asked["faults"] = faults(script.given)
    where, piece = WAYS[way]
    for mail in script.mail:
        ground.deliver(mail)

    with ground:
        script.play(SERVERS[file.parent.name](ground)[where], piece, ground.deliver, ground.delete)

    if script.stored is not None:
        assert ground.stored() == script.stored
    if script.refused is not None:
        assert [f"{each.stage} {each.reply}".rstrip() for each in store.refusals(ground.project)] == script.refused


class Ground:
    """Where a transcript is played: a project of its own, and what its ``given`` lines ask for."""

    def __init__(self, loop: Loop, store: Store, project: int, asked: dict[str, Any]) -> None:
        self.loop = loop
        self.store = store
        self.project = project
        self.asked = asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "server" in self.__dict__:
            self.loop.run(self.server.shutdown(grace=0))
            self.server.hub.close()

    @cached_property
    def server(self) -> Server:
        """What runs sessions over TCP."""
        return self.loop.run(self._serve())

    async def _serve(self) -> Server:
        return Server(store=self.store, hub=Hub(self.store.bus))

    def deliver(self, mail: Mail) -> None:
        """Store a message that came in by whatever way."""
        self.store.add(new_message(self.project, mail.octets, rcpt_to=mail.to, received_at=mail.at)).result()

    def delete(self) -> None:
        """Delete the project, with all that is in it."""
        self.store.delete_project(self.project)

    def stored(self) -> list[bytes]:
        """All messages of the project, oldest first."""
        return [self.store.octets(each.number) for each in reversed(self.store.messages(self.project).summaries)]


def options(script: Script) -> dict[str, Any]:
    """What the ``given`` lines ask for."""
    asked: dict[str, Any] = {}
    for line in script.given:
        if is_configuring(line) or is_fault(line):
            continue
        [found] = [(match, make) for form, make in GIVEN.items() if (match := re.fullmatch(form, line))]
        asked |= found[1](found[0])
    return asked


Connect = dict[str, Callable[[], Conversation]]


def smtp(ground: Ground) -> Connect:
    from mailtrap.smtp.server import Factory

    factory = Factory(store=ground.store, current=Current(ground.project), tls=TLS, **with_policies(ground.asked))
    return {
        "in memory": lambda: InMemory(ground.loop, factory),
        "over TCP": lambda: OverTcp(ground.loop, factory),
        "in TLS": lambda: OverTls(ground.loop, factory.listener(at_once=True, lmtp="lmtp" in ground.asked)),
    }


def pop3(ground: Ground) -> Connect:
    from mailtrap.pop3.session import Session, World

    world = World(ground.store, Current(ground.project), "sandbox.localhost", **ground.asked)
    return _of_sessions(ground, partial(Session, world))


def imap(ground: Ground) -> Connect:
    from mailtrap.imap.session import Session, World

    world = World(ground.store, Current(ground.project), "sandbox.localhost", **ground.asked)
    return _of_sessions(ground, partial(Session, world))


def _of_sessions(ground: Ground, make: Callable[..., Any]) -> Connect:
    return {
        "in memory": lambda: SansIo(make(), ground.store.bus),
        "over TCP": lambda: OverTcp(ground.loop, ground.server.listener(make)),
        "in TLS": lambda: OverTls(ground.loop, ground.server.listener(make, TLS, at_once=True)),
    }


SERVERS = {"smtp": smtp, "pop3": pop3, "imap": imap}
