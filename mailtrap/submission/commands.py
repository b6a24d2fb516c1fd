"""``mailtrap send``: a test message, composed of options and handed to a sandbox; and ``sendmail``, in the help."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailtrap import options
from mailtrap.errors import MailtrapError
from mailtrap.submission.sendmail import SERVER

if TYPE_CHECKING:
    from mailtrap.message.compose import Attached

STDIN = "-"

TO = "ann@example.com"
FROM = "mailtrap send <test@example.com>"
SUBJECT = "A test message"
TEXT = "This is a test message, sent by mailtrap send.\n"


def _fields(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [(name, value.strip()) for name, colon, value in (each.partition(":") for each in given) if colon]
    if len(pairs) < len(given):
        raise click.BadParameter("a field is written 'Name: value'")
    fields = dict(pairs)
    if len({name.lower() for name in fields}) < len(pairs):
        raise click.BadParameter("a field can be given once")
    return fields


@click.command("send")
@click.option("--to", multiple=True, metavar="ADDRESS", help=f"Recipient, also as 'Ann <{TO}>' (default: {TO}).")
@click.option("--cc", multiple=True, metavar="ADDRESS", help="Recipient of a copy.")
@click.option("--bcc", multiple=True, metavar="ADDRESS", help="Recipient whom the message does not name.")
@click.option("--from", "from_", default=FROM, metavar="ADDRESS", help=f"Author (default: {FROM}).")
@click.option("--subject", default=SUBJECT, metavar="TEXT", help=f"Subject (default: {SUBJECT}).")
@click.option("--text", metavar="TEXT", help="Text; - for what comes from standard input.")
@click.option("--html", metavar="HTML", help="HTML; - for what comes from standard input.")
@click.option(
    "--attach",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to attach.",
)
@click.option("--header", "fields", multiple=True, metavar="'NAME: VALUE'", callback=_fields, help="One more field.")
@click.option(
    "--server",
    envvar="MAILSANDBOX_SERVER",
    default=SERVER,
    metavar="URL",
    callback=options.url,
    help=f"The sandbox (default: MAILSANDBOX_SERVER, else {SERVER}).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the message as the REST API gives it, and its page.")
def send_command(
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    from_: str,
    subject: str,
    text: str | None,
    html: str | None,
    attach: tuple[Path, ...],
    fields: Mapping[str, str],
    server: str,
    as_json: bool,
) -> int:
    """Send a test message to a sandbox, and say where it is.

    All options may be left out; recipients, files and fields may be given more than once. It goes over the REST
    API: to see what SMTP does to a message, use a program that speaks SMTP.
    """
    from mailtrap.message.compose import compose

    text, html = _contents(text, html)
    to = to or (() if cc or bcc else (TO,))
    rcpt_to = list(dict.fromkeys(_addresses([*to, *cc, *bcc])))
    [mail_from] = _addresses([from_])
    try:
        octets = compose(
            from_=from_,
            to=to,
            cc=cc,
            subject=subject,
            text=text,
            html=html,
            attachments=list(map(_attached, attach)),
            headers=fields,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return _hand_in(octets, mail_from, rcpt_to, server, as_json)


@click.command("sendmail", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sendmail_command(arguments: tuple[str, ...]) -> int:
    """Take a message as /usr/sbin/sendmail does."""
    from mailtrap.submission.sendmail import main

    return main(arguments)


COMMANDS: Mapping[str, click.Command] = {"send": send_command, "sendmail": sendmail_command}


def _contents(text: str | None, html: str | None) -> tuple[str, str]:
    """What is read: the options, one of which may have it from standard input."""
    if text == html == STDIN:
        raise click.UsageError("--text and --html: one of them can come from standard input")
    if text is None and html is None:
        text = TEXT
    return _content(text), _content(html)


def _content(given: str | None) -> str:
    return sys.stdin.buffer.read().decode("utf-8", "replace") if given == STDIN else given or ""


def _addresses(given: Iterable[str]) -> Iterator[str]:
    from mailtrap.message.mailboxes import mailboxes

    for each in given:
        found = mailboxes(each)
        if len(found) != 1 or "@" not in found[0]:
            raise click.UsageError(f"{each!r} is not an address such as {TO}")
        yield str(found[0])


def _attached(file: Path) -> Attached:
    try:
        return file.name, file.read_bytes()
    except OSError as error:
        raise MailtrapError(f"{file} cannot be read: {error.strerror}") from None


def _hand_in(octets: bytes, mail_from: str, rcpt_to: list[str], server: str, as_json: bool) -> int:
    from mailtrap.remote import Remote

    remote = Remote(server)
    try:
        stored = remote.deliver(octets, mail_from, rcpt_to)
    finally:
        remote.close()
    page = remote.page_of(stored["id"])
    click.echo(json.dumps({**stored, "page": page}) if as_json else f"{stored['id']}  {page}")
    return 0
