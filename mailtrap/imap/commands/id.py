"""ID: who is who."""

from __future__ import annotations

from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import ANY, command
from mailtrap.imap.responses import Responses, parenthesized, string, untagged
from mailtrap.imap.session import Session
from mailtrap.version import __version__

MOST = 30
"""Pairs (RFC 2971 §3.3)."""


@command("ID", in_state=ANY, capability="ID")
def identify(_session: Session, args: Reader) -> Responses:
    """RFC 2971 §3.1. What the client says is in the transcript; we tell no more than our name and version."""
    args.space()
    if not args.eat(b"NIL"):
        args.list_of(args.nstring)
    args.end()

    said = {b"name": b"mailtrap-sandbox", b"version": __version__.encode()}
    yield untagged(b"ID", parenthesized(string(word) for pair in said.items() for word in pair))
    return None
