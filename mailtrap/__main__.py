"""The command ``mailtrap``: what runs fast first, then the rest; errors in one line."""

from __future__ import annotations

import sys

from mailtrap.errors import BadSettings, MailtrapError


def main() -> None:
    """Run the command line, and exit."""
    called = sys.argv[0].rpartition("/")[2]
    sys.exit(_run(["sendmail", *sys.argv[1:]] if called == "sendmail" else sys.argv[1:]))  # by a link of that name


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["ready"]:  # a health check runs often: it must not wait for click and the servers
        from mailtrap.ready import main as ready

        return ready(arguments[1:])
    if arguments[:1] == ["sendmail"]:  # and this for each message
        from mailtrap.submission.sendmail import main as sendmail

        return sendmail(arguments[1:])
    import click

    from mailtrap.commands import commands

    try:
        return int(commands.main(arguments, prog_name="mailtrap", standalone_mode=False) or 0)
    except click.ClickException as error:
        return _complain(f"{error.format_message().rstrip('.')} (see mailtrap --help)", error.exit_code)
    except BadSettings as error:
        return _complain(str(error), 2)
    except MailtrapError as error:
        return _complain(str(error), 1)


def _complain(text: str, code: int) -> int:
    print(f"mailtrap: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
