"""The commands as people run them: where they go, what they say, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import pytest

from mailtrap.sandbox import Sandbox
from mailtrap.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from tests.transfer.conftest import Side

Run = Callable[..., "CompletedProcess[str]"]
NOWHERE = {"MAILSANDBOX_HTTP": "1"}
"""No sandbox of ours answers there."""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Three messages, and something that is none."""
    folder = tmp_path / "box"
    folder.mkdir()
    for name in ("a", "b", "c"):
        folder.joinpath(f"{name}.eml").write_bytes(b"To: %s@example.com\r\n\r\n%s\r\n" % ((name.encode(),) * 2))
    folder.joinpath("notes.txt").write_text("not a message")
    return folder


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(http=0, data=tmp_path / "served") as running:
        yield running


def octets(data: Path, project: str = "default") -> list[bytes]:
    with closing(SqliteStore(data)) as store:
        found = store.find_project(project)
        assert found is not None
        return [store.octets(each.number) for each in reversed(store.messages(found.id, limit=200).summaries)]


def test_in_and_out_of_a_directory(run: Run, box: Path, tmp_path: Path) -> None:
    put = run("import", "box", "--data", "one")
    out = run("export", "out.mbox", "--data", "one")
    back = run("import", "out.mbox", "--data", "two")
    again = run("import", "out.mbox", "--data", "two")

    assert [each.returncode for each in (put, out, back, again)] == [0] * 4
    assert [each.stderr for each in (put, out, back, again)] == [""] * 4
    assert put.stdout.startswith("Imported 3 messages, 72 octets, in ")
    assert out.stdout.startswith("Exported 3 messages, 72 octets, in ")
    assert again.stdout.startswith("Imported 0 messages, 0 octets, in ")
    assert again.stdout.endswith(" s; 3 there already.\n")
    assert octets(tmp_path / "two") == [(box / f"{name}.eml").read_bytes() for name in ("a", "b", "c")]


def test_what_came_of_it_as_json(run: Run, box: Path) -> None:
    box.joinpath("large.eml").write_bytes(b"x" * 101)

    ended = run("import", "box", "nowhere", "--data", "one", "--json", "--size-limit", "100")

    told = json.loads(ended.stdout)
    assert told.pop("seconds") > 0
    assert told == {
        "imported": 3,
        "skipped": 0,
        "failed": 2,
        "octets": 72,
        "errors": [
            {"file": "box/large.eml", "reason": "it is larger than 100 octets (see --size-limit)"},
            {"file": "nowhere", "reason": "there is no such file or directory"},
        ],
    }


def test_one_bad_file_stops_no_other_and_is_exit_1(run: Run, box: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("bad.mbox").write_bytes(b"no mbox")
    box.joinpath("\x1b[2Jlink.eml").symlink_to("a.eml")

    ended = run("import", "bad.mbox", "box", "--data", "one")

    assert ended.returncode == 1
    assert ended.stdout.startswith("Imported 3 messages, 72 octets, in ")
    assert ended.stdout.endswith("; 2 failed.\n")
    assert ended.stderr.splitlines() == [
        "mailtrap: bad.mbox: it does not begin with a line such as “From ann@example.com Fri Jan 31 12:00:00 2025”",
        "mailtrap: box/\\x1b[2Jlink.eml: it is a symbolic link, and none is followed",
    ]


def test_over_rest_with_a_server_named(run: Run, box: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    put = run("import", "box", "--server", sandbox.url)
    out = run("export", "out.zip", MAILSANDBOX_SERVER=sandbox.url)
    back = run("import", "out.zip", "--data", "two", MAILSANDBOX_SERVER="http://127.0.0.1:1")

    assert [(each.returncode, each.stderr) for each in (put, out, back)] == [(0, "")] * 3
    assert [each.origin for each in sandbox.messages()] == ["import"] * 3
    assert [each.envelope.rcpt_to for each in sandbox.messages() if each.envelope] == [
        ("a@example.com",),
        ("b@example.com",),
        ("c@example.com",),
    ]
    assert octets(tmp_path / "two") == [each.raw for each in sandbox.messages()]


def test_over_rest_with_the_settings_that_are_found(run: Run, box: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    tmp_path.joinpath("mailtrap.toml").write_text(f'http = {sandbox.http_port}\nhost = "127.0.0.1"\ndata = "served"\n')

    ended = run("import", "box")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(sandbox.messages()) == 3


def test_without_a_sandbox_the_directory_of_the_settings_is_used(run: Run, box: Path, tmp_path: Path) -> None:
    ended = run("import", "box", MAILSANDBOX_DATA="mail", **NOWHERE)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(octets(tmp_path / "mail")) == 3


def test_a_project_of_a_directory(run: Run, box: Path, tmp_path: Path) -> None:
    run("import", "box", "--data", "one", "--project", "team-a")
    out = run("export", "out", "--data", "one", "--project", "team-a", "--query", "to:b@example.com")
    none = run("export", "none", "--data", "one", "--project", "team-b")

    assert len(octets(tmp_path / "one", "team-a")) == 3
    assert out.stdout.startswith("Exported 1 message, 24 octets")
    assert len(list(tmp_path.joinpath("out").glob("*.eml"))) == 1
    assert (none.returncode, none.stderr) == (1, "mailtrap: there is no project team-b in one\n")


@pytest.mark.parametrize("running", [False, True])
def test_what_another_project_has_is_not_called_there(run: Run, box: Path, sandbox: Sandbox, running: bool) -> None:
    sandbox.store.project("team-a")
    where = ["--server", sandbox.url] if running else ["--data", "one"]
    run("import", "box", *where, "--project", "default")

    again = run("import", "box", *where, "--project", "team-a")
    assert (again.returncode, again.stdout[:19]) == (1, "Imported 0 messages")
    assert again.stderr.count("a message of another project has the id") == 3


def test_a_project_of_a_sandbox_that_runs(run: Run, box: Path, sandbox: Sandbox) -> None:
    team = sandbox.store.project("team-a").id
    sandbox.accounts.set_password(team, "s3cret")
    there = ["--server", sandbox.url, "--project", "team-a"]

    wrong = run("import", "box", *there, "--password", "wrong")
    put = run("import", "box", *there, "--password", "s3cret")
    out = run("export", "out", *there, MAILSANDBOX_PASSWORD="s3cret")

    assert (wrong.returncode, sandbox.messages()) == (1, [])
    assert wrong.stderr.count("the name or the password of the project is wrong") == 1  # whatever there is to bring
    assert "s3cret" not in wrong.stderr + put.stderr + put.stdout
    assert sandbox.store.messages(team).total == 3
    assert (put.stdout[:19], out.stdout[:19]) == ("Imported 3 messages", "Exported 3 messages")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["import", "box"], 1, "no sandbox answers at http://127.0.0.1:1: say --server URL, or --data DIR"),
        (["export", "out"], 1, "no sandbox answers at http://127.0.0.1:1"),
        (["import", "box", "--server", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 does not answer: "),
        (["export", "out", "--data", "nowhere"], 1, "there is no sandbox's data in nowhere"),
        (["export", "out", "--data", "box"], 1, "there is no sandbox's data in box"),
        (["export", "out", "--data", "one", "--query", '"'], 1, ""),
        (["export", "x.eml", "--data", "one"], 1, "x.eml: a directory is made"),
        (["export", "box/a.eml/out", "--data", "one"], 1, "box/a.eml/out cannot be written: Not a directory"),
        (["import"], 2, "Missing argument 'PATH...'"),
        (["import", "box", "--data", "one", "--server", "http://a.test"], 2, "--data and --server: it is one of them"),
        (["import", "box", "--server", "a.test"], 2, "Invalid value for '--server': 'a.test' must be an address"),
        (["import", "box", "--format", "pst"], 2, "Invalid value for '--format': 'pst' is not one of"),
        (["import", "box", "--size-limit", "x"], 2, "Invalid value for '--size-limit': 'x' must be a size such as"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, box: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    with closing(SqliteStore(tmp_path / "one")) as store:
        store.project("default")

    ended = run(*arguments, **NOWHERE)

    assert ended.stderr.startswith(f"mailtrap: {said}")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (code, "", 1)


def test_a_directory_in_use_is_one_line_that_says_what_to_do(run: Run, box: Path, sandbox: Sandbox) -> None:
    ended = run("import", "box", "--data", "served")

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "served is in use by process" in ended.stderr
    assert "Say --server URL" in ended.stderr


def test_nothing_is_made_for_a_query_that_does_not_parse(run: Run, tmp_path: Path, sandbox: Sandbox) -> None:
    ended = run("export", "out", "--server", sandbox.url, "--query", '"')

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert not tmp_path.joinpath("out").exists()


def test_what_a_server_refuses_fails_alone(side: Callable[[str], Side], run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    for name, size in (("a", 100), ("b", 20_000), ("c", 100)):
        folder.joinpath(f"{name}.eml").write_bytes(b"x" * size)
    with Sandbox(http=0, import_limit="10kB") as sandbox:
        ended = run("import", "box", "--server", sandbox.url)

        assert ended.stderr == "mailtrap: box/b.eml: the body is larger than 10000 octets\n"
        assert (ended.returncode, [each.size for each in sandbox.messages()]) == (1, [100, 100])


def test_what_answers_and_is_no_sandbox_is_said(run: Run, box: Path) -> None:
    import http.server
    import threading

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        ended = run("export", "out", "--server", url)
    finally:
        server.shutdown()
        serving.join()
        server.server_close()

    assert ended.returncode == 1
    assert ended.stderr == f"mailtrap: {url} answers 404 File not found: it is no sandbox of ours\n"


INTERRUPTED = """
import os, signal, sys
from mailtrap.__main__ import _run
from mailtrap.transfer import progress

class Impatient(progress.Progress):
    def advance(self, units):
        super().advance(units)
        if self.count.done == 2:
            os.kill(os.getpid(), signal.SIGINT)

progress.Progress = Impatient
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have it ignored
sys.exit(_run(sys.argv[1:]))
"""


@pytest.mark.parametrize("arguments", [["import", "box"], ["export", "out.zip"]], ids=["import", "export"])
def test_whoever_interrupts_it_is_told_that_it_can_go_on(
    run: Run, box: Path, tmp_path: Path, arguments: list[str]
) -> None:
    if arguments[0] == "export":
        run("import", "box", "--data", "one")
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *arguments, "--data", "one"],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    again = run(*arguments, "--data", "one")

    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "mailtrap: interrupted after 2 messages; run it again to go on\n"
    assert (again.returncode, again.stderr) == (0, "")
    assert len(octets(tmp_path / "one")) == 3


def test_on_a_terminal_there_is_a_bar(tmp_path: Path, box: Path) -> None:
    import io

    from mailtrap.transfer.progress import Progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal: Any = Terminal()
    progress = Progress("Importing", terminal)
    progress.begin(2)
    progress.advance(1)
    progress.fail("a\x1bb", "it is no file")
    progress.advance(1)
    progress.end()

    said = terminal.getvalue()
    assert "Importing" in said
    assert "100%" in said
    assert "\r\x1b[Kmailtrap: a\\x1bb: it is no file\n" in said
