"""Who may send, and to whom, where that is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailtrap.accounts import account_name, owners
from mailtrap.envelope import Address
from mailtrap.smtp import reply

if TYPE_CHECKING:
    from mailtrap.logins import Login
    from mailtrap.smtp.session import SMTP
    from mailtrap.smtp.transaction import Transaction


def must_log_in(smtp: SMTP) -> bool:
    """Whether nobody sends who has not logged in. LMTP is spoken by servers that deliver (RFC 2033): those do not."""
    is_required = smtp.policy.auth_required or smtp.factory.accounts.policy == "required"
    return is_required and not smtp.port.lmtp


def mail(smtp: SMTP, mail_from: Address) -> str:
    """The reply that refuses a transaction because of who it is from; empty if it may begin."""
    return "" if smtp.login is None or _is_own(smtp, smtp.login, mail_from) else reply.NOT_YOURS


def rcpt(smtp: SMTP, transaction: Transaction, rcpt_to: Address) -> str:
    """The reply that refuses a recipient; empty if nothing does."""
    announced = int(transaction.mail_from.parameter("SIZE") or 0)  # RFC 1870 §4
    refusal = smtp.factory.accounts.refusal(transaction.project, rcpt_to, announced)
    return reply.REFUSALS[refusal] if refusal else ""


def _is_own(smtp: SMTP, login: Login, mail_from: Address) -> bool:
    """Whether who is logged in may send as *mail_from*: only accounts that are an address are held to it."""
    accounts = smtp.factory.accounts
    if not (accounts.own_sender and mail_from and "@" in login.account):
        return True
    configured = accounts.find(login.project, login.account)
    return configured is None or login.account in owners(account_name(mail_from))
