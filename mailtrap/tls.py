"""The server's side of TLS: a certificate for every name asked for, of a CA of our own, or one that was given.

What is needed for that is imported and made when the first client asks for it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mailtrap.errors import BadSettings, NotFound
from mailtrap.pausing import Wrong
from mailtrap.settings import Settings

if TYPE_CHECKING:
    from mailtrap.authority import Authority

log = logging.getLogger(__name__)

NAMES = 100
"""So many names keep their certificates. Clients choose them; what was forgotten is issued again."""

OTHER_NAME = "other-name.invalid"
"""Whom the certificate is for that is nobody's (RFC 6761 §6.4)."""

Issue = Callable[..., ssl.SSLContext]
"""Makes a context with a certificate for the names it is given."""


class Tls:
    """What every port with TLS shares. It may be used from any thread."""

    def __init__(
        self,
        *,
        folder: Path | None = None,
        ca_file: Path | None = None,
        ca_key: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """The CA is kept in *folder*, without one in memory, unless it is given. *names*: for clients that name none.

        Files that are named are read now: raises `BadSettings` if they are of no use.
        """
        self._folder = folder
        self._names = names
        self._lock = threading.Lock()
        self._authority: Authority | None = None
        self._contexts: dict[Wrong, ssl.SSLContext] = {}
        if (ca_file is None) != (ca_key is None):
            raise BadSettings("ca_file and ca_key go together: the certificate and its key")
        if key_file is not None and cert_file is None:
            raise BadSettings("key_file is set, but not cert_file, whose key it is")
        self._is_own = cert_file is not None
        if cert_file is not None:
            from mailtrap import authority

            self._contexts[""] = authority.loaded("cert_file", cert_file, "key_file", key_file or cert_file)
        elif ca_file is not None and ca_key is not None:
            from mailtrap import authority

            self._authority = authority.given(ca_file, ca_key)

    @classmethod
    def of(cls, settings: Settings) -> Tls:
        """As *settings* have it."""
        return cls(
            folder=settings.data,
            ca_file=settings.ca_file,
            ca_key=settings.ca_key,
            cert_file=settings.cert_file,
            key_file=settings.key_file,
            names=(settings.hostname, *settings.tls_names),
        )

    async def context(self, wrong: Wrong = "") -> ssl.SSLContext:
        """How to speak TLS with a client. The first time takes a moment, in a thread.

        *wrong* is what shall be so with the certificate, for clients that ought to notice.
        """
        found = self._contexts.get(wrong)
        return await asyncio.to_thread(self._make, wrong) if found is None else found

    def ca_pem(self) -> bytes:
        """The certificate to trust, as PEM; raises `NotFound` where the server's own was given."""
        if self._is_own:
            raise NotFound("this sandbox has a certificate that was given to it, and no CA")
        with self._lock:
            return self._issuer().certificate

    def _make(self, wrong: Wrong) -> ssl.SSLContext:
        with self._lock:
            if wrong not in self._contexts:
                self._contexts[wrong] = self._right() if not wrong else self._made(wrong)
            return self._contexts[wrong]

    def _right(self) -> ssl.SSLContext:
        return self._named(self._issuer().issue)

    def _made(self, wrong: Wrong) -> ssl.SSLContext:
        from mailtrap import authority

        if wrong == "self-signed":
            return self._named(authority.self_signed)
        issuer = authority.Authority.new() if self._is_own else self._issuer()
        return issuer.issue(OTHER_NAME) if wrong == "other-name" else self._named(issuer.issue_expired)

    def _named(self, issue: Issue) -> ssl.SSLContext:
        """With a certificate for the name that is asked for, or else for all that we have."""
        from mailtrap.authority import LOCAL, can_be_named

        names = filter(can_be_named, (*LOCAL, socket.gethostname().lower(), *self._names))
        context = issue(*dict.fromkeys(names))
        context.sni_callback = _ByName(issue)
        return context

    def _issuer(self) -> Authority:
        from mailtrap import authority

        if self._authority is None:
            self._authority = authority.Authority.new() if self._folder is None else authority.kept(self._folder)
        return self._authority


class _ByName:
    """Takes the certificate for the name that a client asks for (RFC 6066 §3)."""

    def __init__(self, issue: Issue) -> None:
        self._issue = issue
        self._issued: dict[str, ssl.SSLContext] = {}

    def __call__(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        from mailtrap.authority import can_be_named

        if name is None or not can_be_named(name.lower()):
            return
        try:
            connection.context = self._context(name.lower())
        except Exception:  # the other certificate is better than none
            log.exception("no certificate for %r", name)

    def _context(self, name: str) -> ssl.SSLContext:
        context = self._issued.pop(name, None) or self._issue(name)
        self._issued[name] = context
        if len(self._issued) > NAMES:
            del self._issued[next(iter(self._issued))]
        return context
