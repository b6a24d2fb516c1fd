"""Which accounts a message belongs to: one rule, applied when it is accepted."""

from collections.abc import Container, Iterable
from functools import lru_cache

CATCHALL = "catchall"


def account_name(address: str) -> str:
    """The name of the account that *address* is filed under: any letter case, the domain in Unicode.

    >>> account_name("Ann@XN--BCHER-KVA.example")
    'ann@bücher.example'
    """
    name = address.lower()
    if "xn--" in name:
        local, at, domain = name.rpartition("@")
        name = local + at + _unicode_domain(domain)
    return name


def accounts_of(rcpt_to: Iterable[str], user: str | None = None, projects: Container[str] = ()) -> tuple[str, ...]:
    """The accounts a message is filed under, the catch-all first, none twice.

    >>> accounts_of(["Ann+news@example.com"], user="job-4711")
    ('catchall', 'ann+news@example.com', 'ann@example.com', 'job-4711')
    """
    names = {CATCHALL: None}
    for address in rcpt_to:
        name = account_name(address)
        names[name] = None
        local, at, domain = name.rpartition("@")
        base, plus, _ = local.partition("+")
        if plus and base:
            names[base + at + domain] = None
    # An app's credentials are an account of their own; a person's outgoing mail is not in their INBOX.
    if user and "@" not in user and user not in projects:
        names[account_name(user)] = None
    return tuple(names)


@lru_cache(maxsize=1024)  # a search asks for the same few again and again, and the codec is slow
def _unicode_domain(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna").lower()
    except UnicodeError:
        return domain
