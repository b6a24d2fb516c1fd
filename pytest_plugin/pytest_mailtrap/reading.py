"""The way out by IMAP and POP3: where a client finds an account of an inbox, and clients that are logged in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import imaplib
    import poplib

    from pytest_mailtrap.inbox import Inbox

PATIENCE = 30.0
"""Seconds after which a client gives up, so that no test hangs."""

PASSWORD = "any password"  # noqa: S105 - every one will do


class Reader(TypedDict):
    """Where to read mail, and as whom."""

    host: str
    port: int
    username: str
    password: str


def settings(inbox: Inbox, protocol: str, account: str) -> Reader:
    """Where *account* of *inbox* is read by *protocol*; its port is opened when it is first asked for.

    The user name says which world is meant, so that a client may keep its connection longer than a test.
    """
    host, port = inbox.server.listen(protocol)
    password = (inbox.access.auth or {}).get(account, PASSWORD)
    return {"host": host, "port": port, "username": f"{inbox.world}/{account}", "password": password}


@contextmanager
def imap(inbox: Inbox, account: str) -> Iterator[imaplib.IMAP4]:
    """The standard library's client, logged in; it is logged out at the end of the block."""
    import imaplib

    where = settings(inbox, "imap", account)
    with imaplib.IMAP4(where["host"], where["port"], timeout=PATIENCE) as client:
        client.login(_quoted(where["username"]), where["password"])
        yield client


@contextmanager
def pop3(inbox: Inbox, account: str) -> Iterator[poplib.POP3]:
    """The standard library's client, logged in. QUIT at the end of the block, which is what makes `dele` count.

    A test that fails in the block deletes nothing: the connection is dropped, as it would be by an app that does.
    """
    import poplib

    where = settings(inbox, "pop3", account)
    client = poplib.POP3(where["host"], where["port"], timeout=PATIENCE)
    try:
        client.user(where["username"])
        client.pass_(where["password"])
        yield client
        client.quit()
    finally:
        client.close()


def _quoted(user: str) -> str:
    """imaplib quotes passwords, and user names not."""
    return '"{}"'.format(user.replace("\\", "\\\\").replace('"', '\\"'))
