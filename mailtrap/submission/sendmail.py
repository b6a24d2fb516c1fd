"""``mailtrap sendmail``: in the place of /usr/sbin/sendmail, for programs that send mail by running it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from mailtrap.errors import MailtrapError, StoreUnavailable
from mailtrap.submission.input import BadAddress, Input, addresses, read
from mailtrap.submission.options import BadUsage, Options, parse

EX_OK, EX_USAGE, EX_DATAERR, EX_NOUSER, EX_TEMPFAIL = 0, 64, 65, 67, 75
"""Of sysexits.h; `os` has them, but not everywhere."""

SERVER = "http://127.0.0.1:8025"

USAGE = """\
usage: mailtrap sendmail [-t] [-i] [-f ADDRESS] [-F NAME] [-N DSN] [-R full|hdrs] [-V ID] [-v]
                         [--server URL] [RECIPIENT...]

Take a message from standard input, as /usr/sbin/sendmail would, and hand it to a sandbox.

  -t             the header says to whom: To, Cc and Bcc, which is taken out
  -i, -oi        a line with a dot alone does not end the message
  -f ADDRESS     the envelope's MAIL FROM; by default whoever runs this, at localhost
  -F NAME        the name in From, where the message has no From
  -N, -R, -V     DSN's NOTIFY, RET and ENVID, kept in the envelope
  -v             say where the message is
  --server URL   the sandbox (default: MAILSANDBOX_SERVER, else http://127.0.0.1:8025)

All other options of sendmail are taken, and mean nothing here.
Exit codes: 0; 64 wrong usage; 65 the message is refused; 67 no such recipient; 75 no sandbox answers.
"""


def main(arguments: Sequence[str]) -> int:
    """Hand in the message at standard input; gives the exit code."""
    try:
        return _run(parse(arguments))
    except BadUsage as error:
        return _complain(f"{error} (see mailtrap sendmail --help)", EX_USAGE)
    except BadAddress as error:
        return _complain(str(error), EX_NOUSER)
    except StoreUnavailable as error:  # nobody answers there, or somebody who cannot take it now
        return _complain(str(error), EX_TEMPFAIL)
    except MailtrapError as error:
        return _complain(str(error), EX_DATAERR)


def _run(options: Options) -> int:
    if options.help:
        print(USAGE, end="")
    elif not options.runs_queue:  # nothing ever waits
        _submit(options, _server(options.server))
    return EX_OK


def _submit(options: Options, server: str) -> None:
    from mailtrap.remote import Remote

    if not options.recipients and not options.reads_header:
        raise BadUsage("nobody is to get it: name recipients, or say -t")
    mail_from = _mail_from(options.mail_from)
    rcpt_to = _recipients(options.recipients)
    message = Input(read(sys.stdin.buffer, dot_ends=options.dot_ends))
    if options.reads_header:
        rcpt_to += _recipients(message.recipients())
    if not rcpt_to:
        raise BadUsage("nobody is to get it: the header has no To, Cc or Bcc")
    octets = message.octets(mail_from, options.name, without_bcc=options.reads_header)
    remote = Remote(server)
    sent = remote.deliver(octets, mail_from, rcpt_to, options.mail_parameters, options.rcpt_parameters)
    if options.verbose:
        print(remote.page_of(sent["id"]))


def _server(given: str | None) -> str:
    from mailtrap import quantities

    url = given or os.environ.get("MAILSANDBOX_SERVER") or SERVER
    try:
        return quantities.url(url)
    except ValueError as error:
        raise BadUsage(f"the server is {url!r}, but must be {error}") from None


def _mail_from(given: str | None) -> str:
    """The address that `-f` names, ``<>`` being nobody's (RFC 5321 §4.5.5); else that of whoever runs this."""
    if given is None:
        given = _user()
    elif given.strip() in ("", "<>"):
        return ""
    try:
        return next(addresses(given))
    except BadAddress:
        raise BadUsage(f"-f is {given!r}, but must be an address") from None


def _user() -> str:
    """Who runs this, by the process and not by what its variables say."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # not on Unix; a container may run as a user that has no name
        return "nobody"


def _recipients(given: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(address for each in given for address in addresses(each)))


def _complain(text: str, code: int) -> int:
    print(f"mailtrap sendmail: {text}", file=sys.stderr)
    return code
