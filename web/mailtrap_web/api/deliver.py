"""Handing in messages without SMTP: octets as they are, or parts to compose one of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from mailtrap.accounts import accounts_of
from mailtrap.envelope import Address, Envelope
from mailtrap.message.facts import Facts, facts
from mailtrap.portable.passage import recipients, sender
from mailtrap.store.records import NewMessage
from mailtrap_web.api.kinds import MailFrom, MailParameters, RcptParameters, RcptTo
from mailtrap_web.api.messages import message
from mailtrap_web.api.reply import Reply, json_octets
from mailtrap_web.api.routes import Call, route
from mailtrap_web.api.shapes import MessageShape

COMMIT_TIMEOUT = 30.0

Created = Annotated[Reply, MessageShape]


@route("POST", "/v1/messages", status=201, takes="message/rfc822")
def deliver(
    call: Call,
    *,
    mail_from: MailFrom = None,
    rcpt_to: RcptTo = (),
    mail_parameters: MailParameters = (),
    rcpt_parameters: RcptParameters = (),
    body: bytes,
) -> Created:
    """Hand in a message, octet for octet, as if it had come by SMTP.

    The envelope is given, or derived from the header.
    """
    found = facts(body)
    reverse_path = Address(sender(found) if mail_from is None else mail_from, parameters=mail_parameters)
    forward_paths = tuple(Address(each, parameters=rcpt_parameters) for each in rcpt_to or recipients(found))
    return _filed(call, body, found, Envelope(reverse_path, forward_paths, started=datetime.now(UTC)))


def _filed(call: Call, octets: bytes, found: Facts, envelope: Envelope) -> Reply:
    new = NewMessage(call.project, "deliver", octets, found, envelope, accounts_of(envelope.rcpt_to))
    added = call.world.store.add(new).result(COMMIT_TIMEOUT)
    where = f"/v1/messages/{added.id}"
    return Reply(json_octets(message(call, added.id)), status=201, headers={"Location": where})
