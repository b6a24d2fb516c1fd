"""The manual is true: what can be made from the code is, and what it shows works."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from mailtrap.listeners import PORTS
from mailtrap.search.operators import OPERATORS
from mailtrap.settings import OPTIONS, load
from pytest_mailtrap import Clock, Criteria, Fault, Faults, Inbox, stages
from pytest_mailtrap.arrived import Arrived

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(language: str, *, that_has: str = "") -> list[object]:
    return [
        pytest.param(code, id=f"{page.name}-{number}")
        for page in PAGES
        for number, (name, code) in enumerate(BLOCK.findall(page.read_text("utf-8")))
        if name == language and that_has in code
    ]


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", sorted((ROOT / "docs").glob("*.md")), ids=lambda file: file.name)
def test_what_is_made_from_the_code_is_up_to_date(tables: ModuleType, file: Path) -> None:
    text = file.read_text("utf-8")

    assert text == tables.made(text), "run: python docs/tables.py"


@pytest.mark.parametrize(
    ("name", "table"), [("settings", "settings"), ("command-line", "commands"), ("rest", "routes")]
)
def test_every_setting_command_and_route_has_its_place(name: str, table: str) -> None:
    assert f"<!-- made: {table} -->" in (ROOT / "docs" / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_every_operator_of_the_query_language_is_in_the_manual(operator: str) -> None:
    assert f"`{operator}:" in (ROOT / "docs" / "search.md").read_text("utf-8")


STAGES = (stages.Stage, stages.Mail, stages.Smtp, stages.Pop3, stages.Imap, stages.Http)
OUR_OWN = {"record", "inbox", "called", "missed", "unsaid", "named", "text", "where", "hits", "id", "remove"}
"""What nobody needs to be told of, or who looks at a value sees."""


def plugin_words() -> list[str]:
    """Fixtures and options of the pytest plugin, what an inbox has, and what can be asked of a mail."""
    folder = ROOT / "pytest_plugin" / "pytest_mailtrap"
    plugin, options = (folder / name for name in ("plugin.py", "options.py"))
    words = re.findall(r"^@pytest\.fixture.*\ndef (\w+)", plugin.read_text("utf-8"), re.MULTILINE)
    words += re.findall(r'\b(?:addini|addoption)\(\s*"([\w-]+)"', options.read_text("utf-8"))
    public = {name for each in (Inbox, Arrived, Clock, Faults) for name in vars(each) if not name.startswith("_")}
    public |= {name for each in (*STAGES, Fault) for name in vars(each) if not name.startswith("_")}
    words += sorted(public - OUR_OWN)
    return words + [f"{name}=" for name in Criteria.__annotations__]


@pytest.mark.parametrize("word", plugin_words())
def test_every_fixture_and_option_of_the_plugin_is_in_the_manual(word: str) -> None:
    assert re.search(rf"[`.(\s]{re.escape(word)}", (ROOT / "docs" / "pytest.md").read_text("utf-8"))


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    targets = [file.parent / target for target in LINK.findall(file.read_text("utf-8"))]

    assert [target for target in targets if not target.exists()] == []


@pytest.mark.parametrize("code", blocks("python", that_has="import Sandbox"))
def test_a_program_in_the_manual_runs(code: str) -> None:
    exec(compile(code, "manual", "exec"), {})


@pytest.mark.parametrize("code", blocks("python"))
def test_python_in_the_manual_is_python(code: str) -> None:
    compile(code, "manual", "exec")


@pytest.mark.parametrize("code", blocks("toml", that_has="# mailtrap.toml"))
def test_a_settings_file_in_the_manual_is_taken(code: str, tmp_path: Path) -> None:
    tmp_path.joinpath("mailtrap.toml").write_text(code)

    settings = load({}, {}, tmp_path)

    assert tomllib.loads(code).keys() <= OPTIONS.keys()
    assert settings.data == Path("var/mail")


def test_the_image_sets_variables_that_there_are_and_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8")

    assert set(re.findall(r"^[^#\n]*\b(MAILSANDBOX_\w+)=", lines, re.MULTILINE)) <= {
        option.variable for option in OPTIONS.values()
    }
    assert re.search(r"^USER \d+:\d+$", lines, re.MULTILINE)
    [ports] = re.findall(r"^EXPOSE ([0-9 ]+)$", lines, re.MULTILINE)
    assert ports.split() == [default for name in PORTS if (default := OPTIONS[name].default) != "off"]
    assert 'CMD ["mailtrap", "ready"]' in lines


def test_ci_finds_the_readmes_own_command_for_the_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    pattern = re.search(r"sed -n '/(.+)/p' README\.md", script)
    assert pattern is not None

    found = re.findall(pattern[1], (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)

    assert found == ["python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest -n 2"]
