"""The pytest plugin: `inbox` gives every test a mail world of its own.

pytest loads this in every run, so nothing is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_mailtrap.arrived import Bounces
    from pytest_mailtrap.clock import Clock
    from pytest_mailtrap.criteria import Criteria
    from pytest_mailtrap.failure import FaultNotHit, MailNotFound, UnexpectedMail
    from pytest_mailtrap.faulting import Fault, Faults
    from pytest_mailtrap.inbox import Inbox, Smtp
    from pytest_mailtrap.server import Server
    from pytest_mailtrap.testcase import MailtrapMixin
    from pytest_mailtrap.warned import MailWarning

__all__ = [
    "Bounces",
    "Clock",
    "Criteria",
    "Fault",
    "FaultNotHit",
    "Faults",
    "Inbox",
    "MailNotFound",
    "MailWarning",
    "MailtrapMixin",
    "Server",
    "Smtp",
    "UnexpectedMail",
]

_WHERE = {
    "Bounces": "arrived",
    "Clock": "clock",
    "Criteria": "criteria",
    "Fault": "faulting",
    "FaultNotHit": "failure",
    "Faults": "faulting",
    "Inbox": "inbox",
    "MailNotFound": "failure",
    "MailWarning": "warned",
    "MailtrapMixin": "testcase",
    "Server": "server",
    "Smtp": "inbox",
    "UnexpectedMail": "failure",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
