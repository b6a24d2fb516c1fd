"""XCLIENT: for whom a trusted client speaks (Postfix's XCLIENT_README)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from mailtrap import xtext
from mailtrap.errors import MailtrapError
from mailtrap.peers import parts, place
from mailtrap.smtp import reply
from mailtrap.smtp.registry import COMMANDS, command

if TYPE_CHECKING:
    from mailtrap.smtp.session import SMTP

UNSAID = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
_NAMES = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
_PORT = re.compile("[0-9]{1,5}")
_PRINTABLE = re.compile(r"[^\x00-\x20\x7f]+")


class BadAttribute(MailtrapError):
    """An attribute is unknown, or its value cannot be."""


def offered(_smtp: SMTP) -> str:
    """The attributes, as EHLO lists them."""
    return " ".join(_NAMES)


@command("XCLIENT", "XCLIENT name=value ...", extension="XCLIENT", says=offered)
async def xclient(smtp: SMTP, arg: str) -> str:
    """The session is as at its beginning afterwards, but for who is at the other end."""
    if smtp.transaction is not None:
        return reply.XCLIENT_IN_TRANSACTION
    if not arg:
        return reply.syntax(COMMANDS["XCLIENT"].syntax)
    try:
        said = dict(map(_attribute, arg.split()))
    except BadAttribute as error:
        return reply.bad_value(str(error))
    smtp.forget()
    its = smtp.transcript
    its.peer = _changed(its.peer, said, "ADDR", "PORT")
    its.local = _changed(its.local, said, "DESTADDR", "DESTPORT")
    smtp.helo, smtp.user = said.get("HELO") or "", said.get("LOGIN")
    its.add("-", f"the peer is {its.peer} from here on".encode())
    return smtp.banner


def _attribute(word: str) -> tuple[str, str | None]:
    name, _, value = word.partition("=")
    name = name.upper()
    if name not in _NAMES:
        raise BadAttribute(word)
    if value.upper() in UNSAID:
        return name, None
    try:
        value = xtext.decoded(value)
        return name, _address(value) if name.endswith("ADDR") else _checked(name, value)
    except (xtext.BadXtext, ValueError):
        raise BadAttribute(word) from None


def _address(value: str) -> str:
    return str(ip_address(value[5:] if value[:5].upper() == "IPV6:" else value))


def _checked(name: str, value: str) -> str:
    if name.endswith("PORT"):
        good = _PORT.fullmatch(value) is not None and int(value) <= 65535
    elif name == "PROTO":
        good = value.upper() in ("SMTP", "ESMTP")
    else:
        good = _PRINTABLE.fullmatch(value) is not None
    if not good:
        raise ValueError(value)
    return value


def _changed(written: str, said: dict[str, str | None], host_name: str, port_name: str) -> str:
    """A place with what was *said* of it; of what is not known, the host is ``unknown`` and the port 0."""
    host, port = parts(written)
    if host_name in said:
        host, port = said[host_name] or "unknown", 0
    if port_name in said:
        port = int(said[port_name] or 0)
    return place(host, port)
