"""Where a fault can act: the stages of SMTP, the commands of POP3 and IMAP, the methods of HTTP."""

from __future__ import annotations

from mailtrap.errors import BadFault, nearest

SMTP = (
    *("connect", "banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "stored"),
    *("rset", "noop", "vrfy", "expn", "help", "quit", "xclient"),
)
"""``dot``: all the data came, nothing is stored yet. ``stored``: it is, and the reply is not sent."""

CONNECTION = ("connect", "banner", "starttls")
"""What POP3 and IMAP have besides commands."""

POP3 = (
    *CONNECTION,
    *("APOP", "AUTH", "CAPA", "DELE", "LANG", "LIST", "NOOP", "PASS", "QUIT"),
    *("RETR", "RSET", "STAT", "TOP", "UIDL", "USER", "UTF8"),
)
IMAP = (
    *CONNECTION,
    *("APPEND", "AUTHENTICATE", "CAPABILITY", "CHECK", "CLOSE", "COMPRESS", "COPY", "CREATE", "DELETE", "DELETEACL"),
    *("ENABLE", "ESEARCH", "EXAMINE", "EXPUNGE", "FETCH", "GETACL", "GETMETADATA", "GETQUOTA", "GETQUOTAROOT", "ID"),
    *("IDLE", "LIST", "LOGIN", "LOGOUT", "LSUB", "MOVE", "MYRIGHTS", "NAMESPACE", "NOOP", "NOTIFY", "RENAME"),
    *("REPLACE", "SEARCH", "SELECT", "SETACL", "SETMETADATA", "SETQUOTA", "SORT", "STATUS", "STORE", "SUBSCRIBE"),
    *("THREAD", "UNAUTHENTICATE", "UNSELECT", "UNSUBSCRIBE"),
)
HTTP = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

STAGES = {"smtp": SMTP, "pop3": POP3, "imap": IMAP, "http": HTTP}
"""By protocol; ``*`` is every stage of one."""

SAME = {
    "smtp": {"helo": "ehlo", "lhlo": "ehlo", "bdat": "data"},
    "pop3": {"stls": "starttls"},
    "imap": {"uid fetch": "FETCH", "uid search": "SEARCH", "uid store": "STORE", "uid copy": "COPY"}
    | {"uid move": "MOVE", "uid expunge": "EXPUNGE", "uid sort": "SORT", "uid thread": "THREAD"},
    "http": {},
}
"""Commands that are another's stage."""


def stage(text: str) -> str:
    """A stage as everybody writes it; raises `BadFault`, naming the nearest one.

    >>> stage("SMTP.HELO"), stage("imap.uid fetch"), stage("pop3.*")
    ('smtp.ehlo', 'imap.FETCH', 'pop3.*')
    """
    protocol, dot, name = text.strip().partition(".")
    protocol, name = protocol.lower(), name.lower()
    known = STAGES.get(protocol)
    if known is None or not dot:
        everything = [f"{each}.{one}" for each, stages in STAGES.items() for one in (*stages, "*")]
        raise BadFault("at", f"{text!r} is no stage{nearest(text, everything)}; one is written smtp.rcpt or imap.FETCH")
    names = {each.lower(): each for each in known} | SAME[protocol] | {"*": "*"}
    if name not in names:
        raise BadFault("at", f"{text!r} is no stage{nearest(text, [f'{protocol}.{each}' for each in known])}")
    return f"{protocol}.{names[name]}"
