"""Faults of a sandbox as its settings have them, from its start, and by address."""

from __future__ import annotations

import pytest
from smtp_client import SmtpClient

from mailtrap.commands import serve
from mailtrap.errors import BadSettings
from mailtrap.sandbox import Sandbox


def said(sandbox: Sandbox, *recipients: str) -> list[str]:
    """What is answered to RCPT TO."""
    with SmtpClient(sandbox.address("smtp")) as client:
        client.command(b"MAIL FROM:<app@shop.test>", "250")
        return [client.command(f"RCPT TO:<{each}>".encode(), "")[:9] for each in recipients]


def test_a_rule_that_is_none_keeps_the_sandbox_from_being_made() -> None:
    with pytest.raises(BadSettings, match="did you mean reject"):
        Sandbox(fault="at=smtp.rcpt do=rejetc")


def test_rules_of_the_settings_act_from_the_start_in_every_project() -> None:
    rules = [
        {"at": "smtp.rcpt", "do": "reject 452", "rcpt": "full.test"},
        "at=smtp.rcpt do='reject 451' rcpt=slow.test",
    ]
    with Sandbox(fault=rules) as sandbox:
        answers = said(sandbox, "ann@full.test", "ann@slow.test", "ann@x.test")
        with sandbox.current.set_to(sandbox.store.new_project().id):
            elsewhere = said(sandbox, "ann@full.test")

    assert answers == ["452 4.2.2", "451 4.3.0", "250 2.1.5"]
    assert elsewhere == ["452 4.2.2"]


def test_a_rule_of_the_settings_can_be_for_one_project() -> None:
    with Sandbox(fault="at=smtp.rcpt do='reject 452' project=team-a") as sandbox:
        here = said(sandbox, "ann@x.test")
        with sandbox.current.set_to(sandbox.store.project("team-a").id):
            there = said(sandbox, "ann@x.test")

    assert (here, there) == (["250 2.1.5"], ["452 4.2.2"])


def test_a_recipient_is_a_fault_by_its_name_unless_that_is_off() -> None:
    address = "reject+550+5.1.1@fault.test"
    with Sandbox() as sandbox:
        assert said(sandbox, address, "ann@fault.test") == ["550 5.1.1", "250 2.1.5"]
        assert not sandbox.faults.active
    with Sandbox(address_faults="off") as sandbox:
        assert said(sandbox, address) == ["250 2.1.5"]


def test_greylisting_goes_by_the_sandboxs_clock() -> None:
    with Sandbox(fault="at=smtp.rcpt do='greylist 5m'") as sandbox:
        first = said(sandbox, "ann@x.test", "greylist+10m@fault.test")
        sandbox.clock.advance(301)
        second = said(sandbox, "ann@x.test", "greylist+10m@fault.test")

    assert first == ["451 4.7.1", "451 4.7.1"]
    assert second == ["250 2.1.5", "451 4.7.1"]


def test_messages_too_old_by_its_clock_are_gone_when_it_was_moved() -> None:
    with Sandbox(keep_age="1h") as sandbox:
        sandbox.deliver(b"Subject: old\r\n\r\n")
        sandbox.clock.advance(3000)
        sandbox.deliver(b"Subject: young\r\n\r\n")
        sandbox.clock.advance(601)

        assert [each.subject for each in sandbox.messages()] == ["young"]


def test_the_command_line_takes_several_rules_and_turns_addresses_off() -> None:
    context = serve.make_context(  # type: ignore[attr-defined]  # it is a command
        "serve", ["--fault", "at=smtp.rcpt do=drop", "--fault", "at=imap.* do=bye", "--no-address-faults"]
    )

    assert context.params["fault"] == ("at=smtp.rcpt do=drop", "at=imap.* do=bye")
    assert context.params["address_faults"] == "off"
    assert serve.make_context("serve", []).params["address_faults"] is None  # type: ignore[attr-defined]  # the same
