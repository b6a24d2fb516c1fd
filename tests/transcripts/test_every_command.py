"""Every command of SMTP is said in every state: whoever adds one says what it does in each."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import Script

from mailtrap.smtp import commands as _commands  # noqa: F401 - they register themselves
from mailtrap.smtp.registry import COMMANDS

FILES = sorted((Path(__file__).parent / "smtp").glob("every_command_*.txt"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_command_is_said(file: Path) -> None:
    said = {text.split(" ")[0] for kind, _, text in Script.read(file).steps if kind == "C"}

    assert set(COMMANDS) <= said


def test_there_are_all_states() -> None:
    assert len(FILES) == 9
