"""What every test may use: the corpus, real parts where they are installed, and a sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import hypothesis
import pytest
from parts import is_there

if TYPE_CHECKING:
    from mailtrap.sandbox import Sandbox

pytest_plugins = ["pytester", "conversations"]

HERE = Path(__file__).parent

# No clock decides whether a property holds; and CI looks at the same examples every time.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("suite")


def corpus_files() -> list[Path]:
    """Every ``.eml`` of tests/corpus and of the directory that ``MAILSANDBOX_TEST_CORPUS`` names, if it does."""
    more = os.environ.get("MAILSANDBOX_TEST_CORPUS")
    folders = [HERE / "corpus", *([Path(more)] if more else [])]
    return [file for folder in folders for file in sorted(folder.rglob("*.eml"))]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs(part, ...): programs or modules that must be there; else a skip, in CI an error"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `corpus` runs once for each message of it."""
    if "corpus" in metafunc.fixturenames:
        files = corpus_files()
        metafunc.parametrize("corpus", files, ids=["/".join(file.parts[-2:]) for file in files])


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [part for mark in item.iter_markers("needs") for part in mark.args if not is_there(part)]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"not on this machine, but CI must have it: {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")


@pytest.fixture(scope="session")
def all_corpus_files() -> list[Path]:
    """Every message of the corpus at once, for a test that sends them all in one session."""
    return corpus_files()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox of this test's own: SMTP on a free port, no HTTP, a temporary store."""
    from mailtrap.sandbox import Sandbox

    with Sandbox() as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory for Unix sockets: its name is short, as their paths must be."""
    with TemporaryDirectory(prefix="mt") as name:
        yield Path(name)
