"""The commands of ``mailtrap``, and their options, made from the rows of `mailtrap.settings`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import click

from mailtrap import options
from mailtrap.errors import BadSettings, MailtrapError
from mailtrap.listeners import PORTS
from mailtrap.sandbox import Sandbox
from mailtrap.settings import OPTIONS, PREFIX, Settings, load, unknown_variables
from mailtrap.version import __version__
from mailtrap.welcome import welcome

Command = TypeVar("Command", bound=Callable[..., object])


LATE = {"export": "transfer", "import": "transfer", "send": "submission", "sendmail": "submission"}
LATE |= {"fault": "steering", "clock": "steering"}
"""Commands that have a part of their own, imported when they are asked for: serving starts without them."""


class ServeByDefault(click.Group):
    """``mailtrap --smtp 2525`` is ``mailtrap serve --smtp 2525``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {name for each in self.get_params(ctx) for name in each.opts}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *LATE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATE:
            return super().get_command(ctx, cmd_name)
        found: click.Command = import_module(f"mailtrap.{LATE[cmd_name]}.commands").COMMANDS[cmd_name]
        return found


@click.group(cls=ServeByDefault, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="mailtrap-sandbox %(version)s")
def commands() -> None:
    """A mail server for testing: it takes every message, sends none on, and shows them all.

    Without a command it serves: see "mailtrap serve --help" for the options.
    """


def all_settings(command: Command) -> Command:
    """An option on *command* for every setting."""
    for option in reversed(OPTIONS.values()):
        default = "" if not option.default or option.is_switch != option.is_on else f"; default: {option.default}"
        text = f"{option.help} [{option.variable}{default}]"
        if option.is_on:
            command = click.option(option.flag, option.name, flag_value="off", default=None, help=text)(command)
        elif option.is_switch:
            command = click.option(option.flag, is_flag=True, default=None, help=text)(command)
        else:
            command = click.option(option.flag, metavar=option.metavar, multiple=option.several, help=text)(command)
    return command


@commands.command()
@all_settings
def serve(**given: Any) -> int:
    """Run the sandbox until it is told to stop.

    Every option is also a variable (in brackets) and a key in mailtrap.toml or in [tool.mailtrap] of pyproject.toml;
    the option comes first, then the variable, then the file.
    """
    settings = load(
        {name: value for name, value in given.items() if value not in (None, (), False)}, os.environ, Path.cwd()
    )
    unknown = unknown_variables(os.environ)
    if unknown:
        click.echo(f"mailtrap: no setting is called so, ignored: {', '.join(unknown)}", err=True)
    if all(getattr(settings, name) is None for name in PORTS):
        raise BadSettings("every port is off: there is nothing to serve")
    return _serve(settings)


@commands.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def ready(arguments: tuple[str, ...]) -> int:
    """Exit with 0 if a sandbox is ready, else with 1."""
    from mailtrap.ready import main

    return main(arguments)


@commands.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
@click.option("--data", metavar="DIR", help="Of the sandbox that keeps everything in this directory.")
@click.option("--server", metavar="URL", callback=options.url, help="Of the sandbox whose inspector is there.")
def ca(out: Path | None, data: str | None, server: str | None) -> int:
    """Print the certificate of the sandbox's CA, for others to trust.

    By default it is that of the sandbox which MAILSANDBOX_SERVER names, or of one with the settings found here.
    """
    from mailtrap.ca import ca_pem

    settings = load({"data": data} if data else {}, os.environ, Path.cwd())
    found = ca_pem(settings, server or (None if data else os.environ.get(PREFIX + "SERVER") or None))
    if out is None:
        click.echo(found.decode(), nl=False)
    else:
        _write(out, found)
    return 0


def _write(file: Path, octets: bytes) -> None:
    try:
        file.write_bytes(octets)
    except OSError as error:
        raise MailtrapError(f"{file} cannot be written: {error.strerror}") from None


def _serve(settings: Settings) -> int:
    asked: SimpleQueue[None] = SimpleQueue()  # unlike an Event it may be used in a signal handler

    def stop(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os._exit(128 + number))  # asked twice: at once
        asked.put(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with Sandbox(settings) as sandbox:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(welcome(sandbox, colour=colour), color=colour)
        asked.get()
    return 0
