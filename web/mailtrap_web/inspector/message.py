"""One message: its head, its tabs, and what each tab shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from mailtrap.accounts import account_name
from mailtrap.errors import NotFound
from mailtrap.message import headers
from mailtrap.message.captured import Message
from mailtrap.message.content import content, decoded
from mailtrap.message.defects import Defect
from mailtrap.message.parse import Part
from mailtrap.message.summary import Summary
from mailtrap_web.frame import framed
from mailtrap_web.inspector import foreign, source
from mailtrap_web.inspector.listing import listing
from mailtrap_web.inspector.page import page, pages, project, world
from mailtrap_web.inspector.sessions import conversation

SHOWN = 256 << 10
"""So many characters or octets are on a page; the rest is a download."""
WIDTHS = ("320", "375", "600", "768", "full")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A header field as sent, and what it means where that is not the same."""

    name: str
    value: Markup
    decoded: str


def _rendered(message: Message, _: str) -> dict[str, Any]:
    width = request.args.get("w", "")
    return {
        "framed": framed(message),
        "widths": WIDTHS,
        "width": width if width in WIDTHS else "600",
        "dark": request.args.get("dark") == "1",
    }


def _text(message: Message, _: str) -> dict[str, Any]:
    own = any(each.type == "text/plain" for each in message.parts)
    return {"lines": foreign.lines(message.text[:SHOWN]), "own": own, "cut": len(message.text) > SHOWN}


def _source(message: Message, _: str) -> dict[str, Any]:
    return {"lines": source.lines(message.html[:SHOWN]), "cut": len(message.html) > SHOWN}


def _headers(message: Message, _: str) -> dict[str, Any]:
    return {"rows": list(_fields(message.raw, message.structure.root))}


def _mime(message: Message, path: str) -> dict[str, Any]:
    parts = list(message.structure.parts())
    chosen = message.part(path) if path else None
    rows = [(each, min(depth, 12)) for each, depth in _depths(message.structure.root)]
    found: dict[str, Any] = {"rows": rows[:500], "more": len(parts) - 500, "part": chosen}
    if chosen is not None and not chosen.is_multipart:
        found["fields_of_part"] = list(_fields(message.raw, chosen))
        found["size"] = len(content(message.raw, chosen))
        if chosen.type.startswith("text/") or _is_report(chosen):
            found["lines"] = foreign.lines(decoded(message.raw, chosen, SHOWN)[:SHOWN])
    return found


def _is_report(part: Part) -> bool:
    """Whether its content is fields, which people can read as well: ``message/delivery-status``, say."""
    return part.type.startswith("message/") and not part.is_message


def _raw(message: Message, _: str) -> dict[str, Any]:
    return {"lines": list(foreign.octet_lines(message.raw[:SHOWN])), "cut": message.size > SHOWN}


def _session(message: Message, _: str) -> dict[str, Any]:
    session = message.summary.session
    if session is None:
        return {"transcript": None}
    try:
        return conversation(world().store.transcript(session))
    except NotFound:  # kept for less long than messages
        return {"transcript": None}


TABS: dict[str, tuple[str, Callable[[Message, str], dict[str, Any]]]] = {
    "rendered": ("Rendered", _rendered),
    "text": ("Text", _text),
    "source": ("Source", _source),
    "headers": ("Headers", _headers),
    "mime": ("MIME", _mime),
    "raw": ("Raw", _raw),
    "session": ("Session", _session),
}
"""By their place in the address: the title, and what the template is given."""


@pages.get("/m/<message_id>")
@pages.get("/m/<message_id>/<tab>")
@pages.get("/m/<message_id>/<tab>/<part>")
def message(message_id: str, tab: str = "", part: str = "") -> ResponseReturnValue:
    """One message, in the pane beside the list."""
    summary = _opened(message_id)
    whole = Message(summary, partial(world().store.octets, summary.number))
    shown = {name: title for name, (title, _) in TABS.items() if whole.html or name not in ("rendered", "source")}
    tab = tab or next(iter(shown))
    if tab not in shown or (part and tab != "mime"):
        raise NotFound(f"message {message_id} has no tab {tab!r}")
    try:
        values = TABS[tab][1](whole, part)
    except KeyError:
        raise NotFound(f"message {message_id} has no part {part!r}") from None
    found = listing(summary)
    newer, older = found.beside(summary.id)
    defects = whole.defects if tab == "mime" else []
    return page(
        f"{tab}.html",
        listing=found,
        message=whole,
        tab=tab,
        tabs=shown,
        newer=newer,
        older=older,
        defects=[each for each in defects if _is_in(each, part)],
        **values,
    )


def _opened(message_id: str) -> Summary:
    """The message, marked as read; not for a browser that only wants to be ahead."""
    account = request.args.get("account", "").strip()
    name = account_name(account) if account else None
    summary = world().store.summary(project(), message_id, account=name)
    ahead = "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if not summary.seen and request.method == "GET" and not ahead:
        world().store.update(project(), [summary.id], seen=True, account=name)
    return summary


def _fields(octets: bytes, part: Part) -> Iterator[FieldRow]:
    for each in headers.fields(octets, part.start, part.body):
        sent = headers.unfolded(each.value)
        meant = headers.decoded(each.value)
        value = Markup("\n").join(foreign.octet_lines(each.value))
        yield FieldRow(each.name, value, meant if meant != sent else "")


def _depths(root: Part) -> Iterator[tuple[Part, int]]:
    waiting = [(root, 0)]
    while waiting:
        part, depth = waiting.pop()
        yield part, depth
        waiting += ((child, depth + 1) for child in reversed(part.children))


def _is_in(defect: Defect, part: str) -> bool:
    return not part or defect.part == part
