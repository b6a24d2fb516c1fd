"""What a strict server refuses of what others keep and flag: messages that are not as the standards want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.errors import MailtrapError
from mailtrap.message.defects import SENTENCES

if TYPE_CHECKING:
    from mailtrap.smtp.transaction import Transaction
    from mailtrap.store.records import NewMessage

OF_LINES = ("bare-newline", "nul", "long-line")
"""What BINARYMIME allows (RFC 3030 §3)."""

REFUSED = (
    *OF_LINES,
    "no-headers",
    "mbox-from-line",
    "no-colon",
    "bad-date",
    "no-boundary",
    "bad-base64",
    "unknown-charset",
)
"""The defects that are refused; of several the first is told."""

EIGHT_BIT = "554 5.6.0 There are octets above 127, and neither BODY=8BITMIME nor SMTPUTF8 was said at MAIL"


class Refused(MailtrapError):
    """The message is not taken; *answer* says why."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


def check(new: NewMessage, transaction: Transaction) -> None:
    """Raise `Refused` if *new* is not what it should be."""
    is_binary = transaction.is_binary
    for code in REFUSED:
        if code in new.facts.defects and not (is_binary and code in OF_LINES):
            raise Refused(_answer(code))
    may_be_8bit = is_binary or transaction.has("BODY=8BITMIME") or transaction.has("SMTPUTF8")
    if not may_be_8bit and not new.octets.isascii():
        raise Refused(EIGHT_BIT)


def _answer(code: str) -> str:
    # RFC 5321 §4.2 has ASCII in replies. A bare newline is answered as Postfix does.
    sentence = SENTENCES[code].rstrip(".").replace("§", "section ")
    return f"550 5.5.2 {sentence}" if code == "bare-newline" else f"554 5.6.0 {sentence}"
