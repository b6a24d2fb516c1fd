"""What is offered, and to whom: the policy of the project that mail goes to."""

from __future__ import annotations

from typing import Any

import pytest

from mailtrap.errors import BadSettings
from mailtrap.sandbox import Sandbox
from mailtrap.smtp.policy import Policies, Policy


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"profile": "ful"}, "no profile 'ful'; did you mean full?"),
        ({"hide": {"SI ZE"}}, "'SI ZE' is no keyword"),
        ({"offer": {""}}, "'' is no keyword"),
        ({"sise": 9}, "no such setting: sise"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    policies = Policies()

    with pytest.raises(BadSettings, match=said.replace("?", r"\?")):
        policies.set(1, **changes)
    assert policies.of(1) == Policy()


def test_a_project_has_the_default_until_it_has_a_policy_of_its_own() -> None:
    policies = Policies(Policy(size=9))
    policies.set(1, strict=True)
    of_its_own, of_another = policies.of(1), policies.of(2)
    policies.clear(1)
    policies.clear(2)

    assert (of_its_own, of_another) == (Policy(size=9, strict=True), Policy(size=9))
    assert policies.of(1) == Policy(size=9)


def test_what_is_hidden_is_so_even_if_it_is_offered() -> None:
    policy = Policy(hide=frozenset({"Size"})).but(hide=["dsn"], offer=["size"])

    assert (policy.hide, policy.offer) == ({"SIZE", "DSN"}, {"SIZE"})


def test_what_is_offered_follows_the_project_with_the_next_ehlo(server: Any) -> None:
    server.factory.policies.set(server.project, profile="minimal")
    conversation = server.greeted()
    before = conversation.ask(b"MAIL FROM:<ann@example.com> SMTPUTF8")
    server.factory.policies.clear(server.project)
    meanwhile = conversation.ask(b"MAIL FROM:<ann@example.com> SMTPUTF8")
    conversation.ask(b"EHLO client.example")

    assert before == meanwhile == b"555 Unsupported option: SMTPUTF8"
    assert conversation.ask(b"MAIL FROM:<ann@example.com> SMTPUTF8") == b"250 2.1.0 OK"


def test_the_size_limit_is_that_of_the_project_at_mail(server: Any) -> None:
    conversation = server.in_data()
    server.factory.policies.set(server.project, size=5)
    first = conversation.ask(b"too much for the next\r\n.")

    assert first.startswith(b"250")
    assert conversation.ask(b"MAIL FROM:<ann@example.com> SIZE=6") == (
        b"552 5.3.4 Message size exceeds the limit of 5 octets"
    )


def test_the_policy_of_another_project_is_none_of_ours(server: Any, store: Any) -> None:
    server.factory.policies.set(store.new_project().id, profile="helo")

    assert b"SMTPUTF8" in server.connect().ask(b"EHLO client.example") or server.greeted()


def test_starttls_is_offered_at_a_plain_port_where_the_policy_says_so(server: Any) -> None:
    server.factory.policies.set(server.project, starttls=True)
    conversation = server.connect()
    conversation.line()

    assert b"STARTTLS" in conversation.ask(b"EHLO client.example")


def test_mail_is_taken_from_who_is_logged_in_where_that_is_required(server: Any) -> None:
    server.factory.policies.set(server.project, auth_required=True)
    conversation = server.greeted()
    before = conversation.ask(b"MAIL FROM:<ann@example.com>")
    conversation.ask(b"AUTH PLAIN AGFubgBzZWNyZXQ=")

    assert before == b"530 5.7.0 Authentication required"
    assert [refusal.reply for refusal in server.refusals()] == [before.decode()]
    assert conversation.ask(b"MAIL FROM:<ann@example.com>").startswith(b"250")


def test_what_a_strict_server_refuses_is_on_record_with_what_came(server: Any) -> None:
    server.factory.policies.set(server.project, strict=True)
    conversation = server.in_data()
    answer = conversation.ask(b"Subject: x\r\n\r\n" + b"x" * 2_000_000 + b"\r\n.")

    [refusal] = server.refusals()
    assert answer.startswith(b"554 5.6.0 A line has more than 998 octets")
    assert refusal.reply == answer.decode()
    assert refusal.partial.startswith(b"Subject: x\r\n\r\nxxx")
    assert server.messages() == []


def test_the_settings_make_the_policy() -> None:
    settings = {"smtp_profile": "FULL", "smtp_hide": "dsn", "smtp_offer": ["X-A"], "strict": "on", "auth": "required"}
    with Sandbox(size_limit="1kB", login_needs_tls=True, **settings) as sandbox:
        policy = sandbox.policies.of(sandbox.current.project)

    assert policy == Policy(
        profile="full",
        hide=frozenset({"DSN"}),
        offer=frozenset({"X-A"}),
        size=1000,
        strict=True,
        auth_required=True,
        login_needs_tls=True,
    )
