"""LOGIN: user name and password, one after the other (draft-murchison-sasl-login)."""

from __future__ import annotations

from mailtrap.sasl.exchange import Exchange, Mechanism, Verifier, said


def login(_: Verifier) -> Exchange:
    """The prompts are those of the draft, which some clients look for.

    A response that comes with the command is the name: clients that send one would else be asked for the name, and
    give the password.
    """
    user = yield b"Username:"
    password = yield b"Password:"
    return said(user, password)


LOGIN = Mechanism("LOGIN", login)
