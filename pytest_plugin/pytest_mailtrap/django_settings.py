"""Django's mail settings, pointed at the sandbox while an inbox is open.

Its test runners put a backend in place that keeps mail in a list of the process. What other threads and processes
send is lost there, and nothing of what SMTP does to a message is seen.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
CA_FILE = "SSL_CERT_FILE"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@contextmanager
def pointed_at(inbox: Inbox) -> Iterator[None]:
    """Let Django send to *inbox* instead of keeping mail in memory; if that is not what it does, change nothing."""
    with _quiet():
        settings = _settings(_options(inbox))
    if not settings:
        yield
        return
    override = import_module("django.test.utils").override_settings(**settings)
    with _quiet():
        override.enable()
    try:
        with _trusting(inbox):
            yield
    finally:
        with _quiet():
            override.disable()


def _options(inbox: Inbox) -> dict[str, object]:
    """What Django's backend for SMTP is told."""
    smtp: dict[str, Any] = {"username": "", "password": "", **inbox.smtp()}
    told = {name: smtp[name] for name in ("host", "port", "username", "password")}
    return told | {"use_tls": inbox.access.tls in ("starttls", True), "use_ssl": inbox.access.tls == "smtps"}


@contextmanager
def _trusting(inbox: Inbox) -> Iterator[None]:
    """Its backend takes no CA, but Python looks there for one."""
    if inbox.access.tls is None:
        yield
        return
    before = os.environ.get(CA_FILE)
    os.environ[CA_FILE] = str(inbox.server.trusted)
    try:
        yield
    finally:
        os.environ.pop(CA_FILE)
        if before is not None:
            os.environ[CA_FILE] = before


def _settings(smtp: dict[str, object]) -> dict[str, object]:
    conf: Any = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured:
        return {}
    mailers: dict[str, Any] | None = getattr(conf.settings, "MAILERS", None)
    if mailers is not None:  # since Django 6.1; nothing else counts then
        ours = {alias: {"BACKEND": SMTP, "OPTIONS": smtp} for alias, each in mailers.items() if _is_locmem(each)}
        return {"MAILERS": mailers | ours} if ours else {}
    if conf.settings.EMAIL_BACKEND != LOCMEM:
        return {}
    return {
        "EMAIL_BACKEND": SMTP,
        "EMAIL_HOST": smtp["host"],
        "EMAIL_PORT": smtp["port"],
        "EMAIL_HOST_USER": smtp["username"],
        "EMAIL_HOST_PASSWORD": smtp["password"],
        "EMAIL_USE_TLS": smtp["use_tls"],
        "EMAIL_USE_SSL": smtp["use_ssl"],
    }


def _is_locmem(mailer: dict[str, Any]) -> bool:
    return mailer.get("BACKEND") == LOCMEM


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings: Django 6.1 deprecates the settings that older ones need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
