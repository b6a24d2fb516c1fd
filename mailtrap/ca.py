"""The certificate to trust, from a data directory or from a sandbox that runs."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from mailtrap.errors import MailtrapError
from mailtrap.ready import own_address
from mailtrap.settings import Settings
from mailtrap.tls import Tls

PEM = b"-----BEGIN CERTIFICATE-----"


def ca_pem(settings: Settings, server: str | None = None) -> bytes:
    """That of the sandbox at the URL *server*, else of one with *settings*: kept, given, or asked for there."""
    if server is not None:
        return fetched(server)
    if settings.data is None and settings.ca_file is None and settings.cert_file is None:
        return fetched(own_address(settings))
    if settings.data is not None:
        settings.data.mkdir(parents=True, exist_ok=True)
    return Tls.of(settings).ca_pem()


def fetched(server: str) -> bytes:
    """That of the sandbox whose REST API is at *server*."""
    place = urlsplit(server)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=5)
    try:
        connection.request("GET", place.path + "/ca.pem")
        answer = connection.getresponse()
        octets = answer.read(1 << 16)
    except (OSError, http.client.HTTPException) as error:
        raise MailtrapError(f"{server} does not answer: {str(error) or type(error).__name__}") from None
    finally:
        connection.close()
    if answer.status != http.client.OK or not octets.startswith(PEM):
        raise MailtrapError(f"{server}/ca.pem has no certificate: {answer.status} {answer.reason}")
    return octets
