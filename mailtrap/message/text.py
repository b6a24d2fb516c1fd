"""What is read of a message: its text and its HTML."""

from __future__ import annotations

from mailtrap.message.attached import is_attached
from mailtrap.message.content import content, decoded
from mailtrap.message.parse import Structure
from mailtrap.message.part import Octets, Part

__all__ = ["content", "decoded", "html", "readable", "shown", "text"]


def text(octets: Octets, structure: Structure) -> str:
    """The text of a message: its plain text, or what its HTML says where it has no other."""
    return "\n".join(shown(octets, part) for part in readable(structure.root, "text/plain"))


def html(octets: Octets, structure: Structure) -> str:
    """The HTML of a message; empty, if it has none."""
    parts = readable(structure.root, "text/html")
    return "\n".join(decoded(octets, part) for part in parts if part.type == "text/html")


def readable(part: Part, preferred: str, parent: Part | None = None) -> list[Part]:
    """The parts that a mail reader shows one below the other, of alternatives the one that has *preferred*."""
    if not part.children:
        # A multipart that could not be taken apart is shown as it is.
        return [] if is_attached(part, parent) or not part.type.startswith(("text/", "multipart/")) else [part]
    if part.type == "multipart/related":  # RFC 2387 §3.2
        return readable(_start(part), preferred, part)
    if part.type in ("multipart/alternative", "message/rfc822", "message/global"):
        return _chosen(part, preferred) if part.type == "multipart/alternative" else []
    if part.type == "multipart/signed":  # RFC 1847 §2.1: the second part is the signature
        return readable(part.children[0], preferred, part)
    return [each for child in part.children for each in readable(child, preferred, part)]


def _chosen(part: Part, preferred: str) -> list[Part]:
    """Of alternatives the one with the preferred type; else the last that is text or HTML; else the last."""
    found = [each for child in part.children if (each := readable(child, preferred, part))]
    for wanted in ((preferred,), ("text/plain", "text/html")):
        for parts in found if len(wanted) == 1 else reversed(found):
            if any(each.type in wanted for each in parts):
                return parts
    return found[-1] if found else []


def _start(related: Part) -> Part:
    start = related.parameters.get("start", "").strip("<>")
    return next((child for child in related.children if start and child.content_id == start), related.children[0])


def shown(octets: Octets, part: Part, limit: int | None = None) -> str:
    """What is read of one part: its text, or what its HTML says (of its first *limit* octets, if that is given)."""
    found = decoded(octets, part, limit)
    if part.type == "text/html":
        from mailtrap.message.hypertext import html_to_text  # late: whoever gets plain text alone does without

        return html_to_text(found)
    if part.parameters.get("format", "").lower() == "flowed":
        return _unflowed(found, deleting=part.parameters.get("delsp", "").lower() == "yes")
    return found


def _unflowed(text: str, *, deleting: bool) -> str:
    """RFC 3676 §4: a line that ends with a space goes on in the next, if that is quoted as deep."""
    lines: list[str] = []
    pieces: list[str] = []
    depth, flowing = 0, False
    for line in text.split("\n"):
        words = line.lstrip(">")
        quoted = len(line) - len(words)
        words = words.removeprefix(" ")  # stuffed
        # §4.3: the line above a signature is fixed, too, whatever it ends with
        if pieces and not (flowing and quoted == depth and words != "-- "):
            lines.append("".join(pieces))
            pieces = []
        if not pieces and quoted:
            pieces.append(">" * quoted + " ")
        flowing = words.endswith(" ") and words != "-- "
        pieces.append(words[:-1] if flowing and deleting else words)
        depth = quoted
    lines.append("".join(pieces))
    return "\n".join(lines)
