"""A shop that confirms orders by mail: the request only puts it in the outbox, and a thread sends it."""

from __future__ import annotations

import os
import queue
import smtplib
import threading
from collections.abc import Sequence
from email.message import EmailMessage

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue


class Outbox:
    """Sends mail in a thread of its own; tries again, after each of *delays* in turn, what fails for now."""

    def __init__(self, host: str, port: int, delays: Sequence[float] = (1, 10, 60, 600, 3600)) -> None:
        self.given_up: queue.Queue[tuple[EmailMessage, Exception]] = queue.Queue()
        self._server = host, port
        self._delays = delays
        self._waiting: queue.Queue[tuple[EmailMessage, int]] = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def put(self, message: EmailMessage) -> None:
        """Send it as soon as may be."""
        self._waiting.put((message, 0))

    def _run(self) -> None:
        while True:
            message, attempts = self._waiting.get()
            try:
                with smtplib.SMTP(*self._server, timeout=30) as smtp:
                    smtp.send_message(message)
            except (OSError, smtplib.SMTPException) as error:
                self._failed(message, attempts, error)

    def _failed(self, message: EmailMessage, attempts: int, error: Exception) -> None:
        if is_permanent(error) or attempts == len(self._delays):
            self.given_up.put((message, error))
        else:
            again = threading.Timer(self._delays[attempts], self._waiting.put, [(message, attempts + 1)])
            again.daemon = True
            again.start()


def is_permanent(error: Exception) -> bool:
    """Whether the server says that there is no use in trying again (RFC 5321 §4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def create_app(outbox: Outbox) -> Flask:
    """The shop; its mail goes to *outbox*."""
    app = Flask(__name__)
    app.extensions["outbox"] = outbox
    app.add_url_rule("/orders", view_func=order, methods=["POST"])
    return app


def order() -> ResponseReturnValue:
    """Take an order, and confirm it by mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@example.com", request.form["email"], "Your order"
    message.set_content(f"Thank you for ordering {request.form['item']}.\n")
    current_app.extensions["outbox"].put(message)
    return {"status": "ordered"}, 202


if __name__ == "__main__":
    create_app(Outbox(os.environ.get("SMTP_HOST", "localhost"), int(os.environ.get("SMTP_PORT", "1025")))).run()
