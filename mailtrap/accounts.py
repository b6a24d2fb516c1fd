"""Which accounts a message belongs to: one rule, applied when it is accepted."""

import re
from collections.abc import Container, Iterable
from functools import lru_cache

CATCHALL = "catchall"

ATOM = r'[^\x00-\x20\x7f<>()\[\]\\,;:@"]'
"""What stands for itself in a local part, as `mailtrap.smtp.addresses` takes it: dots, and what is not ASCII, too."""

_BARE = re.compile(f"{ATOM}++")
_QUOTED = re.compile(rf'((?:{ATOM}|"(?:[^"\\]|\\.)*+")++)(@[^@"]*)?', re.DOTALL)
_QUOTING = re.compile(r'\\(.)|"', re.DOTALL)


def account_name(address: str) -> str:
    """The name of the account that *address* is filed under: lower case, no needless quotes, the domain in Unicode.

    >>> account_name("Ann@XN--BCHER-KVA.example"), account_name('"ann"@example.com')
    ('ann@bücher.example', 'ann@example.com')

    What an earlier version filed under a name with such quotes stays there, and in the catch-all.
    """
    name = (_unquoted(address) if '"' in address else address).lower()
    if "xn--" in name:
        local, at, domain = name.rpartition("@")
        name = local + at + _unicode_domain(domain)
    return name


def accounts_of(rcpt_to: Iterable[str], user: str | None = None, projects: Container[str] = ()) -> tuple[str, ...]:
    """The accounts a message is filed under, the catch-all first, none twice.

    >>> accounts_of(["Ann+news@example.com"], user="job-4711")
    ('catchall', 'ann+news@example.com', 'ann@example.com', 'job-4711')
    """
    names: dict[str, None] = {CATCHALL: None}
    for address in rcpt_to:
        name = account_name(address)
        names[name] = None
        if "+" in name:
            names.update(dict.fromkeys(owners(name)))
    # An app's credentials are an account of their own; a person's outgoing mail is not in their INBOX.
    if user and "@" not in user and user not in projects:
        names[account_name(user)] = None
    return tuple(names)


def owners(account: str) -> tuple[str, ...]:
    """The accounts that get mail for *account*: itself, and where it has a plus, the one without.

    >>> owners("ann+news@example.com"), owners('"ann b+news"@example.com')
    (('ann+news@example.com', 'ann@example.com'), ('"ann b+news"@example.com', '"ann b"@example.com'))
    """
    local, at, domain = account.rpartition("@")
    base, plus, detail = local.partition("+")
    if not (plus and base.strip('"')):
        return (account,)
    if base.startswith('"') and detail.endswith('"'):
        return account, account_name(f'{base}"{at}{domain}')
    return account, base + at + domain


def _unquoted(address: str) -> str:
    """*address* as it is spelt with the fewest quotes: all its spellings are equivalent (RFC 5321 §4.1.2)."""
    found = _QUOTED.fullmatch(address)
    if found is None:
        return address
    local, domain = _QUOTING.sub(r"\1", found[1]), found[2] or ""
    if not _BARE.fullmatch(local):
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    return local + domain


@lru_cache(maxsize=1024)  # a search asks for the same few again and again, and the codec is slow
def _unicode_domain(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna").lower()
    except UnicodeError:
        return domain
