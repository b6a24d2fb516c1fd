"""What can be done to a message from its page. Only forms of our own pages get here: the gate sees to that."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, request
from flask.typing import ResponseReturnValue

from mailtrap.accounts import account_name, accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.errors import NotFound
from mailtrap.message.compose import compose
from mailtrap.message.facts import facts
from mailtrap.message.summary import Summary
from mailtrap.store.records import NewMessage
from mailtrap_web.inspector.page import link, pages, project, world

COMMIT_TIMEOUT = 30.0


def _unread(found: Summary) -> str:
    account = request.args.get("account", "").strip()
    world().store.update(project(), [found.id], seen=False, account=account_name(account) if account else None)
    return "/"  # its own page would mark it as read again


def _pin(found: Summary) -> str:
    world().store.update(project(), [found.id], pinned=True)
    return f"/m/{found.id}"


def _unpin(found: Summary) -> str:
    world().store.update(project(), [found.id], pinned=False)
    return f"/m/{found.id}"


def _delete(found: Summary) -> str:
    world().store.delete(project(), [found.id])
    return "/"


ACTIONS: dict[str, Callable[[Summary], str]] = {"unread": _unread, "pin": _pin, "unpin": _unpin, "delete": _delete}
"""Each does it, and says which page to show then."""


@pages.post("/m/<message_id>/<action>")
def act(message_id: str, action: str) -> ResponseReturnValue:
    """Do it, and go on to a page."""
    if action not in ACTIONS:
        raise NotFound(f"nothing called {action!r} can be done to a message")
    return redirect(link(ACTIONS[action](world().store.summary(project(), message_id))), 303)


@pages.post("/test-message")
def send_test_message() -> ResponseReturnValue:
    """File a message that shows what there is to see."""
    sender, to = "sandbox@example.com", "you@example.com"
    octets = compose(from_=f"Mail sandbox <{sender}>", to=f"You <{to}>", subject="It works", text=_TEXT, html=_HTML)
    envelope = Envelope(Address(sender), (Address(to),))
    new = NewMessage(project(), "deliver", octets, facts(octets), envelope, accounts_of((to,)))
    added = world().store.add(new).result(COMMIT_TIMEOUT)
    return redirect(f"/m/{added.id}", 303)


_TEXT = "This message was made by the sandbox itself, not sent by SMTP.\r\n\r\nYours will look the same here.\r\n"
_HTML = """<!doctype html>
<html lang="en"><body style="margin:0;font:16px/1.5 Helvetica,Arial,sans-serif;color:#1d2b2a">
<div style="padding:36px 40px">
<h1 style="margin:0 0 12px;font-size:24px">It works</h1>
<p style="margin:0 0 16px">This message was made by the sandbox itself, not sent by SMTP.
Yours will look the same here.</p>
<p style="margin:0;color:#5d6866">The tabs above show its text, source, headers and octets.</p>
</div></body></html>
"""
