"""What the command says when it has started: every address, how to point an app at it, where to look."""

from __future__ import annotations

from collections.abc import Iterator

from mailtrap.listeners import PORTS
from mailtrap.peers import is_path, place
from mailtrap.sandbox import Sandbox
from mailtrap.version import __version__

MOST_FAULTS = 5
BOLD, YELLOW, PLAIN = "\x1b[1m", "\x1b[33m", "\x1b[0m"


def welcome(sandbox: Sandbox, *, colour: bool = False) -> str:
    """The start-up block, for a terminal with *colour* or for a log without."""
    bold, yellow, plain = (BOLD, YELLOW, PLAIN) if colour else ("", "", "")
    lines = [f"{bold}mailtrap {__version__}{plain}: every message is kept here, none is sent on", ""]
    lines += [f"  {name:<9}  {bold}{text}{plain}{more}" for name, text, more in _places(sandbox)]
    host, port = sandbox.address("smtp") if "smtp" in sandbox.addresses else ("", 0)
    if port:
        lines += ["", f"  Point an app at it ({_credentials(sandbox)}):"]
        lines += [f"    SMTP_HOST={host} SMTP_PORT={port}"]
    if {"pop3", "imap"} & sandbox.addresses.keys():
        lines += ["", f"  Read mail as the address it is for, or as catchall, {_password(sandbox)}."]
    if sandbox.exposed:
        lines += ["", f"  {yellow}Anybody who can reach {', '.join(sandbox.exposed)} can read all mail.{plain}"]
    if sandbox.settings.fault:
        lines += ["", f"  {yellow}Goes wrong on purpose, as the settings have it:{plain}"]
        lines += [f"    {rule}" for rule in sandbox.settings.fault[:MOST_FAULTS]]
        lines += [f"    and {more} more"] if (more := len(sandbox.settings.fault) - MOST_FAULTS) > 0 else []
    warning = sandbox.settings.data and sandbox.store.disk().warning
    if warning:
        lines += ["", f"  {yellow}Look out: {warning}.{plain}"]
    return "\n".join([*lines, "", "  Ctrl-C stops it.", ""])


def _credentials(sandbox: Sandbox) -> str:
    if sandbox.accounts.policy == "required":
        return "a configured user name and its password"
    return "any user name and password, or none" + ("; configured ones need theirs" * sandbox.accounts.has_passwords)


def _password(sandbox: Sandbox) -> str:
    if sandbox.accounts.policy == "required":
        return "where that is configured, with its password"
    return "with any password" + (", or theirs where one is configured" * sandbox.accounts.has_passwords)


def _places(sandbox: Sandbox) -> Iterator[tuple[str, str, str]]:
    for protocol in ("smtp", "pop3", "imap"):
        yield from _ports(sandbox, protocol)
    url = _url(sandbox)
    if url:
        yield "Inspector", f"{url}/", ""
        yield "REST API", f"{url}/v1", ""
    elif "http" in sandbox.addresses:
        path, _ = sandbox.address("http")
        yield "HTTP", place(path, 0), f"  curl --unix-socket {path} http://localhost/v1/messages"
    yield from _authority(sandbox)
    data = sandbox.settings.data
    yield (
        "Kept in",
        str(data.resolve()) if data else "a temporary store, gone when this stops (--data DIR keeps it)",
        "",
    )


def _ports(sandbox: Sandbox, protocol: str) -> Iterator[tuple[str, str, str]]:
    """One line for a protocol: its first port with every address, of the others the number."""
    first, *others = [name for name in PORTS if PORTS[name].protocol == protocol and name in sandbox.addresses] or [""]
    if first:
        addresses = "  ".join(place(*address) for address in sandbox.addresses[first])
        named = [(name, f" {_number(*sandbox.address(name))}") for name in others]
        more = [f"{_with(name)}{port}" for name, port in ((first, ""), *named) if _with(name)]
        yield protocol.upper(), addresses, "".join(f"  {each}" for each in more)


def _with(name: str) -> str:
    if PORTS[name].lmtp:
        return "LMTP"
    return "TLS" if PORTS[name].at_once else "STARTTLS" if PORTS[name].starttls else ""


def _authority(sandbox: Sandbox) -> Iterator[tuple[str, str, str]]:
    settings = sandbox.settings
    has_tls = settings.starttls or any(_with(name) for name in sandbox.addresses)
    if has_tls and settings.cert_file is None:
        where = settings.ca_file or (f"{url}/ca.pem" if (url := _url(sandbox)) else None)
        if where or settings.data:
            yield "CA", str(where or f"mailtrap ca --data {settings.data}"), "  for clients that check certificates"


def _number(host: str, port: int) -> str:
    return place(host, port) if is_path(host) else str(port)


def _url(sandbox: Sandbox) -> str:
    """Where people find the inspector; empty where there is none, or at a Unix socket alone."""
    if "http" not in sandbox.addresses or (is_path(sandbox.address("http")[0]) and not sandbox.settings.url):
        return ""
    return sandbox.url
