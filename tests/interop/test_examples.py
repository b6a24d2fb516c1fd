"""The examples are true: each one's own tests pass, run as its README says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from parts import node_modules

if TYPE_CHECKING:
    from process import Process

pytestmark = pytest.mark.interop

EXAMPLES = Path(__file__).parents[2] / "examples"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in a copy of an example; gives what it said."""

    def result(example: str, *command: str, **environ: str) -> str:
        copy = shutil.copytree(EXAMPLES / example, tmp_path / example)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
        done = subprocess.run(
            command, cwd=copy, env={**inherited, **environ}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return result


@pytest.mark.parametrize(("example", "count"), [("django", 6), ("flask", 11)])
def test_an_app_in_python_copes_with_what_goes_wrong(run: Run, example: str, count: int) -> None:
    said = run(example, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert f"{count} passed" in said


@pytest.mark.needs("node", "nodemailer")
def test_an_app_in_node_copes_with_what_goes_wrong(run: Run, mailtrap: Process) -> None:
    where = {"SMTP_PORT": str(mailtrap.smtp), "MAILSANDBOX_SERVER": f"http://127.0.0.1:{mailtrap.http}"}

    said = run("node", "node", "--test", "--test-reporter=tap", NODE_PATH=node_modules(), **where)

    assert "# pass 5" in said
    assert mailtrap.get("/v1/faults").json()["faults"] == []


def test_each_example_says_what_it_is() -> None:
    folders = sorted(each for each in EXAMPLES.iterdir() if each.is_dir())

    assert [each.name for each in folders] == ["django", "flask", "node"]
    assert all((each / "README.md").read_text("utf-8").startswith("# ") for each in folders)
