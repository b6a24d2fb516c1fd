"""What is inside a message: its octets, its parts, its text and HTML, and the session that brought it."""

from __future__ import annotations

import re
from functools import partial
from itertools import chain
from urllib.parse import quote

from mailtrap.errors import NotFound
from mailtrap.message.captured import Message
from mailtrap.message.parse import Part
from mailtrap.message.summary import Summary
from mailtrap.message.text import content
from mailtrap_web.api.kinds import MessageIdOrLatest, PartNumber, Q
from mailtrap_web.api.messages import find
from mailtrap_web.api.problems import Problem
from mailtrap_web.api.reply import Reply
from mailtrap_web.api.routes import Call, route
from mailtrap_web.frame import isolated
from mailtrap_web.isolation import FOREIGN

SHOWN = frozenset(
    "image/png image/jpeg image/gif image/webp image/avif image/bmp image/svg+xml application/pdf text/plain".split()
)
"""Types that are given as what they claim to be; anything else is octets to be saved."""

_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}", re.ASCII)


@route("GET", "/v1/messages/{message_id}/raw", gives="message/rfc822")
def raw(call: Call, message_id: MessageIdOrLatest, *, q: Q = None) -> Reply:
    """The message, octet for octet as it came in."""
    summary = find(call, message_id, q)
    if known := _known(call, _tag(summary)):
        return known
    slices = call.world.store.slices(summary.number)
    first = next(slices, b"")  # what goes wrong before the first octet can still be answered
    headers = {"Content-Length": str(summary.facts.size), "Content-Disposition": _saved(f"{summary.id}.eml")}
    return Reply(chain((first,), slices), "message/rfc822", headers=_kept(_tag(summary), headers))


@route("GET", "/v1/messages/{message_id}/parts/{part_number}", gives="*/*")
def part(call: Call, message_id: MessageIdOrLatest, part_number: PartNumber, *, q: Q = None) -> Reply:
    """The content of one part, its transfer encoding undone; pictures, PDF and plain text may be shown in place."""
    message = _message(call, find(call, message_id, q))
    try:
        found = message.structure.part(part_number)
    except KeyError:
        raise NotFound(f"message {message.id} has no part {part_number!r}") from None
    # The gate lets the message's own frame, whose origin is opaque, ask for pictures, and this gives it nothing else.
    if call.headers.get("sec-fetch-dest") == "image" and not found.type.startswith("image/"):
        raise Problem(403, "no_image", "this part is not a picture")
    tag = _tag(message.summary, part_number)
    headers = {} if found.type in SHOWN else {"Content-Disposition": _saved(_name(found))}
    return _known(call, tag) or Reply(content(message.raw, found), _type(found), headers=_kept(tag, headers))


@route("GET", "/v1/messages/{message_id}/html", gives="text/html")
def html(call: Call, message_id: MessageIdOrLatest, *, q: Q = None) -> Reply:
    """The HTML part, made to run nothing and to fetch nothing from elsewhere."""
    message = _message(call, find(call, message_id, q))
    if not message.html:
        raise NotFound(f"message {message.id} has no HTML part")
    return isolated(message)


@route("GET", "/v1/messages/{message_id}/text", gives="text/plain")
def text(call: Call, message_id: MessageIdOrLatest, *, q: Q = None) -> Reply:
    """The text of the message: its text part, or what its HTML says."""
    return _plain(_message(call, find(call, message_id, q)).text)


@route("GET", "/v1/messages/{message_id}/transcript", gives="text/plain")
def transcript(call: Call, message_id: MessageIdOrLatest, *, q: Q = None) -> Reply:
    """What was said in the session that brought the message, line by line with its time."""
    summary = find(call, message_id, q)
    if summary.session is None:
        raise NotFound(f"message {summary.id} was brought by no session")
    return _plain(str(call.world.store.transcript(summary.session)) + "\n")


def _message(call: Call, summary: Summary) -> Message:
    return Message(summary, partial(call.world.store.octets, summary.number))


def _plain(words: str) -> Reply:
    return Reply(words.encode("utf-8", "replace"), "text/plain; charset=utf-8", headers=FOREIGN)


def _tag(summary: Summary, part_number: str = "") -> str:
    """A message never changes: its id is as good as a hash. (The part is in the address.)"""
    return f'"{summary.id}"' if not part_number else f'"{summary.id}/{quote(part_number)}"'


def _kept(tag: str, headers: dict[str, str]) -> dict[str, str]:
    """May be kept, but asked about each time: it may have been deleted."""
    return {**FOREIGN, "ETag": tag, "Cache-Control": "private, no-cache", **headers}


def _known(call: Call, tag: str) -> Reply | None:
    asked = call.headers.get("if-none-match", "")
    return Reply(status=304, headers=_kept(tag, {})) if tag in (each.strip() for each in asked.split(",")) else None


def _type(found: Part) -> str:
    if found.type not in SHOWN:
        return "application/octet-stream"
    charset = found.parameters.get("charset", "")
    return f"{found.type}; charset={charset}" if _CHARSET.fullmatch(charset) else found.type


def _name(found: Part) -> str:
    name = found.disposition_parameters.get("filename") or found.parameters.get("name", "")
    return re.split(r"[/\\]", name)[-1].strip(". ") or f"part-{found.path}"


def _saved(name: str) -> str:
    """To be saved under *name*, whatever is in it (RFC 6266 §4.3)."""
    return f"attachment; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
