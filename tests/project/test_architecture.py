"""Who may import whom: the picture in docs/how-it-works.md, held by reading the imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "mailtrap", ROOT / "web" / "mailtrap_web", ROOT / "pytest_plugin" / "pytest_mailtrap")

LAYERS: tuple[set[str], ...] = (
    {
        *("envelope", "errors", "version", "quantities", "message", "search"),
        *("bus", "current", "transcript", "accounts", "attempts", "configured", "given", "engine"),
        *("dsn", "xtext", "clock", "faults", "faulty", "pausing", "peers", "tables", "unix"),
    },
    {"store", "ports", "loop", "lines", "settings", "authority", "tcp", "hub", "sasl", "accepting", "bounce"},
    {"tls", "connection", "logins", "configuring", "portable", "held"},
    {"returns"},
    {"driver"},
    {"smtp", "pop3", "imap", "server", "mailtrap_web", "remote"},
    {"listeners"},
    {"sandbox"},
    {"pytest_mailtrap", "welcome", "ready", "options"},
    {"ca", "transfer", "submission", "steering"},
    {"commands"},
    {"__main__"},
)
"""Every part of the project, by height. A part imports from below; only those at the bottom know one another."""

ONLY_IN = {
    "sqlite3": {"store"},
    "flask": {"mailtrap_web"},
    "jinja2": {"mailtrap_web"},
    "werkzeug": {"mailtrap_web"},
    "uvicorn": {"mailtrap_web"},
    "a2wsgi": {"mailtrap_web"},
    "aiosmtpd": {"smtp"},
    "asyncio": {
        *("accepting", "loop", "tcp", "tls", "hub", "connection", "driver", "server", "listeners", "sandbox"),
        *("smtp", "mailtrap_web", "pytest_mailtrap"),
    },
    "ssl": {"authority", "tls", "pytest_mailtrap"},
    "trustme": {"authority"},
    "click": {"options", "commands", "transfer", "submission", "steering", "__main__"},
    # What opens connections to others: only those that ask a sandbox, or sign in to ours in a test, have a use for it.
    "http.client": {"ca", "ready"},
    "smtplib": {"pytest_mailtrap"},
    "urllib.request": set(),
    "requests": {"remote"},
    "subprocess": set(),
}

HEAVY = frozenset("aiosmtpd asyncio click cryptography email flask requests selectolax sqlite3 trustme uvicorn".split())


def modules() -> list[Path]:
    return [file for package in PACKAGES for file in sorted(package.rglob("*.py"))]


def part_of(name: str) -> str:
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == "mailtrap" else first


def module_name(file: Path) -> str:
    package = next(each for each in PACKAGES if file.is_relative_to(each))
    parts = [package.name, *file.relative_to(package).with_suffix("").parts]
    return ".".join(parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """What *file* imports when it runs, anywhere in it; what it needs for its types alone is left out."""
    waiting: list[ast.AST] = [ast.parse(file.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            # "from mailtrap import x" imports mailtrap.x
            bare = node.module in ("mailtrap", "http", "urllib")
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if bare else (node.module or "",)


def height(part: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


@pytest.mark.parametrize("file", modules(), ids=module_name)
def test_a_module_imports_only_from_below(file: Path) -> None:
    part = part_of(module_name(file))
    ours = [name for name in imports(file) if name.partition(".")[0] in ("mailtrap", "mailtrap_web", "pytest_mailtrap")]
    others = {part_of(name) for name in ours} - {part}

    assert any(part in layer for layer in LAYERS), f"{part} has no place in the picture yet: give it one, there too"
    assert [other for other in others if height(other) >= height(part) > 0] == []
    assert [other for other in others if height(part) == 0 and height(other) > 0] == []


@pytest.mark.parametrize("file", modules(), ids=module_name)
def test_a_foreign_package_is_known_only_where_it_belongs(file: Path) -> None:
    part = part_of(module_name(file))
    found = {
        foreign
        for name in imports(file)
        for foreign, parts in ONLY_IN.items()
        if (name + ".").startswith(foreign + ".") and part not in parts
    }

    assert found == set()


def test_the_namespace_has_no_init_and_none_of_the_names_of_the_vendors_sdk() -> None:
    names = {each.stem for each in PACKAGES[0].iterdir()}

    assert names & {"__init__", "api", "client", "config", "exceptions", "http", "models", "webhooks"} == set()


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("pytest_mailtrap.plugin", set[str]()),
        ("mailtrap.ready", {"email"}),  # http.client reads headers with it
        ("mailtrap.__main__", set[str]()),
        ("mailtrap.sandbox", {"asyncio", "sqlite3"}),
    ],
)
def test_what_is_heavy_is_imported_late(module: str, allowed: set[str]) -> None:
    program = (
        f"import sys, pytest; before = set(sys.modules)\nimport {module}\n"
        f"print(*({{name.partition('.')[0] for name in set(sys.modules) - before}} & {set(HEAVY)}))"
    )
    path = [str(each.parent) for each in PACKAGES]
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(found.stdout.split()) <= allowed
