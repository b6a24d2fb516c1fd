"""SASL mechanisms (RFC 4422), as SMTP, POP3 and IMAP let a client log in: one file for each."""

from mailtrap.sasl.cram_md5 import CRAM_MD5
from mailtrap.sasl.exchange import BadExchange, Cancelled, Claim, Exchange, Mechanism, Verifier, decoded, said
from mailtrap.sasl.login import LOGIN
from mailtrap.sasl.oauthbearer import OAUTHBEARER
from mailtrap.sasl.plain import PLAIN
from mailtrap.sasl.scram import SCRAM_SHA_1, SCRAM_SHA_256
from mailtrap.sasl.xoauth2 import XOAUTH2

MECHANISMS: dict[str, Mechanism] = {
    each.name: each for each in (PLAIN, LOGIN, CRAM_MD5, XOAUTH2, OAUTHBEARER, SCRAM_SHA_256, SCRAM_SHA_1)
}
"""All of them, in the order in which they are offered."""

__all__ = [
    "MECHANISMS",
    "BadExchange",
    "Cancelled",
    "Claim",
    "Exchange",
    "Mechanism",
    "Verifier",
    "begin",
    "decoded",
    "offered",
    "said",
]


def offered(*, has_passwords: bool) -> list[str]:
    """The names of those that can be used; SCRAM has no sense where nobody has a password (RFC 5802 §3)."""
    return [each.name for each in MECHANISMS.values() if has_passwords or not each.needs_password]


def begin(name: str, verifier: Verifier, *, initial: bool) -> Exchange:
    """An exchange by the mechanism *name*, which must be known; *initial*: a response came with the command."""
    mechanism = MECHANISMS[name]
    if initial and mechanism.server_first:
        raise BadExchange(f"in {name} the server speaks first")
    return mechanism.begin(verifier)
