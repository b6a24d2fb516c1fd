"""The table of commands is the one source: of HELP, and of the page that says what is supported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mailtrap.smtp.extensions import EXTENSIONS
from mailtrap.smtp.registry import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "protocols.md"


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_is_on_the_page_of_protocols(verb: str) -> None:
    assert verb in PAGE.read_text("utf-8")


@pytest.mark.parametrize("keyword", [each.keyword for each in EXTENSIONS])
def test_every_extension_is_on_the_page_of_protocols(keyword: str) -> None:
    assert keyword in PAGE.read_text("utf-8")


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_knows_the_syntax_of_every_command(server: Any, verb: str) -> None:
    conversation = server.connect()
    conversation.line()

    assert conversation.ask(b"HELP " + verb.encode()).startswith(f"214 2.0.0 Syntax: {verb}".encode())
