"""Messages out and in as files: how long, how much CPU, and how much memory, by how many there are."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.mail import message
from benchmarks.process import await_port, free_port
from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import facts
from mailtrap.store.records import NewMessage
from mailtrap.store.sqlite import SqliteStore

SIZES = (10_000, 100_000)
OVER_REST = 5_000
VARIETY = 500
FORMS = ("mbox", "maildir", "zip", "eml")


def run(sizes: tuple[int, ...] = SIZES, over_rest: int = OVER_REST) -> None:
    """Out of a directory and into a new one, in each form; then over REST. Each command is a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        for size in sizes:
            _fill(work / f"data-{size}", size)
            for form in FORMS:
                _both(work, size, form)
        _fill(work / "data-rest", over_rest)
        _over_rest(work, over_rest)


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


def _both(work: Path, size: int, form: str) -> None:
    out, into = work / f"out.{form}s", work / f"into-{form}"
    _command(size, form, "export", str(out), "--format", form, "--data", str(work / f"data-{size}"))
    _command(size, form, "import", str(out), "--format", form, "--data", str(into))
    _command(size, form, "import", str(out), "--format", form, "--data", str(into))
    subprocess.run(["rm", "-r", out, into], check=True)


def _over_rest(work: Path, size: int) -> None:
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
        _command(size, "REST", name, *arguments, "--server", f"http://127.0.0.1:{port}")
        server.terminate()
        server.wait()


def _command(size: int, form: str, name: str, *arguments: str) -> None:
    program = f"import resource, sys; sys.argv[0] = 'mailtrap'\nfrom mailtrap.__main__ import _run\n{_PROGRAM}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", program, name, "--json", *arguments], check=True, capture_output=True, text=True
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    result, peak = map(json.loads, ended.stdout.splitlines())
    done = result.get(f"{name}ed", 0)
    print(
        f"{name} {form:8} {size:>7,}: {done:>7,} done, {result['skipped']:>7,} there; {wall:6.1f} s,"
        f" {cpu / size * 1000:.3f} ms CPU each, {peak / 1024:.0f} MiB at the peak",
        flush=True,
    )


_PROGRAM = "_run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
