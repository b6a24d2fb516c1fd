"""What text searches look at: the texts of a message, folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailtrap.accounts import account_name
from mailtrap.message import headers as header_fields
from mailtrap.message import text as text_of
from mailtrap.message.facts import Facts
from mailtrap.message.headers import Field
from mailtrap.message.parse import Octets, Part, Structure, parse
from mailtrap.message.summary import Summary
from mailtrap.search.fold import fold
from mailtrap.search.keys import code, glob, keys

BODY = 1 << 20
"""Characters of text that are searched; what comes behind is kept, but not found by its text."""
HEADER = 1 << 18
"""Characters of the header that are searched."""


@dataclass(frozen=True, slots=True)
class Document:
    """The texts of a message, folded (see `mailtrap.search.fold`), and its keys."""

    subject: str
    addresses: str
    """Addresses and names of header and envelope, one a line."""
    names: str
    """File names, one a line."""
    keys: str
    """What is looked up whole (see `mailtrap.search.keys`): each with a line end before and after it."""
    codes: str
    """The keys' codes, and the subject in letters of its own: for the index alone."""
    headers: str
    """``name: value`` for each field of the header, decoded, with a line end before and after it."""
    body: str
    """The text of all text parts, of HTML what is seen of it, attached ones as well; one a line."""


def document(octets: Octets, summary: Summary, structure: Structure | None = None) -> Document:
    """The document of a message; *structure* is what `parse` makes of it, where that is known."""
    structure = structure or parse(octets)
    fields = header_fields.fields(octets, structure.root.start, structure.root.body)
    subject = fold(summary.facts.subject)
    found = keys(summary)
    return Document(
        subject=subject,
        addresses="\n".join(dict.fromkeys(filter(None, map(fold, _addresses(summary, fields))))),
        names=folded_names(summary.facts),
        keys="\n".join(["", *found, ""]),
        codes="".join(map(code, found)) + shifted(subject),
        headers=_headers(fields),
        body=_body(octets, structure),
    )


def folded_names(facts: Facts) -> str:
    """The document's ``names``."""
    return "\n".join(map(fold, facts.filenames))


def name_like(names: str, pattern: str) -> bool:
    """Whether one of the *names* contains *pattern*, ``*`` being a wildcard."""
    return any(glob(f"*{pattern}*", name) for name in names.split("\n"))


def header_has(headers: str, name: str, value: str) -> bool:
    """Whether a field called *name* in a document's *headers* contains *value*; all three folded."""
    start = f"\n{name}: "
    at = headers.find(start)
    while at >= 0:
        end = headers.find("\n", at + 1)
        if headers.find(value, at + len(start), end) >= 0:
            return True
        at = headers.find(start, end)
    return False


def shifted(subject: str) -> str:
    """A folded subject in letters of its own.

    The index does not know what column a trigram is in. These are in subjects only, so ``subject:`` need not
    look at every message that has the words somewhere in its text.
    """
    return subject.translate(_SHIFT)


_SHIFT = {character: 0xE000 + character for character in range(0x20, 0x7F)}  # into the private use area


def _addresses(summary: Summary, fields: Iterable[Field]) -> Iterator[str]:
    facts, envelope = summary.facts, summary.envelope
    for address in (*facts.from_, *facts.to, *facts.cc, *facts.bcc):
        yield f"{address.name} <{_both_forms(address)}>"
    if envelope:
        yield from map(_both_forms, (envelope.mail_from, *envelope.rcpt_to))
    for field in fields:
        if field.name.lower() in ("reply-to", "sender"):
            yield header_fields.decoded(field.value)


def _both_forms(address: str) -> str:
    """An address with a domain in ASCII form is found by its Unicode form, too (RFC 5890 §2.3.2.1), and unquoted."""
    has_two = '"' in address or "xn--" in address.lower()
    return f"{address}> <{account_name(address)}" if has_two else address


def _headers(fields: Iterable[Field]) -> str:
    lines = [""]
    room = HEADER
    for field in fields:
        line = f"{fold(field.name)}: {fold(header_fields.decoded(field.value))}"
        lines.append(line[:room])
        room -= len(line)
        if room <= 0:
            break
    return "\n".join([*lines, ""])


def _body(octets: Octets, structure: Structure) -> str:
    texts = [""]
    room = BODY
    for part in structure.parts():
        if room <= 0:
            break
        if part.type.startswith("text/") and not part.children:
            text = fold(_text(octets, part)[:room])
            if text not in texts[-1]:  # the HTML often says what the plain text has just said
                texts.append(text)
                room -= len(text)
    return "\n".join(texts[1:])


def _text(octets: Octets, part: Part) -> str:
    beginning = replace(part, end=min(part.end, part.body + 4 * BODY))
    text = text_of.decoded(octets, beginning)
    if part.type != "text/html":
        return text
    from mailtrap.message.hypertext import html_to_text  # late, as in `mailtrap.message.text`

    return html_to_text(text)
