"""Puts figures into ``docs/performance.md``, between ``<!-- measured: TABLE -->`` and ``<!-- end -->``."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from benchmarks.peers import GREENMAIL, MAILDEV
from benchmarks.report import OURS, VERDICT, Row, number

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
PLACE = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(rows: Sequence[Row], command: str, page: Path = PAGE) -> None:
    """Every table of which there are rows, how they were measured, and the goals that were missed."""
    found = written(page.read_text("utf-8"), rows, command)
    page.write_text(found, "utf-8")


def written(text: str, rows: Sequence[Row], command: str) -> str:
    """*text* with the tables of *rows*; the others stay as they are."""
    made = {
        name: table([row for row in rows if row.table == name]) for name in dict.fromkeys(row.table for row in rows)
    }
    made |= {"run": _run(command), "missed": _missed(rows)}
    return PLACE.sub(
        lambda place: f"{place[1]}\n{made[place[2]]}\n\n{place[3]}" if place[2] in made else place[0], text
    )


def table(rows: Sequence[Row]) -> str:
    """One table after the other where the columns differ: servers, or how many are stored."""
    return "\n\n".join(_table(list(group)) for _, group in groupby(rows, key=lambda row: row.by_size))


def _table(rows: list[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row.figures))
    by_size, with_goals = rows[0].by_size, any(row.goals for row in rows)
    heads = ["work", *("ours" if name == OURS else name for name in columns), *(["growth"] if by_size else [])]
    lines = [heads + (["goal", ""] if with_goals else []), ["---"] * (len(heads) + 2 * with_goals)]
    for row in rows:
        cells = [f"{_escaped(row.work)}, {row.unit}", *(_cell(row, name) for name in columns)]
        cells += [f"{row.growth:.1f} ×"] if by_size else []
        goals = [" and ".join(map(str, row.goals)), VERDICT[row.met] if row.goals else ""]
        lines.append(cells + (goals if with_goals else []))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(row: Row, name: str) -> str:
    if name not in row.figures:
        return "–"
    ratio = None if row.by_size or name == OURS or row.unit == "%" else row.ratio(name)
    return number(row.figures[name]) if ratio is None else f"{number(ratio)} ×"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("[]", "\\[\\]")


def _run(command: str) -> str:
    """Where, when and with what."""
    now = datetime.now(UTC)
    machine = f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}"
    versions = {
        "CPython": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "uvloop": _uvloop(),
        "aiosmtpd": version("aiosmtpd"),
        "MailDev": f"{MAILDEV} on Node.js {_said('node', '--version')}",
        "GreenMail": GREENMAIL,
        "Postfix": _said("postconf", "-h", "mail_version"),
        "Dovecot": _said("dovecot", "--version").split(" ")[0],
    }
    with_what = ", ".join(f"{name} {found}" for name, found in versions.items())
    commit = _said("git", "rev-parse", "--short", "HEAD")
    return f"`{command}`, {now:%Y-%m-%d %H:%M} UTC, commit {commit}. {machine}; {with_what}."


def _uvloop() -> str:
    try:
        return version("uvloop")
    except ModuleNotFoundError:
        return "not there"


def _processor() -> str:
    if sys.platform == "linux":
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        return " ".join(found[1].split()) if found else platform.machine()
    return platform.processor()


def _said(*command: str) -> str:
    path = os.environ["PATH"] + ":/usr/sbin"
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": path}, check=False)
    except OSError:
        return "–"
    return done.stdout.strip().removeprefix("v")


def _missed(rows: Sequence[Row]) -> str:
    missed = [row for row in rows if row.met is False]
    if not missed:
        return "None."
    return "\n".join(
        f"- {_escaped(row.work)}: {_how_far(row)}; the goal is {' and '.join(map(str, row.goals))}." for row in missed
    )


def _how_far(row: Row) -> str:
    peers = [
        f"{number(row.ratio(goal.peer) or 0)} × less than {goal.peer}" for goal in row.goals if hasattr(goal, "peer")
    ]
    growth = [f"growth {row.growth:.1f} ×"] if row.by_size else []
    return ", ".join([f"{number(row.ours)} {row.unit}", *peers, *growth])
