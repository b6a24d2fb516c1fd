"""ID: who is who."""

from __future__ import annotations

from mailtrap.imap.errors import BadSyntax
from mailtrap.imap.grammar import Reader
from mailtrap.imap.registry import ANY, command
from mailtrap.imap.responses import Responses, parenthesized, string, untagged
from mailtrap.imap.session import Session
from mailtrap.version import __version__


@command("ID", in_state=ANY, capability="ID")
def identify(_session: Session, args: Reader) -> Responses:
    """RFC 2971 §3.1. What the client says is in the transcript; we tell no more than our name and version."""
    args.space()
    said = [] if args.eat(b"NIL") else args.list_of(args.nstring)
    args.end()
    if len(said) % 2 or None in said[::2]:
        raise BadSyntax("expected names, each with a value")

    ours = {b"name": b"mailtrap-sandbox", b"version": __version__.encode()}
    yield untagged(b"ID", parenthesized(string(word) for pair in ours.items() for word in pair))
    return None
