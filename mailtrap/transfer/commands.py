"""``mailtrap import`` and ``mailtrap export``: from arguments to work, and what is said of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailtrap import quantities
from mailtrap.errors import BadSettings, MailtrapError, NotFound, StoreInUse, StoreUnavailable
from mailtrap.ready import own_address
from mailtrap.settings import PREFIX, load

if TYPE_CHECKING:
    from mailtrap.transfer.progress import Progress
    from mailtrap.transfer.stores import Messages

FORMATS = ("eml", "mbox", "maildir", "zip")
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., object])


class _Value(click.ParamType):  # type: ignore[type-arg]  # in older versions it takes none
    """A value as the settings have it."""

    def __init__(self, name: str, read: Callable[[object], Any]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it, or say what it must be."""
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(f"{value!r} must be {error}", param, ctx)


def _common(command: Command) -> Command:
    """The options that both have."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Say what came of it as JSON."),
        click.option(
            "--password",
            metavar="PASSWORD",
            envvar=PREFIX + "PASSWORD",
            help="The password of that project, at a server (default: MAILSANDBOX_PASSWORD).",
        ),
        click.option(
            "--project",
            metavar="NAME",
            help="Which project (default: in a directory default, at a server the one that is current).",
        ),
        click.option(
            "--server",
            type=_Value("url", quantities.url),
            metavar="URL",
            help="The sandbox to ask (default: MAILSANDBOX_SERVER, else one that runs here).",
        ),
        click.option(
            "--data",
            type=_Value("directory", quantities.path),
            metavar="DIR",
            help="The data directory of a sandbox that does not run.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMATS),
            metavar="FORMAT",
            help="eml, mbox, maildir or zip (default: what is there says, or the name).",
        ),
    ):
        command = option(command)
    return command


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@_common
@click.option(
    "--size-limit",
    type=_Value("size", quantities.size),
    metavar="SIZE",
    help="The largest message that is taken (default: the setting of that name).",
)
def import_command(
    paths: tuple[Path, ...],
    form: str | None,
    data: Path | None,
    server: str | None,
    project: str | None,
    password: str | None,
    size_limit: int | None,
    as_json: bool,
) -> int:
    """Put messages in that are in files.

    PATH is an .eml, a directory of them, an mbox, a maildir or a zip file of .eml.

    Where "mailtrap export" has written beside them what else it knew, ids, envelopes, times and tags are kept. What
    is there already is skipped, so an import that was broken off can be run again.
    """
    from mailtrap.transfer.progress import Progress

    limit = size_limit or load({}, os.environ, Path.cwd()).size_limit
    progress = Progress("Importing", sys.stderr, quiet=as_json)
    with _messages(data, server, project, password, makes=True) as messages:
        for path in paths:
            if not _bring_in(path, form, limit, messages, progress):
                return _interrupted(progress)
    return _tell(progress, "imported", as_json)


@click.command("export")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@_common
@click.option("--query", default="", metavar="QUERY", help="Only what this finds, in the language of the search.")
def export_command(
    path: Path,
    form: str | None,
    data: Path | None,
    server: str | None,
    project: str | None,
    password: str | None,
    query: str,
    as_json: bool,
) -> int:
    """Write messages to files.

    PATH becomes a directory of .eml, or what its name says: an mbox (.mbox), a maildir (.maildir), a zip file (.zip).

    What else is known of them goes to mailtrap.jsonl beside them. Run again, it goes on behind what is there.
    """
    from mailtrap.transfer.places import writer
    from mailtrap.transfer.progress import Progress
    from mailtrap.transfer.work import take_out

    progress = Progress("Exporting", sys.stderr, quiet=as_json)
    with _messages(data, server, project, password) as messages:
        messages.page(query)  # what is wrong with it is said before anything is made
        try:
            to = writer(path, form)
            try:
                take_out(messages, query, to, progress)
            finally:
                to.close()
                progress.end()
        except KeyboardInterrupt:
            return _interrupted(progress)
        except OSError as error:
            raise StoreUnavailable(f"{error.filename or path} cannot be written: {error.strerror}") from error
    return _tell(progress, "exported", as_json)


COMMANDS: Mapping[str, click.Command] = {"export": export_command, "import": import_command}


def _bring_in(path: Path, form: str | None, limit: int, messages: Messages, progress: Progress) -> bool:
    """Import what is at *path*; False if somebody is tired of waiting."""
    from mailtrap.transfer.places import reader
    from mailtrap.transfer.work import bring_in, reason

    try:
        found = reader(path, form, limit)
        bring_in(found, messages, progress)
    except KeyboardInterrupt:
        return False
    except StoreUnavailable:
        raise
    except (MailtrapError, OSError) as error:
        progress.count.failed += 1
        progress.fail(str(path), reason(error))
    else:
        for warning in found.warnings:
            progress.say(warning)
    finally:
        progress.end()
    return True


def _interrupted(progress: Progress) -> int:
    progress.say(f"interrupted after {progress.count.done:,} messages; run it again to go on")
    return INTERRUPTED


def _tell(progress: Progress, done: str, as_json: bool) -> int:
    click.echo(json.dumps(progress.result(done)) if as_json else progress.summary(done))
    return 1 if progress.count.failed else 0


@contextmanager
def _messages(
    data: Path | None, server: str | None, project: str | None, password: str | None, *, makes: bool = False
) -> Iterator[Messages]:
    """Where the messages are, or will be; with *makes* the directory and the project need not be there."""
    if data is None and server is None:
        server, data = _found()
    if data is not None and server is not None:
        raise click.UsageError("--data and --server: it is one of them")
    if data is not None:
        with _in_directory(data, project, makes) as messages:
            yield messages
    else:
        from mailtrap.remote import Remote
        from mailtrap.transfer.stores import OnServer

        on_server = OnServer(Remote(server or "", project, password or ""))
        try:
            yield on_server
        finally:
            on_server.close()


def _found() -> tuple[str | None, Path | None]:
    """The sandbox that MAILSANDBOX_SERVER names, or that runs with the settings found here, or else their data."""
    from mailtrap.remote import Remote

    if named := os.environ.get(PREFIX + "SERVER"):
        return str(_Value("url", quantities.url).convert(named, None, None)), None
    settings = load({}, os.environ, Path.cwd())
    try:
        address = own_address(settings)
    except BadSettings:
        address = ""
    if address.startswith("http:"):
        server = Remote(address)
        try:
            if server.answers():
                return address, None
        finally:
            server.close()
    if settings.data is None:
        at = f" at {address}" if address.startswith("http:") else ""
        raise StoreUnavailable(f"no sandbox answers{at}: say --server URL, or --data DIR for one that does not run")
    return None, settings.data


@contextmanager
def _in_directory(data: Path, project: str | None, makes: bool) -> Iterator[Messages]:
    from mailtrap.store import DEFAULT_PROJECT
    from mailtrap.store.directory import FILE
    from mailtrap.store.sqlite import SqliteStore
    from mailtrap.transfer.stores import InDirectory

    if not makes and not data.joinpath(FILE).is_file():  # it would be made
        raise NotFound(f"there is no sandbox's data in {data}")
    try:
        store = SqliteStore(data)
    except StoreInUse as error:
        raise StoreInUse(f"{error}. Say --server URL, and the sandbox that has it does the work") from None
    try:
        name = project or DEFAULT_PROJECT
        there = store.project(name) if makes else store.find_project(name)
        if there is None:
            raise NotFound(f"there is no project {name} in {data}")
        yield InDirectory(store, there.id)
    finally:
        store.close()
