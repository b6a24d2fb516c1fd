"""The certificate to trust."""

from __future__ import annotations

from mailtrap.errors import NotFound
from mailtrap_web.api.reply import Reply
from mailtrap_web.api.routes import Call, route

TYPE = "application/x-pem-file"


@route("GET", "/ca.pem", gives=TYPE)
def ca_pem(call: Call) -> Reply:
    """The certificate of the sandbox's CA, as PEM: whoever trusts it can check who answers at the ports with TLS."""
    if call.world.ca_pem is None:
        raise NotFound("this sandbox speaks no TLS")
    headers = {"Content-Disposition": 'attachment; filename="ca.pem"'}
    return Reply(call.world.ca_pem(), TYPE, headers=headers)
