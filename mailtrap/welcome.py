"""What the command says when it has started: every address, how to point an app at it, where to look."""

from __future__ import annotations

from ipaddress import ip_address

from mailtrap.sandbox import Sandbox
from mailtrap.version import __version__

BOLD, YELLOW, PLAIN = "\x1b[1m", "\x1b[33m", "\x1b[0m"


def welcome(sandbox: Sandbox, *, colour: bool = False) -> str:
    """The start-up block, for a terminal with *colour* or for a log without."""
    bold, yellow, plain = (BOLD, YELLOW, PLAIN) if colour else ("", "", "")
    lines = [f"{bold}mailtrap {__version__}{plain}: every message is kept here, none is sent on", ""]
    lines += [f"  {name:<9}  {bold}{text}{plain}" for name, text in _places(sandbox)]
    if "smtp" in sandbox.addresses:
        host, port = sandbox.address("smtp")
        lines += ["", "  Point an app at it (any user name and password, or none):"]
        lines += [f"    SMTP_HOST={host} SMTP_PORT={port}"]
    if sandbox.exposed:
        lines += ["", f"  {yellow}Anybody who can reach {', '.join(sandbox.exposed)} can read all mail.{plain}"]
    return "\n".join([*lines, "", "  Ctrl-C stops it.", ""])


def _places(sandbox: Sandbox) -> list[tuple[str, str]]:
    places = [
        (name.upper(), "  ".join(_shown(*address) for address in addresses))
        for name, addresses in sandbox.addresses.items()
        if name != "http"
    ]
    if "http" in sandbox.addresses:
        places += [("Inspector", sandbox.url + "/"), ("REST API", sandbox.url + "/v1")]
    data = sandbox.settings.data
    kept = str(data.resolve()) if data else "a temporary store, gone when this stops (--data DIR keeps it)"
    return [*places, ("Kept in", kept)]


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ip_address(host).version == 6 else f"{host}:{port}"
