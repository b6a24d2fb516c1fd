"""Whether a sandbox is ready: for health checks and scripts, with the standard library alone."""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import sys
import time
from collections.abc import Sequence
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


def main(arguments: Sequence[str]) -> int:
    """``mailtrap ready``: 0 if the sandbox is ready, 1 if it is not, 2 for a wrong option."""
    options = parser().parse_args(arguments)
    try:
        address = options.server or _own_place(load({}, os.environ, Path.cwd()))
    except BadSettings as error:
        print(f"mailtrap: {error}", file=sys.stderr)
        return 2
    deadline = time.monotonic() + options.wait
    while trouble := _trouble(address):
        if time.monotonic() >= deadline:
            print(f"mailtrap: {address} is not ready: {trouble}", file=sys.stderr)
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


def _server(text: str) -> str:
    try:
        return quantities.url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {error}") from None


def _seconds(text: str) -> float:
    try:
        return quantities.duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {error}") from None


def own_address(settings: Settings) -> str:
    """The URL at which a sandbox with *settings* answers in plaintext: of its REST API, or another of its protocols."""
    address = _own_place(settings)
    if _path(address):
        raise BadSettings("these settings have a Unix socket where to ask, and only mailtrap ready can: use --server")
    return address


def _own_place(settings: Settings) -> str:
    """The same, but for a Unix socket ``http+unix:/run/http.sock``."""
    asked = {"http": settings.http, "smtp": settings.smtp or settings.submission}
    asked |= {"pop3": settings.pop3, "imap": settings.imap}
    scheme, port = next(((scheme, port) for scheme, port in asked.items() if port is not None), ("", None))
    if not port:
        raise BadSettings("these settings do not say at which port to ask: use --server")
    if isinstance(port, Path):
        return f"{scheme}+{place(str(port.absolute()), 0)}"
    host = EVERYWHERE.get(settings.host[0], settings.host[0])
    return f"{scheme}://{place(host, port)}"


def _path(address: str) -> str:
    """Of a Unix socket; else empty."""
    return address.partition("+unix:")[2]


def _trouble(address: str) -> str:
    """Why the sandbox at *address* is not ready; empty if it is."""
    try:
        return _http_trouble(address) if address.startswith("http") else _greeting_trouble(address)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _http_trouble(address: str) -> str:
    server, path = urlsplit(address), _path(address)
    kind = http.client.HTTPSConnection if server.scheme == "https" else http.client.HTTPConnection
    connection = kind(server.hostname or "localhost", server.port, timeout=5)
    try:
        if path:
            connection.sock = unix.connected(path, 5)
        connection.request("GET", (server.path if not path else "") + "/readyz")
        answer = connection.getresponse()
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{answer.status} {answer.reason}"


def _greeting_trouble(address: str) -> str:
    server, path = urlsplit(address), _path(address)
    where = server.hostname or "", server.port or 0
    with unix.connected(path, 5) if path else socket.create_connection(where, timeout=5) as connection:
        greeting = connection.recv(512).decode("ascii", "replace").strip()
    protocol = server.scheme.partition("+")[0]
    return "" if greeting.startswith(GREETINGS[protocol]) else greeting or "no greeting"
