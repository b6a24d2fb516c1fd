"""Messages out and in as files: how long, how much CPU, and how much memory, by how many there are."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.mail import message
from benchmarks.process import await_port, free_port
from benchmarks.report import OURS, Effort, Row
from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import facts
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

VARIETY = 500
FORMS = ("mbox", "maildir", "zip", "eml")


def run(effort: Effort) -> Iterator[Row]:
    """Out of a directory and into a new one, in each form; then over REST. Each command is a process of its own."""
    sizes = (1_000,) if effort.quick else (10_000, 100_000) if effort.large else (5_000,)
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        for size in sizes:
            _fill(work / f"data-{size}", size)
            for form in FORMS:
                yield from _both(work, size, form)
        over_rest = effort.of(2_000, 300)
        _fill(work / "data-rest", over_rest)
        yield from _over_rest(work, over_rest)


def _fill(data: Path, size: int) -> None:
    samples = [(message(3000, seed), facts(message(3000, seed))) for seed in range(VARIETY)]
    store = SqliteStore(data)
    project = store.project("default").id
    for start in range(0, size, 200):
        adding = []
        for number in range(start, min(start + 200, size)):
            octets, found = samples[number % VARIETY]
            envelope = Envelope(Address("app@shop.test"), (Address(f"user{number % 1000}@load.test"),))
            new = NewMessage(project, "smtp", octets, found, envelope, accounts_of(envelope.rcpt_to))
            adding.append(store.add(new))
        for each in adding:
            each.result()
    store.close()


def _both(work: Path, size: int, form: str) -> Iterator[Row]:
    out, into = work / f"out.{form}s", work / f"into-{form}"
    yield _command(size, form, "export", str(out), "--format", form, "--data", str(work / f"data-{size}"))
    yield _command(size, form, "import", str(out), "--format", form, "--data", str(into))
    yield _command(size, form, "import", str(out), "--format", form, "--data", str(into))
    subprocess.run(["rm", "-r", out, into], check=True)


def _over_rest(work: Path, size: int) -> Iterator[Row]:
    for data, name, *arguments in (
        ("data-rest", "export", str(work / "rest.mbox")),
        ("data-new", "import", str(work / "rest.mbox")),
    ):
        port = free_port()
        ports = ["--smtp", "off", "--http", str(port), "--host", "127.0.0.1", "--data", str(work / data)]
        command = [sys.executable, "-m", "mailtrap", *ports]
        off = [f"--{each}=off" for each in ("submission", "smtps", "pop3", "pop3s", "imap", "imaps")]
        server = subprocess.Popen([*command, *off], stdout=subprocess.DEVNULL)
        await_port(port, server)
        yield _command(size, "REST", name, *arguments, "--server", f"http://127.0.0.1:{port}")
        server.terminate()
        server.wait()


def _command(size: int, form: str, name: str, *arguments: str) -> Row:
    program = f"import sys; sys.argv[0] = 'mailtrap'\nfrom mailtrap.__main__ import _run\n{_PROGRAM}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", program, name, "--json", *arguments], check=True, capture_output=True, text=True
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    result, peak = map(json.loads, ended.stdout.splitlines())
    again = "" if result.get(f"{name}ed") else " again, all skipped"
    work = f"{name} {form} of {size:,}{again}: {wall:.1f} s, {peak / 1024:.0f} MiB at the peak; CPU each"
    return Row("transfer", work, {OURS: cpu / size * 1000})


_PROGRAM = """
_run(sys.argv[1:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")))
"""
