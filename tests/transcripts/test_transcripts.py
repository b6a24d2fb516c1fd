"""Every transcript in these folders: without sockets in pieces of 1, 2, 7 octets and whole, then over TCP.

The folder says the protocol. To add a case, add a file; `conversations.Script.read` says what it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conversations import InMemory, OverTcp, Script

from mailtrap.current import Current
from mailtrap.loop import Loop
from mailtrap.smtp.server import Factory
from mailtrap.store import Store

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.txt"))
WAYS = {"1": (InMemory, 1), "2": (InMemory, 2), "7": (InMemory, 7), "whole": (InMemory, None), "tcp": (OverTcp, None)}

GIVEN: dict[str, Callable[[re.Match[str]], dict[str, Any]]] = {
    r"a size limit of (\d+) octets": lambda found: {"size_limit": int(found[1])},
    r"at most (\d+) recipients": lambda found: {"recipients": int(found[1])},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("file", FILES, ids=["/".join(file.parts[-2:]) for file in FILES])
def test_transcript(file: Path, way: str, loop: Loop, store: Store) -> None:
    script = Script.read(file)
    project = store.new_project().id
    make, piece = WAYS[way]
    conversation = make(loop, SERVERS[file.parent.name](store, project, options(script)))
    try:
        script.play(conversation, piece)
    finally:
        conversation.hang_up()

    if script.stored is not None:
        assert stored(store, project) == script.stored
    if script.refused is not None:
        assert [f"{each.stage} {each.reply}".rstrip() for each in store.refusals(project)] == script.refused


def options(script: Script) -> dict[str, Any]:
    """What the ``given`` lines ask for."""
    asked: dict[str, Any] = {}
    for line in script.given:
        [found] = [(match, make) for form, make in GIVEN.items() if (match := re.fullmatch(form, line))]
        asked |= found[1](found[0])
    return asked


def stored(store: Store, project: int) -> list[bytes]:
    return [store.octets(summary.number) for summary in reversed(store.messages(project).summaries)]


def smtp(store: Store, project: int, asked: dict[str, Any]) -> Factory:
    return Factory(store=store, current=Current(project), **asked)


SERVERS = {"smtp": smtp}
