"""Django's mail settings, pointed at the sandbox while an inbox is open.

Its test runners put a backend in place that keeps mail in a list of the process. What other threads and processes
send is lost there, and nothing of what SMTP does to a message is seen.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Smtp

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@contextmanager
def pointed_at(smtp: Smtp) -> Iterator[None]:
    """Let Django send to *smtp* instead of keeping mail in memory; if that is not what it does, change nothing."""
    with _quiet():
        settings = _settings(smtp)
    if not settings:
        yield
        return
    override = import_module("django.test.utils").override_settings(**settings)
    with _quiet():
        override.enable()
    try:
        yield
    finally:
        with _quiet():
            override.disable()


def _settings(smtp: Smtp) -> dict[str, object]:
    conf: Any = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured:
        return {}
    mailers: dict[str, Any] | None = getattr(conf.settings, "MAILERS", None)
    if mailers is not None:  # since Django 6.1; nothing else counts then
        ours = {alias: {"BACKEND": SMTP, "OPTIONS": dict(smtp)} for alias, each in mailers.items() if _is_locmem(each)}
        return {"MAILERS": mailers | ours} if ours else {}
    if conf.settings.EMAIL_BACKEND != LOCMEM:
        return {}
    return {
        "EMAIL_BACKEND": SMTP,
        "EMAIL_HOST": smtp["host"],
        "EMAIL_PORT": smtp["port"],
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
    }


def _is_locmem(mailer: dict[str, Any]) -> bool:
    return mailer.get("BACKEND") == LOCMEM


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings: Django 6.1 deprecates the settings that older ones need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
