"""How the SMTP server is to the clients of one inbox: what a mark asks for, without a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from mailtrap import quantities
from mailtrap.configured import Configured
from mailtrap.errors import BadSettings
from mailtrap.smtp.policy import Policy

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox
    from pytest_mailtrap.server import Server

Tls = Literal["starttls", "smtps", True]


@dataclass(frozen=True, slots=True)
class Access:
    """What was asked for; nothing is as the server has it anyway."""

    auth: Mapping[str, str] | None = None
    """User names with their passwords: no others get in, and nobody without."""
    tls: Tls | None = None
    """``starttls`` (or True): a client may begin TLS, and must before it logs in. ``smtps``: it does at once."""
    profile: str | None = None
    size_limit: int | str | None = None

    @property
    def policy(self) -> dict[str, Any]:
        """The same in the words of the server; raises `BadSettings`."""
        found: dict[str, Any] = {}
        if self.auth is not None:
            found["auth_required"] = True
        if self.tls in ("starttls", True):
            found |= {"starttls": True, "login_needs_tls": self.auth is not None}
        if self.profile is not None:
            found["profile"] = self.profile
        if self.size_limit is not None:
            found["size"] = _octets(self.size_limit)
        return found


NO_DEMANDS = Access()


@contextmanager
def arranged(server: Server, project: int, access: Access) -> Iterator[None]:
    """The server is as *access* asks for while the block lasts, to who sends mail into *project*."""
    changes, before = access.policy, server.policies.of(project)
    if changes:
        _set(server, project, before, changes)
    for name, password in (access.auth or {}).items():
        server.accounts.put(project, Configured(name, password))
    try:
        yield
    finally:
        for name in access.auth or {}:
            server.accounts.remove(project, name)
        if changes:
            _set(server, project, before, {})


def settings(inbox: Inbox) -> dict[str, Any]:
    """Where and how to send: host and port, and what was asked for needs besides."""
    server, access = inbox.server, inbox.access
    host, port = server.listen("smtps") if access.tls == "smtps" else server.address("smtp")
    found: dict[str, Any] = {"host": host, "port": port}
    for name, password in (access.auth or {}).items():
        found |= {"username": name, "password": password}
        break
    if access.tls is not None:
        found |= {"ca_file": str(server.trusted), "context": server.client_context()}
    return found


def _octets(size: int | str) -> int:
    try:
        return quantities.size(size)
    except ValueError as error:
        raise BadSettings(f"size_limit is {size!r}, but must be {error}") from None


def _set(server: Server, project: int, policy: Policy, changes: dict[str, Any]) -> None:
    """Let *policy* hold with these changes; a wider inbox may have had its own."""
    server.policies.set(project, **{each.name: getattr(policy, each.name) for each in fields(policy)} | changes)
