"""Whether a sandbox is ready: for health checks and scripts, with the standard library alone."""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from mailtrap import quantities, unix
from mailtrap.errors import BadSettings
from mailtrap.peers import place
from mailtrap.settings import PREFIX, Settings, load

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""What one listens on, and how one connects to that from here."""

GREETINGS = {"smtp": "220", "pop3": "+OK", "imap": "* OK"}
"""What is said first, if all is well."""

PAUSE = 0.05
"""Between two looks, in seconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask: a URL, or the path of a Unix socket and what is spoken there."""

    scheme: str
    url: str = ""
    path: str = ""

    def __str__(self) -> str:
        return self.url or f"{self.scheme}+{place(self.path, 0)}"


def main(arguments: Sequence[str]) -> int:
    """``mailtrap ready``: 0 if the sandbox is ready, 1 if it is not, 2 for a wrong option."""
    options = parser().parse_args(arguments)
    try:
        asked = options.server or _own_place(load({}, os.environ, Path.cwd()))
    except BadSettings as error:
        print(f"mailtrap: {error}", file=sys.stderr)
        return 2
    deadline = time.monotonic() + options.wait
    while trouble := _trouble(asked):
        if time.monotonic() >= deadline:
            print(f"mailtrap: {asked} is not ready: {trouble}", file=sys.stderr)
            return 1
        time.sleep(PAUSE)
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of ``mailtrap ready``."""
    options = argparse.ArgumentParser(
        "mailtrap ready",
        description="Exit with 0 if a sandbox is ready, else with 1.",
        formatter_class=partial(argparse.HelpFormatter, width=80),
    )
    options.add_argument(
        "--wait", type=_seconds, default=0.0, metavar="SECONDS", help="keep looking for so long (default: look once)"
    )
    options.add_argument(
        "--server",
        type=_server,
        default=os.environ.get(PREFIX + "SERVER") or None,
        metavar="URL",
        help="the sandbox to ask; by default MAILSANDBOX_SERVER, else one on this machine with the settings found here",
    )
    return options


def _server(text: str) -> Place:
    try:
        url = quantities.url(text)
        return Place(urlsplit(url).scheme, url)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {error}") from None


def _seconds(text: str) -> float:
    try:
        return quantities.duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {error}") from None


def own_address(settings: Settings) -> str:
    """The URL at which a sandbox with *settings* answers in plaintext: of its REST API, or another of its protocols."""
    own = _own_place(settings)
    if own.path:
        raise BadSettings("these settings have a Unix socket where to ask, and only mailtrap ready can: use --server")
    return own.url


def _own_place(settings: Settings) -> Place:
    asked = {"http": settings.http, "smtp": settings.smtp or settings.submission}
    asked |= {"pop3": settings.pop3, "imap": settings.imap}
    scheme, port = next(((scheme, port) for scheme, port in asked.items() if port is not None), ("", None))
    if not port:
        raise BadSettings("these settings do not say at which port to ask: use --server")
    if isinstance(port, Path):
        return Place(scheme, path=str(port.absolute()))
    host = EVERYWHERE.get(settings.host[0], settings.host[0])
    return Place(scheme, f"{scheme}://{place(host, port)}")


def _trouble(asked: Place) -> str:
    """Why the sandbox at *asked* is not ready; empty if it is."""
    try:
        return _greeting_trouble(asked) if asked.scheme in GREETINGS else _http_trouble(asked)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _http_trouble(asked: Place) -> str:
    server = urlsplit(asked.url)
    kind = http.client.HTTPSConnection if server.scheme == "https" else http.client.HTTPConnection
    connection = kind(server.hostname or "localhost", server.port, timeout=5)
    try:
        if asked.path:
            connection.sock = unix.connected(asked.path, 5)
        connection.request("GET", server.path + "/readyz")
        answer = connection.getresponse()
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{answer.status} {answer.reason}"


def _greeting_trouble(asked: Place) -> str:
    server = urlsplit(asked.url)
    where = server.hostname or "", server.port or 0
    with unix.connected(asked.path, 5) if asked.path else socket.create_connection(where, timeout=5) as connection:
        greeting = connection.recv(512).decode("ascii", "replace").strip()
    return "" if greeting.startswith(GREETINGS[asked.scheme]) else greeting or "no greeting"
