"""What options of several commands have in common."""

from __future__ import annotations

import click

from mailtrap import quantities


def url(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """The callback of an option that is a sandbox's address."""
    try:
        return None if text is None else quantities.url(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not {error}") from None
