"""What the manual says of faults is taken."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from mailtrap.clock import Clock
from mailtrap.faults import Asked, Faults, rule
from mailtrap.faults.kinds import KINDS
from mailtrap.faults.rules import WORDS
from mailtrap.settings import read

PAGE = Path(__file__).parents[2].joinpath("docs", "faults.md").read_text("utf-8")


@pytest.mark.parametrize("command", re.findall(r"(?m)^\$ mailtrap fault add (.*)$", PAGE))
def test_its_commands_are_rules(command: str) -> None:
    words = dict(each.split("=", 1) for each in shlex.split(command))

    assert rule(words).words().keys() == words.keys()


@pytest.mark.parametrize("text", re.findall(r"-d '({\"at.*?})'", PAGE))
def test_its_requests_are_rules(text: str) -> None:
    assert rule(json.loads(text))


@pytest.mark.parametrize("text", re.findall(r"(?ms)^```toml\n(.*?)^```", PAGE))
def test_its_settings_are_taken(text: str) -> None:
    assert read(tomllib.loads(text))["fault"]


@pytest.mark.parametrize(
    "address", sorted({*re.findall(r"`(\w+(?:\+[\w.]+)*@fault\.test)`", PAGE)} - {"ann@fault.test"})
)
def test_its_addresses_are_faults(address: str) -> None:
    assert Faults(Clock()).fire(Asked("smtp.rcpt", 1, "192.0.2.1", "app@shop.test", (address,)))


@pytest.mark.parametrize("word", [*KINDS, *(set(WORDS) - {"at", "do", "seed"})])
def test_every_kind_and_word_is_in_it(word: str) -> None:
    assert re.search(rf"(?m)^\| `{word}\b.*?` \|", PAGE)
