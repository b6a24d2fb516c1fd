"""What a query means. The query language makes this tree, and IMAP's SEARCH will make the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailtrap.message.summary import Origin

TextField = Literal["any", "subject", "body", "filename", "headers"]
AddressField = Literal["from", "to", "cc", "bcc", "rcpt", "mailfrom"]
Feature = Literal["attachment", "html", "calendar"]
State = Literal["unread", "read", "pinned", "broken"]
SessionField = Literal["id", "auth", "helo", "tls"]


@dataclass(frozen=True, slots=True)
class Text:
    """*text* occurs in the field, letter case and accents apart; ``any`` is subject, addresses, text, names.

    ``headers`` is the whole header, names of fields and decoded values: what IMAP's TEXT looks at besides the body.
    In a ``filename``, ``*`` is a wildcard.
    """

    field: TextField
    text: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """An address of the field is *pattern* whole, or is at the domain *pattern*; ``*`` is a wildcard.

    ``to`` means RCPT TO **or** To **or** Cc; ``rcpt`` and ``mailfrom`` are the envelope's, the others the header's.
    """

    field: AddressField
    pattern: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header field called *name* whose decoded value contains *value* (or that just exists, if that is empty)."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Has:
    """An attachment, an HTML part or a calendar part is there."""

    feature: Feature


@dataclass(frozen=True, slots=True)
class Is:
    """The message's state; ``unread`` goes by the catch-all's entry, or by the account the search is for."""

    state: State


@dataclass(frozen=True, slots=True)
class Type:
    """A part has this content type; ``image/*`` takes any image."""

    type: str


@dataclass(frozen=True, slots=True)
class Size:
    """The size in octets is above *larger* / below *smaller*."""

    larger: int | None = None
    smaller: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """Received at or after *after* / before *before*."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Filed under this account (folded name)."""

    name: str


@dataclass(frozen=True, slots=True)
class Tag:
    """Carries this tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Origins:
    """The message's origin is one of these."""

    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """What the session that brought it said: its id, AUTH user, HELO name or TLS version; ``*`` is a wildcard."""

    field: SessionField
    value: str


@dataclass(frozen=True, slots=True)
class All:
    """Every one of *terms* holds (all messages, if there are none)."""

    terms: tuple[Query, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of *terms* holds."""

    terms: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """*term* does not hold."""

    term: Query


Query = (
    Text | Addressed | Header | Has | Is | Type | Size | Received | Account | Tag | Origins | Session | All | Any | Not
)
