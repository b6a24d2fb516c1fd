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

from mailtrap import quantities
from mailtrap.errors import BadSettings
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
        address = options.server or own_address(load({}, os.environ, Path.cwd()))
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
    """Where a sandbox with *settings* answers in plaintext: its REST API, or another of its protocols."""
    asked = {"http": settings.http, "smtp": settings.smtp or settings.submission}
    asked |= {"pop3": settings.pop3, "imap": settings.imap}
    scheme, port = next(((scheme, port) for scheme, port in asked.items() if port is not None), ("", None))
    if not port:
        raise BadSettings("these settings do not say at which port to ask: use --server")
    host = EVERYWHERE.get(settings.host[0], settings.host[0])
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _trouble(address: str) -> str:
    """Why the sandbox at *address* is not ready; empty if it is."""
    try:
        return _http_trouble(address) if address.startswith("http") else _greeting_trouble(address)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _http_trouble(address: str) -> str:
    server = urlsplit(address)
    kind = http.client.HTTPSConnection if server.scheme == "https" else http.client.HTTPConnection
    connection = kind(server.hostname or "", server.port, timeout=5)
    try:
        connection.request("GET", server.path + "/readyz")
        answer = connection.getresponse()
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{answer.status} {answer.reason}"


def _greeting_trouble(address: str) -> str:
    server = urlsplit(address)
    with socket.create_connection((server.hostname or "", server.port or 0), timeout=5) as connection:
        greeting = connection.recv(512).decode("ascii", "replace").strip()
    return "" if greeting.startswith(GREETINGS[server.scheme]) else greeting or "no greeting"
