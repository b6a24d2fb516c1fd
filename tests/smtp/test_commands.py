"""The table of commands is the one source: of HELP, of EHLO, and of the page that says what is supported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailtrap.smtp.registry import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_is_on_the_page_of_protocols(verb: str) -> None:
    assert verb in PAGE.read_text("utf-8")


@pytest.mark.parametrize("offer", [offer for command in COMMANDS.values() for offer in command.offers])
def test_every_offer_is_made_and_on_the_page_of_protocols(server: Any, offer: str) -> None:
    server.with_limits(starttls=True)
    conversation = server.connect()
    conversation.line()
    lines = conversation.ask(b"EHLO client.example").decode().split("\r\n")

    assert offer.partition(" ")[0] in [line[4:].partition(" ")[0] for line in lines[1:]]
    assert offer.partition(" ")[0] in PAGE.read_text("utf-8")


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_knows_the_syntax_of_every_command(server: Any, verb: str) -> None:
    conversation = server.connect()
    conversation.line()

    assert conversation.ask(b"HELP " + verb.encode()).startswith(f"214 2.0.0 Syntax: {verb}".encode())
