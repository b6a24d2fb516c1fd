"""What to write in an app so that its mail comes here. ``[[`` and ``]]`` stand around what is highlighted."""

from __future__ import annotations

from markupsafe import Markup, escape

_SNIPPETS = {
    "Python": """import smtplib
from email.message import EmailMessage

m = EmailMessage()
m["From"], m["To"], m["Subject"] = "app@example.com", "ann@example.com", "Hello"
m.set_content("It works.")

with smtplib.SMTP([["{host}", {port}]]) as s:
    s.send_message(m)""",
    "Django": """# settings.py
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = [["{host}"]]
EMAIL_PORT = [[{port}]]""",
    "Rails": """# config/environments/development.rb
config.action_mailer.delivery_method = :smtp
config.action_mailer.smtp_settings = {{ address: [["{host}", port: {port}]] }}""",
    "Node": """import nodemailer from "nodemailer";

const transport = nodemailer.createTransport({{ [[host: "{host}", port: {port}]] }});
await transport.sendMail({{
  from: "app@example.com", to: "ann@example.com", subject: "Hello", text: "It works.",
}});""",
    "PHP": """# Symfony
MAILER_DSN=smtp://[[{host}:{port}]]

# Laravel
MAIL_MAILER=smtp
MAIL_HOST=[[{host}]]
MAIL_PORT=[[{port}]]""",
    "Spring": """# application.properties
spring.mail.host=[[{host}]]
spring.mail.port=[[{port}]]""",
    "curl": """printf 'Subject: Hello\\r\\n\\r\\nIt works.\\r\\n' |
  curl smtp://[[{host}:{port}]] --mail-from app@example.com --mail-rcpt ann@example.com -T -""",
}


def snippets(host: str, port: int) -> dict[str, Markup]:
    """For each language or framework what to write, with the *host* and *port* in use."""
    return {name: _marked(each.format(host=host, port=port)) for name, each in _SNIPPETS.items()}


def _marked(snippet: str) -> Markup:
    return escape(snippet).replace("[[", Markup("<mark>")).replace("]]", Markup("</mark>"))
