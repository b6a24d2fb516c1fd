"""Where accounts have passwords, real clients log in with the right one by every mechanism, and with no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from senders import SENDERS, Errand, NotSent

from mailtrap.sandbox import Sandbox

pytestmark = pytest.mark.interop

MAIL = b"From: app@shop.test\r\nTo: bob@x.test\r\nSubject: Hello\r\n\r\nhi\r\n"


@pytest.fixture(scope="module")
def strict() -> Iterator[Sandbox]:
    """A sandbox that lets in nobody but Ann."""
    with Sandbox(smtp=0, account="ann@x.test:s3cret, and more", auth="required", host="127.0.0.1") as sandbox:
        yield sandbox


def logins() -> list[Any]:
    """Each client with each mechanism that it knows, and with none said where it then chooses one."""
    return [
        pytest.param(
            each.name, mechanism, marks=pytest.mark.needs(*each.needs), id=f"{each.name}-{mechanism or 'its own'}"
        )
        for each in SENDERS.values()
        for mechanism in (*each.mechanisms, *([""] if each.mechanisms else []))
        if (each.name, mechanism) != ("s-nail", "XOAUTH2")  # not without TLS, it says
    ]


@pytest.mark.parametrize(("client", "mechanism"), logins())
def test_the_right_password_alone_lets_one_in(
    strict: Sandbox, client: str, mechanism: str, numbers: Iterator[int], tmp_path: Path
) -> None:
    def send(**who: str) -> None:
        SENDERS[client](Errand(strict.smtp_port, ("bob@x.test",), MAIL, mechanism=mechanism, **who), tmp_path)

    before = len(strict.messages())
    with pytest.raises(NotSent, match=r"(?i)535|denied|auth"):
        send(user="ann@x.test", password="s3cret")
    with pytest.raises(NotSent, match=r"(?i)535|denied|auth"):
        send(user=f"{next(numbers)}@x.test", password="s3cret, and more")  # another each time, or it has to wait
    assert len(strict.messages()) == before

    send(user="ann@x.test", password="s3cret, and more")
    [message] = strict.messages()[before:]
    assert message.envelope
    assert message.envelope.user == "ann@x.test"
    transcript = str(strict.store.transcript(strict.store.sessions()[0].id))
    assert "and more" not in transcript
    if mechanism:
        assert f"AUTH {mechanism}" in transcript


@pytest.mark.parametrize(
    "client", [pytest.param(each.name, marks=pytest.mark.needs(*each.needs)) for each in SENDERS.values()]
)
def test_without_any_nothing_is_taken(strict: Sandbox, client: str, tmp_path: Path) -> None:
    with pytest.raises(NotSent):
        SENDERS[client](Errand(strict.smtp_port, ("bob@x.test",), MAIL), tmp_path)
