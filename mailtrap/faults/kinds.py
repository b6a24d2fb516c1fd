"""The kinds of fault: one function each, from the words behind its name to an action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from mailtrap.errors import BadFault, nearest
from mailtrap.faults import actions
from mailtrap.faults.actions import Action
from mailtrap.faults.words import Words, count, octets, seconds

ENHANCED = r"[45]\.[0-9]{1,3}\.[0-9]{1,3}"  # RFC 3463 §2
LONGEST_DO = 1000
KEYWORD = r"[!-~]{1,80}"

USUAL = {
    421: "4.3.2",
    **{450: "4.2.0", 452: "4.2.2", 454: "4.7.0"},
    **{500: "5.5.2", 501: "5.5.4", 502: "5.5.1", 503: "5.5.1", 504: "5.5.4"},
    **{530: "5.7.0", 534: "5.7.9", 535: "5.7.8", 550: "5.7.1", 552: "5.2.2", 553: "5.1.3", 554: "5.7.1"},
}
"""The enhanced code of a reply that is given none (RFC 3463, RFC 4954 §6); else ``4.3.0`` or ``5.3.0``."""

ALL = ("smtp.", "pop3.", "imap.", "http.")
MAIL = ("smtp.", "pop3.", "imap.")


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the list: how it is written, where it can act, and what it comes to."""

    name: str
    written: str
    at: tuple[str, ...]
    """What the stages where it makes sense begin with."""
    help: str
    read: Callable[[Words], Action]


CERTIFICATES: tuple[actions.CertificateKind, ...] = get_args(actions.CertificateKind)

KINDS: dict[str, Kind] = {}
"""Every kind, by name."""


def kind(name: str, parameters: str = "", *, at: tuple[str, ...]) -> Callable[[Callable[[Words], Action]], None]:
    """Register a function as what reads faults of this kind; its docstring says what they do."""

    def register(read: Callable[[Words], Action]) -> None:
        written = f"{name} {parameters}".rstrip()
        KINDS[name] = Kind(name, written, at, (read.__doc__ or "").strip(), read)

    return register


def read(do: str, at: str) -> Action:
    """What *do* wants at the stage *at*; raises `BadFault`.

    >>> read("reject 451 4.7.1 try later", at="smtp.rcpt")
    Reply(rule='', address='', code=451, enhanced='4.7.1', text='try later')
    """
    if len(do) > LONGEST_DO:
        raise BadFault("do", f"it is longer than {LONGEST_DO} characters")
    name, _, rest = do.strip().partition(" ")
    found = KINDS.get(name.lower())
    if found is None:
        raise BadFault("do", f"there is no fault {name!r}{nearest(name.lower(), KINDS)}")
    if not at.startswith(found.at):
        where = ", ".join(each + ("*" if each.endswith(".") else "") for each in found.at)
        raise BadFault("do", f"{found.name} does nothing at {at}: it acts at {where}")
    words = Words(rest, at)
    action = found.read(words)
    words.end(found.written)
    return action


@kind("reject", "[code [enhanced]] [text]", at=("smtp.", "http."))
def _reject(words: Words) -> Action:
    """Answers with an error: 550 5.7.1 if nothing else is said, in HTTP the status 503."""
    given = words.take("[0-9]{3}")
    enhanced = words.take(ENHANCED)
    code = int(given[0]) if given else _usual_code(words.at, enhanced[0] if enhanced else "")
    if not 400 <= code <= 599:
        raise BadFault("do", f"{code} is no error: a code from 400 to 599 is")
    usual = "" if words.protocol == "http" else usual_enhanced(code)
    return actions.Reply(code, enhanced[0] if enhanced else usual, words.text("refused by a fault"))


@kind("no", "[CODE] [text]", at=("pop3.", "imap."))
def _no(words: Words) -> Action:
    """Answers NO (IMAP) or -ERR (POP3), with a response code such as SERVERBUG or IN-USE, if one is given."""
    code = words.take(r"\[[A-Z][A-Z0-9/-]{0,39}\]|[A-Z][A-Z0-9/-]{1,39}")
    return actions.No(code[0].strip("[]") if code else "", words.text("refused by a fault"))


@kind("bad", "[text]", at=("imap.",))
def _bad(words: Words) -> Action:
    """Answers BAD."""
    return actions.Bad(words.text("refused by a fault"))


@kind("bye", "[text]", at=MAIL)
def _bye(words: Words) -> Action:
    """Says goodbye and closes: BYE in IMAP, -ERR in POP3, 421 in SMTP."""
    return actions.Bye(words.text("closed by a fault"))


@kind("delay", "3s", at=ALL)
def _delay(words: Words) -> Action:
    """Waits, then goes on."""
    return actions.Delay(seconds(words.needed(".+", "delay 3s")[0]))


@kind("slow", "100/s", at=ALL)
def _slow(words: Words) -> Action:
    """From there on, no more than so many octets a second come out of the connection, or at smtp.data into it."""
    return actions.Slow(octets(words.needed("(.+)/s", "slow 100/s")[1]))


@kind("drop", "[rst] [after 512]", at=ALL)
def _drop(words: Words) -> Action:
    """Ends the connection without a word: with a TCP reset, or behind so many octets of data or of an answer.

    Octets are counted at smtp.data, and in what a command of POP3 or IMAP is answered.
    """
    reset = words.take("(?i:rst)") is not None
    after = None
    if words.take("(?i:after)"):
        protocol, _, stage = words.at.partition(".")
        if words.at not in ("smtp.data", "smtp.*") and (protocol not in ("pop3", "imap") or stage.islower()):
            raise BadFault("do", "drop … after counts octets: it acts at smtp.data and at commands of POP3 and IMAP")
        after = octets(words.needed(".+", "drop after 512")[0])
    return actions.Drop(reset, after)


@kind("hang", at=ALL)
def _hang(_words: Words) -> Action:
    """Says and reads nothing more until the other side goes away."""
    return actions.Hang()


@kind("greylist", "[5m]", at=("smtp.rcpt",))
def _greylist(words: Words) -> Action:
    """Answers 451 4.7.1 until so much time passed since a peer first asked with this MAIL FROM and RCPT TO."""
    given = words.take(".+")
    return actions.Greylist(seconds(given[0]) if given else 300.0)


@kind("rate", "10/1m", at=ALL)
def _rate(words: Words) -> Action:
    """Refuses what goes beyond so many in so much time, for each account, or peer where nobody is logged in."""
    given = words.needed("([^/]+)/([^/]+)", "rate 10/1m")
    return actions.Rate(count(given[1]), seconds("1" + given[2] if given[2].isalpha() else given[2]))


@kind("bounce", "[enhanced] [text] [after 1h]", at=("smtp.rcpt", "smtp.data", "smtp.dot", "smtp.stored"))
def _bounce(words: Words) -> Action:
    """Takes the message, and files a report of its failure for its MAIL FROM, at once or later.

    In LMTP it is the recipient's reply instead, and at smtp.stored it does nothing there.
    """
    enhanced = words.take(ENHANCED)
    after = words.take_last("(?i:after) +([^ ]+)")
    found = enhanced[0] if enhanced else "5.1.1"
    text = words.text("the message could not be delivered")
    return actions.Bounce(450 if found[0] == "4" else 550, found, text, seconds(after[1]) if after else 0.0)


@kind("hide", "KEYWORD", at=("smtp.ehlo", "pop3.", "imap."))
def _hide(words: Words) -> Action:
    """Does not announce a capability."""
    return actions.Hide(words.needed(KEYWORD, "hide KEYWORD")[0].upper())


@kind("offer", "KEYWORD", at=("smtp.ehlo", "pop3.", "imap."))
def _offer(words: Words) -> Action:
    """Announces a capability, whether it is there or not."""
    return actions.Offer(words.needed(KEYWORD, "offer KEYWORD")[0].upper())


@kind(
    "certificate",
    "expired|other-name|self-signed",
    at=tuple(f"{each}{stage}" for each in MAIL for stage in ("connect", "starttls", "*")),
)
def _certificate(words: Words) -> Action:
    """Shows a certificate in the TLS handshake that no client should take."""
    given = words.needed(".+", "certificate expired, other-name or self-signed")[0].lower()
    for known in CERTIFICATES:
        if given == known:
            return actions.Certificate(known)
    raise BadFault("do", f"there is no certificate {given!r}{nearest(given, CERTIFICATES)}")


@kind("stale-uidvalidity", at=("imap.",))
def _stale_uidvalidity(_words: Words) -> Action:
    """Says another UIDVALIDITY than before, as if the mailbox had been made anew."""
    return actions.StaleUidvalidity()


def _usual_code(at: str, enhanced: str) -> int:
    """The code of a reply that is given none."""
    if at.startswith("http."):
        return 503
    if at in ("smtp.connect", "smtp.banner"):  # RFC 5321 §3.1
        return 554
    return 450 if enhanced.startswith("4") else 550


def usual_enhanced(code: int) -> str:
    """The enhanced status code that goes with a reply code of SMTP where nobody says which."""
    return USUAL.get(code, f"{code // 100}.3.0")
