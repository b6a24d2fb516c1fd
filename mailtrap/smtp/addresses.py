"""The argument of MAIL and RCPT: a path and its parameters (RFC 5321 §4.1.2)."""

from __future__ import annotations

import re

from mailtrap.accounts import ATOM
from mailtrap.envelope import Address
from mailtrap.errors import MailtrapError

# As lenient as Postfix about what stands in an atom (two dots in a row, UTF-8 without SMTPUTF8), never about
# where an address ends. Possessive quantifiers (`++`) keep it linear: nothing matched is ever given back.
_DOMAIN = rf"(?:{ATOM}++|\[[^\x00-\x20\x7f<>\[\]\\]++\])"
_LOCAL = rf'(?:{ATOM}|"(?:[^\x00-\x1f\x7f"\\]|\\[^\x00-\x1f\x7f])*+")++'
_ROUTE = rf"(?:@{_DOMAIN}(?:,[ \t]*+@{_DOMAIN})*+:)?+"  # §4.1.1.3: to be accepted, and ignored
_REST = r"(?:[ \t]++(.*))?\Z"

_PLAIN = re.compile(rf"<({ATOM}++@{ATOM}++)>{_REST}", re.DOTALL)
_ANGLE = re.compile(rf"<[ \t]*+{_ROUTE}((?:{_LOCAL}(?:@{_DOMAIN})?+)?+)[ \t]*+>{_REST}", re.DOTALL)
_BARE = re.compile(rf"({_LOCAL}(?:@{_DOMAIN})?+){_REST}", re.DOTALL)
_SPACES = re.compile(r"[ \t]+")


class BadAddress(MailtrapError):
    """What should be a path is none."""


def path(text: str) -> Address:
    """The address in *text*, with its parameters as sent; empty for the null reverse-path.

    >>> path("<ann@example.com> SIZE=9 Body=8bitMIME").parameters
    ('SIZE=9', 'Body=8bitMIME')
    >>> path("<@relay.example,@b.example:ann@example.com>"), path('<"a b"@[192.0.2.1]>'), path("<>")
    ('ann@example.com', '"a b"@[192.0.2.1]', '')

    Missing angle brackets are put up with. Anything else raises `BadAddress`.
    """
    found = _PLAIN.match(text) or _ANGLE.match(text) or _BARE.match(text)
    if found is None:
        raise BadAddress(text)
    address, parameters = found.groups()
    return Address(address, parameters=tuple(_SPACES.split(parameters)) if parameters else ())
