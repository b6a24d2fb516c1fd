"""The queue: what is due is sent; what fails for now is tried again, later each time; what fails for good is not."""

import smtplib
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.utils import timezone

from outbox.models import Mail

RETRIES = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 24 * 60)]


def send_due(now: datetime | None = None) -> None:
    """Try everything that is due."""
    now = now or timezone.now()
    for mail in Mail.objects.filter(state=Mail.State.WAITING, due__lte=now):
        _try(mail, now)
        mail.save()


def _try(mail: Mail, now: datetime) -> None:
    try:
        EmailMessage(mail.subject, mail.text, to=[mail.to]).send()
    except (OSError, smtplib.SMTPException) as error:
        code, mail.error = _told(error, mail.to)
        hopeless = 500 <= code < 600 or mail.attempts == len(RETRIES)
        if hopeless:
            mail.state = Mail.State.GIVEN_UP
        else:
            mail.due = now + RETRIES[mail.attempts]
            mail.attempts += 1
    else:
        mail.state, mail.error = Mail.State.SENT, ""


def _told(error: Exception, to: str) -> tuple[int, str]:
    """The server's reply; 0 where there was none, as when a connection breaks."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = error.recipients[to]
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        return 0, str(error)
    return code, f"{code} {text.decode()}"
