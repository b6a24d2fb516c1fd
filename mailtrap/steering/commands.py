"""``mailtrap fault`` and ``mailtrap clock``: what goes wrong in a sandbox that runs, and what time it is there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailtrap import options, quantities
from mailtrap.errors import BadFault, BadSettings
from mailtrap.faults.kinds import KINDS
from mailtrap.faults.rules import rule
from mailtrap.ready import own_address
from mailtrap.settings import PREFIX, load
from mailtrap.tables import words_of

if TYPE_CHECKING:
    from mailtrap.remote import Remote

Body = Callable[..., int]


def _asking(body: Body) -> Body:
    """The options of every command here."""
    server = click.option(
        "--server",
        envvar=PREFIX + "SERVER",
        metavar="URL",
        callback=options.url,
        help=f"The sandbox (default: {PREFIX}SERVER, else the one that runs with the settings found here).",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, as the REST API gives it.")
    return server(as_json(body))


@contextmanager
def _at(server: str | None) -> Iterator[Remote]:
    from mailtrap.remote import Remote

    remote = Remote(server or own_address(load({}, os.environ, Path.cwd())))
    try:
        yield remote
    finally:
        remote.close()


@click.group("fault")
def fault() -> None:
    """Make something go wrong on purpose, in a sandbox that runs.

    \b
    mailtrap fault add at=smtp.rcpt rcpt='*@slow.test' do='reject 451 4.7.1 try later' times=2
    mailtrap fault add at=smtp.data do='drop after 512' times=1
    mailtrap fault add at=imap.FETCH do='no SERVERBUG' account=ann@example.com
    mailtrap fault list
    mailtrap fault remove 1
    """


_EPILOG = "\b\nWhat to do:\n" + "\n".join(f"  {each.written}" for each in KINDS.values())


@fault.command("add", epilog=_EPILOG)
@click.argument("words", nargs=-1, required=True)
@_asking
def add(words: tuple[str, ...], server: str | None, as_json: bool) -> int:
    """Add a rule: at=STAGE do='WHAT …', and who and when.

    \b
    at      where: smtp.rcpt, smtp.dot, pop3.RETR, imap.FETCH, http.GET, smtp.* …
    do      what happens, see below
    rcpt mail_from account peer      who: addresses with * and ?, or domains
    header  which message, at smtp.dot and smtp.stored: 'X-Job: *7*'
    times   the first n, then never again      skip    not the first n
    every   each nth                           chance  0.2 or 20%; seed=1 for the same again
    after expires                    when, by the sandbox's clock: 30s, 5m, 1h
    project                          where, unless it is the one that is current
    """
    try:
        given = words_of(words[0]) if len(words) == 1 else _words(words)
        made = rule(given)
    except (BadFault, BadSettings) as error:
        raise click.UsageError(str(error)) from None
    with _at(server) as remote:
        added = remote.add_fault(made.words())
    click.echo(json.dumps(added) if as_json else _line(added))
    return 0


@fault.command("list")
@_asking
def list_(server: str | None, as_json: bool) -> int:
    """List the rules, and how often each acted."""
    with _at(server) as remote:
        found = remote.faults()
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo("\n".join(map(_line, found)) or "nothing goes wrong on purpose")
    return 0


@fault.command("remove")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@_asking
def remove(ids: tuple[str, ...], server: str | None, as_json: bool) -> int:
    """Take rules away, by the numbers that list gives them."""
    with _at(server) as remote:
        gone = [remote.remove_fault(each) for each in ids]
    click.echo(json.dumps(gone) if as_json else "\n".join(map(_line, gone)))
    return 0


@fault.command("clear")
@_asking
def clear(server: str | None, as_json: bool) -> int:
    """Take all rules away."""
    with _at(server) as remote:
        removed = remote.clear_faults()
    click.echo(json.dumps({"removed": removed}) if as_json else f"removed: {removed}")
    return 0


@click.group("clock", invoke_without_command=True)
@_asking
@click.pass_context
def clock(context: click.Context, server: str | None, as_json: bool) -> int:
    """Tell the time by the clock of a sandbox that runs, or move it ahead.

    Greylisting, rates, faults that begin or expire, bounces for later and the age of messages go by it.

    \b
    mailtrap clock advance 1h
    """
    if context.invoked_subcommand is None:
        with _at(server) as remote:
            _tell(remote.clock(), as_json)
    return 0


@clock.command("advance")
@click.argument("time")
@_asking
def advance(time: str, server: str | None, as_json: bool) -> int:
    """Move it ahead by so much, for everybody: 90, 30s, 5m, 1h, 2d.

    Comes back once all that became due is done.
    """
    try:
        seconds = quantities.duration(time)
    except ValueError as error:
        raise click.UsageError(f"{time!r} is not {error}") from None
    with _at(server) as remote:
        _tell(remote.advance(seconds), as_json)
    return 0


COMMANDS: Mapping[str, click.Command] = {"fault": fault, "clock": clock}


def _words(given: tuple[str, ...]) -> dict[str, str]:
    """Words that a shell has cut already."""
    found: dict[str, str] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or name in found:
            raise BadSettings(f"{name} is given twice" if equals else f"{each!r} is not written name=value")
        found[name] = value
    return found


def _line(shown: Mapping[str, Any]) -> str:
    """A rule on one line, as it is written, with what became of it."""
    words = {name: value for name, value in shown.items() if name not in ("id", "hits", "spent")}
    hits = "1 hit" if shown["hits"] == 1 else f"{shown['hits']} hits"
    return f"{shown['id']}: {rule(words)}, {hits}{', spent' if shown['spent'] else ''}"


def _tell(found: Mapping[str, Any], as_json: bool) -> None:
    ahead = f", {found['ahead']:g} seconds ahead" if found["ahead"] else ""
    click.echo(json.dumps(found) if as_json else f"{found['time']}{ahead}")
