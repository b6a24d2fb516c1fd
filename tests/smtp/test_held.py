"""Messages that are released later: in the store at once, for their recipients when it is time."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailtrap import held
from mailtrap.bus import Copied, Event
from mailtrap.clock import Clock
from mailtrap.envelope import Address
from mailtrap.errors import NotFound
from mailtrap.sandbox import Sandbox

RCPT_TO = ["bob@example.com", "dora+x@example.com"]


def send(sandbox: Sandbox, hold: str) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port) as client:
        client.sendmail("ann@example.com", RCPT_TO, b"Subject: later\r\n\r\nhello\r\n", mail_options=[hold])


def unseen(sandbox: Sandbox, account: str) -> int:
    """How many messages an account has that nobody has seen; it may not be there."""
    with suppress(NotFound):
        return sandbox.store.account(sandbox.current.project, account).unseen
    return 0


@given(st.text())
def test_any_text_says_for_how_long_or_is_refused(text: str) -> None:
    for keyword in ("HOLDFOR", "HOLDUNTIL", "HOLD"):
        with suppress(held.BadHold):
            found = held.seconds(Address("", parameters=(f"{keyword}={text}",)), Clock().time())
            assert 0 <= found <= held.LONGEST


def test_its_recipients_get_it_when_it_is_time_and_the_store_has_it_at_once() -> None:
    with Sandbox(smtp_profile="full") as sandbox:
        heard: list[Event] = []
        sandbox.store.bus.subscribe(heard.append)
        send(sandbox, "HOLDFOR=3600")
        [before] = sandbox.messages()
        sandbox.clock.advance(3590)
        early = unseen(sandbox, "bob@example.com")
        sandbox.clock.advance(10)
        [after] = sandbox.messages()

        assert (before.accounts, early) == (["catchall"], 0)
        assert after.accounts == ["catchall", "bob@example.com", "dora+x@example.com", "dora@example.com"]
        assert [unseen(sandbox, name) for name in after.accounts] == [1, 1, 1, 1]
        assert [event.ids for event in heard if isinstance(event, Copied)] == [(after.id,)] * 3
        assert sandbox.store.remembered() == {}


def test_until_a_time_is_the_same_and_what_is_past_is_not_held() -> None:
    with Sandbox(smtp_profile="full") as sandbox:
        send(sandbox, f"HOLDUNTIL={sandbox.clock.time() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
        at_once = unseen(sandbox, "bob@example.com")
        send(sandbox, f"HOLDUNTIL={sandbox.clock.time() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
        before = unseen(sandbox, "bob@example.com")
        sandbox.clock.advance(3601)

        assert (at_once, before) == (1, 1)
        assert unseen(sandbox, "bob@example.com") == 2


def test_what_is_deleted_meanwhile_is_not_released() -> None:
    with Sandbox(smtp_profile="full") as sandbox:
        send(sandbox, "HOLDFOR=60")
        project = sandbox.current.project
        sandbox.store.delete(project, [message.id for message in sandbox.messages()])
        sandbox.clock.advance(60)

        assert sandbox.store.accounts(project) == []
        assert sandbox.store.remembered() == {}


def test_a_name_with_needless_quotes_as_an_earlier_version_kept_it_is_that_without() -> None:
    with Sandbox(smtp_profile="full") as sandbox:
        sent = sandbox.deliver(b"Subject: x\r\n\r\n", rcpt_to=["eve@example.com"])
        sandbox.held.hold(sent.summary, ['"bob"@example.com'], 60).result()
        sandbox.clock.advance(60)

        assert unseen(sandbox, "bob@example.com") == 1


def test_a_restart_forgets_nobody(tmp_path: Path) -> None:
    with Sandbox(smtp_profile="full", data=tmp_path) as sandbox:
        send(sandbox, "HOLDFOR=60")
    with Sandbox(data=tmp_path) as sandbox:
        before = unseen(sandbox, "bob@example.com")
        sandbox.clock.advance(60)

        assert before == 0
        assert unseen(sandbox, "bob@example.com") == 1
        assert sandbox.store.remembered() == {}
