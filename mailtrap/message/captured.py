"""A message as a test, the REST API and the inspector see it: everything it can tell, found when asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from mailtrap.envelope import Address, Envelope
from mailtrap.message import headers as header_fields
from mailtrap.message import text as texts
from mailtrap.message.attached import Attachment, attachments
from mailtrap.message.defects import Defect, defect
from mailtrap.message.fields import Headers
from mailtrap.message.parse import Octets, Part, Structure, parse
from mailtrap.message.summary import Origin, Summary
from mailtrap.transcript import printable

if TYPE_CHECKING:
    from email.message import EmailMessage

__all__ = ["Attachment", "Headers", "Message"]


class Message:
    """A captured message. What a list shows is there at once; the octets are read when something needs them."""

    def __init__(self, summary: Summary, load: Callable[[], Octets]) -> None:
        self.summary = summary
        self._load = load

    # -- what the store says

    @property
    def id(self) -> str:
        """The id, as in the reply to the SMTP client and in the REST API."""
        return self.summary.id

    @property
    def number(self) -> int:
        """The store's row number."""
        return self.summary.number

    @property
    def origin(self) -> Origin:
        """How it came: ``smtp``, ``deliver``, ``import``, ..."""
        return self.summary.origin

    @property
    def envelope(self) -> Envelope | None:
        """What the SMTP client declared; None for what was appended or imported without one."""
        return self.summary.envelope

    @property
    def received_at(self) -> datetime:
        """When it was accepted."""
        return self.summary.received_at

    @property
    def size(self) -> int:
        """The number of octets."""
        return self.summary.facts.size

    @property
    def accounts(self) -> list[str]:
        """The accounts it was filed for."""
        return list(self.summary.accounts)

    @property
    def tags(self) -> list[str]:
        """Its tags, when it was read from the store."""
        return list(self.summary.tags)

    @property
    def seen(self) -> bool:
        """Whether it was marked as seen, when it was read from the store."""
        return self.summary.seen

    @property
    def pinned(self) -> bool:
        """Whether it was pinned, when it was read from the store."""
        return self.summary.pinned

    # -- what its header says

    @property
    def subject(self) -> str:
        """The Subject, decoded; empty where there is none."""
        return self.summary.facts.subject

    @property
    def from_(self) -> Address | None:
        """The address of From (the first, if there are several); None where there is none."""
        return next(iter(self.summary.facts.from_), None)

    @property
    def to(self) -> list[Address]:
        """The addresses of To; the envelope's are in `envelope`."""
        return list(self.summary.facts.to)

    @property
    def cc(self) -> list[Address]:
        """The addresses of Cc."""
        return list(self.summary.facts.cc)

    @property
    def bcc(self) -> list[Address]:
        """The addresses of Bcc, which should not be there: who got a blind copy is in `envelope`."""
        return list(self.summary.facts.bcc)

    @property
    def date(self) -> datetime | None:
        """The time in Date; None where there is none that can be read."""
        return self.summary.facts.date

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets; empty where there is none."""
        return self.summary.facts.message_id

    @cached_property
    def headers(self) -> Headers:
        """All fields, decoded, in the order of the wire."""
        root = self.structure.root
        found = header_fields.fields(self.raw, root.start, root.body)
        return Headers([(each.name, header_fields.decoded(each.value)) for each in found])

    # -- what is in it

    @property
    def preview(self) -> str:
        """The beginning of the text."""
        return self.summary.facts.preview

    @cached_property
    def text(self) -> str:
        """The text, its line ends LF: the plain text, or what the HTML says where there is no other."""
        return texts.text(self.raw, self.structure)

    @cached_property
    def html(self) -> str:
        """The HTML source; empty where there is none."""
        return texts.html(self.raw, self.structure)

    @cached_property
    def attachments(self) -> list[Attachment]:
        """The attachments (see `mailtrap.message.attached`), those inline in the HTML among them."""
        found = attachments(self.structure.root)
        return [Attachment(self.raw, part, inline=inline) for part, inline in found]

    def attachment(self, pattern: str | None = None, *, type: str | None = None) -> Attachment:  # noqa: A002
        """The one attachment with that name and type, in any letter case; ``*`` stands for anything.

        `LookupError` says what there is, if there is not exactly one.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test that asked
        found = [
            each
            for each in self.attachments
            if (pattern is None or fnmatchcase(each.filename.lower(), pattern.lower()))
            and (type is None or fnmatchcase(each.type, type.lower()))
        ]
        if len(found) == 1:
            return found[0]
        wanted = "".join(
            f" {name}={value!r}" for name, value in (("name", pattern), ("type", type)) if value is not None
        )
        count = "no attachment" if not found else f"{len(found)} attachments"
        there = ", ".join(map(repr, found or self.attachments)) or "none at all"
        raise LookupError(f"{count}{' with' if wanted else ''}{wanted}; there {'are' if found else 'is'} {there}")

    # -- what it is made of

    @cached_property
    def raw(self) -> bytes:
        """The octets, exactly as they came."""
        return bytes(self._load())

    @cached_property
    def structure(self) -> Structure:
        """The tree of parts, with offsets into `raw`."""
        return parse(self.raw)

    @property
    def parts(self) -> list[Part]:
        """All parts, each before its children."""
        return list(self.structure.parts())

    def part(self, path: str) -> Part:
        """The part with that number, as in IMAP: ``1``, ``2.1``; raises `KeyError`."""
        return self.structure.part(path)

    @cached_property
    def defects(self) -> list[Defect]:
        """What is wrong with it, in the order of the octets; what was noticed when it came in, first."""
        found = self.structure.defects
        codes = {each.code for each in found}
        return [*(defect(code, 0) for code in self.summary.facts.defects if code not in codes), *found]

    @cached_property
    def message(self) -> EmailMessage:
        """The same as the standard library's parser sees it (modern policy); a new one is made for each `Message`."""
        from email import message_from_bytes
        from email.policy import default

        return message_from_bytes(self.raw, policy=default)

    def __repr__(self) -> str:
        subject = f"{printable(self.subject)!r}" if self.subject else "without a subject"
        sender = printable(self.from_ or "nobody")
        envelope = self.envelope
        to = [printable(each) for each in (envelope.rcpt_to if envelope else self.to)]
        more = f" and {len(to) - 3} more" if len(to) > 3 else ""
        return f"<Message {subject} from {sender} to {', '.join(to[:3]) or 'nobody'}{more}, {self.size:,} octets>"
