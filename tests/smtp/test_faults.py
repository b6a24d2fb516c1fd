"""Faults in SMTP: at every stage, what is said, what is on record, and how the session goes on.

What is said alone is shown by tests/transcripts/smtp/fault_*.txt.
"""

from __future__ import annotations

from typing import Any

import pytest

from mailtrap.faults import Bounce, Faults, Rule

GREETING = b"220 sandbox.localhost ESMTP mailtrap-sandbox"
MAIL = b"MAIL FROM:<ann@example.com>\r\n"
RCPT = b"RCPT TO:<bob@example.com>\r\n"


def said(server: Any) -> list[str]:
    """The lines of the last session's transcript."""
    transcript = server.conversations[-1]._protocol.transcript
    return [f"{line.who} {line.text}" for line in transcript.lines()]


def records(server: Any) -> list[tuple[str, str, tuple[str, ...], bytes]]:
    """What is on record as refused, oldest first."""
    return [
        (each.stage, each.reply, tuple(map(str, each.envelope.rcpt_to)), each.partial) for each in server.refusals()
    ]


# -- rules for somebody else


@pytest.mark.parametrize(
    "rule",
    [
        Rule("smtp.rcpt", "reject", rcpt="carl@example.com"),
        Rule("smtp.rcpt", "reject", mail_from="<>"),
        Rule("smtp.rcpt", "reject", account="ann"),
        Rule("smtp.rcpt", "reject", peer="192.0.2.7"),
        Rule("smtp.dot", "reject", header="Subject: y"),
        Rule("smtp.data", "reject", rcpt="carl@example.com"),
        Rule("smtp.stored", "reject", project=999_999),
        Rule("imap.*", "bye"),
    ],
    ids=str,
)
def test_a_rule_for_somebody_else_changes_nothing(server: Any, faults: Faults, rule: Rule) -> None:
    faults.add(rule)
    conversation = server.in_data()

    assert conversation.ask(b"Subject: x\r\n\r\n.").startswith(b"250")
    assert server.octets() == [b"Subject: x\r\n\r\n"]
    assert not [line for line in said(server) if line.startswith("- fault")]
    assert [each.hits for each in faults.rules()] == [0]


@pytest.mark.parametrize(
    "rule",
    [
        Rule("smtp.connect", "reject", peer="192.0.2.1"),
        Rule("smtp.rcpt", "reject", rcpt="BOB@*"),
        Rule("smtp.rcpt", "reject", mail_from="example.com"),
        Rule("smtp.rcpt", "reject", account="job-?"),
        Rule("smtp.dot", "reject", header="subject: *x*"),
        Rule("smtp.dot", "reject", rcpt="bob@example.com", mail_from="ann@*", account="job-1", peer="192.0.2.*"),
    ],
    ids=str,
)
def test_a_rule_knows_who_asks(server: Any, faults: Faults, rule: Rule) -> None:
    faults.add(rule)
    conversation = server.connect()
    conversation.send(b"EHLO client.example\r\nAUTH PLAIN AGpvYi0xAHNlY3JldA==\r\n")
    conversation.send(MAIL + RCPT + b"DATA\r\nSubject: x\r\n.\r\nQUIT\r\n")
    conversation.rest()

    assert [each.hits for each in faults.rules()] == [1]
    assert server.messages() == []


def test_a_rule_acts_in_the_project_of_the_transaction(server: Any, faults: Faults, store: Any) -> None:
    faults.add(Rule("smtp.rcpt", "reject", project=server.project))
    conversation = server.greeted()
    conversation.ask(MAIL.strip())
    with server.current.set_to(store.new_project().id):
        assert conversation.ask(RCPT.strip()).startswith(b"550")
        conversation.ask(b"RSET")
        conversation.ask(MAIL.strip())
        assert conversation.ask(RCPT.strip()).startswith(b"250")


# -- refusals


def test_a_refusal_by_a_fault_is_on_record_when_the_reply_comes(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "reject 550 5.1.1 no such user", rcpt="bob@example.com"))
    conversation = server.greeted()
    conversation.ask(MAIL.strip())
    conversation.ask(b"RCPT TO:<carl@example.com>")

    assert conversation.ask(RCPT.strip()) == b"550 5.1.1 no such user"
    assert records(server) == [("RCPT", "550 5.1.1 no such user", ("bob@example.com",), b"")]


def test_the_remark_stands_where_the_fault_acts(server: Any, faults: Faults) -> None:
    rule = faults.add(Rule("smtp.rcpt", "reject 451 4.7.1 try later"))
    conversation = server.greeted()
    conversation.send(MAIL + RCPT + b"QUIT\r\n")
    conversation.rest()

    assert said(server)[-6:] == [
        "C RCPT TO:<bob@example.com>",
        f"- fault {rule.id}: reject 451 4.7.1 try later",
        "C QUIT",
        "S 250 2.1.0 OK",
        "S 451 4.7.1 try later",
        "S 221 2.0.0 Bye",
    ]


def test_data_that_is_refused_at_its_end_is_on_record_whole_and_in_no_mailbox(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.dot", "reject 554 5.6.0 no", header="X-Job: *7*"))
    conversation = server.in_data()

    assert conversation.ask(b"X-Job: 47\r\n\r\n..hi\r\n.") == b"554 5.6.0 no"
    assert records(server) == [("DATA", "554 5.6.0 no", ("bob@example.com",), b"X-Job: 47\r\n\r\n.hi\r\n")]
    assert conversation.ask(MAIL.strip()).startswith(b"250")
    assert server.messages() == []


def test_what_was_stored_is_no_refusal_whatever_the_client_is_told(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.stored", "reject 451 4.3.0 try again", times=1))
    conversation = server.in_data()
    answers = [conversation.ask(b"Subject: x\r\n.")]
    conversation.send(MAIL + RCPT + b"DATA\r\nSubject: x\r\n.\r\n")
    answers += [conversation.line() for _ in range(4)]

    assert answers[0] == b"451 4.3.0 try again"
    assert answers[-1].startswith(b"250 2.0.0 OK id=")
    assert server.octets() == [b"Subject: x\r\n"] * 2
    assert server.refusals() == []


@pytest.mark.parametrize(
    ("stage", "sent", "stages"),
    [
        ("connect", b"", []),
        ("banner", b"", []),
        ("ehlo", b"EHLO client.example\r\n", []),
        ("auth", b"EHLO client.example\r\nAUTH PLAIN AGpvYi0xAHNlY3JldA==\r\n", []),
        ("mail", b"EHLO client.example\r\n" + MAIL, ["MAIL"]),
        ("rcpt", b"EHLO client.example\r\n" + MAIL + RCPT, ["RCPT"]),
        ("noop", b"EHLO client.example\r\n" + MAIL + b"NOOP\r\n", ["NOOP"]),
        ("data", b"EHLO client.example\r\n" + MAIL + RCPT + b"DATA\r\n", ["DATA"]),
        ("dot", b"EHLO client.example\r\n" + MAIL + RCPT + b"DATA\r\nx\r\n.\r\n", ["DATA"]),
        ("stored", b"EHLO client.example\r\n" + MAIL + RCPT + b"DATA\r\nx\r\n.\r\n", []),
    ],
)
@pytest.mark.parametrize("do", ["bye see you", "reject 421 4.3.2 sandbox.localhost see you", "drop", "drop rst"])
def test_whoever_says_421_closes_as_one_who_drops(
    server: Any, faults: Faults, stage: str, sent: bytes, stages: list[str], do: str
) -> None:
    faults.add(Rule(f"smtp.{stage}", do))
    conversation = server.connect()
    conversation.send(sent + b"NOOP\r\n" * 2)
    *others, last = conversation.rest() or [b""]
    farewell = "" if do.startswith("drop") else "421 4.3.2 sandbox.localhost see you"

    assert (last if farewell else b"") == farewell.encode()
    assert not any(line.startswith((b"421", b"250 2.0.0")) for line in others)
    assert [(each.stage, each.reply) for each in server.refusals()] == [(stage, farewell) for stage in stages]
    assert len(server.messages()) == (stage == "stored")
    assert server.current.wait_idle(server.project, timeout=20)


# -- the banner


@pytest.mark.parametrize("stage", ["connect", "banner"])
def test_who_is_turned_away_may_only_quit(server: Any, faults: Faults, stage: str) -> None:
    faults.add(Rule(f"smtp.{stage}", "reject 554 5.7.1 go away", times=1))
    conversation = server.connect()

    assert conversation.line() == b"554 5.7.1 go away"
    assert conversation.ask(b"EHLO client.example") == b"503 5.5.1 There is no service here: QUIT"
    assert conversation.ask(b"QUIT") == b"221 2.0.0 Bye"
    assert conversation.rest() == []
    assert server.connect().line() == GREETING


# -- EHLO


def fresh(server: Any) -> Any:
    """A conversation in which the client has still to greet."""
    conversation = server.connect()
    conversation.line()
    return conversation


def keywords(conversation: Any, verb: bytes = b"EHLO") -> list[str]:
    return [line[4:] for line in conversation.ask(verb + b" client.example").decode().split("\r\n")][1:]


def test_a_keyword_is_hidden_and_another_offered(server: Any, faults: Faults) -> None:
    usual = keywords(fresh(server))
    for do in ("hide auth", "hide NOSUCH", "offer XCLIENT", "offer SIZE"):
        faults.add(Rule("smtp.ehlo", do))

    assert keywords(fresh(server)) == [each for each in usual if not each.startswith("AUTH")] + ["XCLIENT"]
    assert keywords(fresh(server), b"HELO") == []


def test_all_keywords_may_be_hidden(server: Any, faults: Faults) -> None:
    for each in keywords(fresh(server)):
        faults.add(Rule("smtp.ehlo", f"hide {each.split()[0]}"))

    assert fresh(server).ask(b"EHLO client.example") == b"250 sandbox.localhost"


def test_a_refused_ehlo_changes_nothing(server: Any, faults: Faults) -> None:
    conversation = server.greeted()
    conversation.ask(MAIL.strip())
    faults.add(Rule("smtp.ehlo", "reject 502 5.5.1 what?", times=1))

    assert conversation.ask(b"EHLO again") == b"502 5.5.1 what?"
    assert conversation.ask(RCPT.strip()).startswith(b"250")


# -- pipelining (RFC 2920)


def test_a_pipelined_group_is_answered_in_order_and_in_one_write(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "reject 550 5.1.1 no", rcpt="bob@*"))
    conversation = server.greeted()
    conversation.writes.clear()
    conversation.send(b"RSET\r\n" + MAIL + RCPT + b"RCPT TO:<carl@example.com>\r\n" + RCPT + b"DATA\r\n")
    replies = [conversation.line()[:3] for _ in range(6)]

    assert replies == [b"250", b"250", b"550", b"250", b"550", b"354"]
    assert len(conversation.writes) == 1


def test_a_group_that_is_refused_whole_stores_nothing(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.mail", "reject 450 4.7.1 later"))
    conversation = server.greeted()
    conversation.send(MAIL + RCPT + b"DATA\r\nQUIT\r\n")

    assert [line[:3] for line in conversation.rest()] == [b"450", b"503", b"503", b"221"]
    assert [each.stage for each in server.refusals()] == ["MAIL"]


def test_what_was_answered_goes_out_before_a_drop(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "drop"))
    conversation = server.greeted()
    conversation.send(MAIL + RCPT + b"DATA\r\n")

    assert conversation.rest() == [b"250 2.1.0 OK"]
    assert records(server) == [("RCPT", "", ("bob@example.com",), b"")]


# -- half of the data


@pytest.mark.parametrize(
    ("after", "kept"),
    [("1", b"S"), ("5", b"Subje"), ("16", b"Subject: x\r\n\r\n."), ("26", b"Subject: x\r\n\r\n.\r\nhello")],
)
@pytest.mark.parametrize("piece", [1, 3, None])
def test_data_breaks_off_after_so_many_octets(
    server: Any, faults: Faults, after: str, kept: bytes, piece: int | None
) -> None:
    sent = b"Subject: x\r\n\r\n..\r\nhello\r\n.\r\n"
    faults.add(Rule("smtp.data", f"drop after {after}"))
    conversation = server.in_data()
    conversation.send(sent, piece)

    assert conversation.rest() == []
    [(stage, answer, rcpt_to, partial)] = records(server)
    assert (stage, answer, rcpt_to) == ("DATA", "", ("bob@example.com",))
    assert partial.startswith(kept)
    assert len(partial) <= int(after)
    assert server.messages() == []


def test_a_message_shorter_than_that_is_not_kept_either(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.data", "drop after 1000"))
    conversation = server.in_data()
    conversation.send(b"Subject: x\r\n.\r\n")

    assert conversation.rest() == []
    assert [each.partial for each in server.refusals()] == [b"Subject: x\r\n"]
    assert server.messages() == []


def test_the_next_message_is_read_as_usual(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.data", "slow 10M/s", times=1))
    conversation = server.in_data()
    assert conversation.ask(b"one\r\n.").startswith(b"250")
    conversation.send(MAIL + RCPT + b"DATA\r\n" + b"two\r\n.\r\nNOOP\r\n")

    assert [conversation.line()[:3] for _ in range(5)] == [b"250", b"250", b"354", b"250", b"250"]
    assert server.octets() == [b"one\r\n", b"two\r\n"]


# -- bounces


def test_a_recipient_to_bounce_is_accepted_and_noted(server: Any, faults: Faults) -> None:
    faults.add(Rule("smtp.rcpt", "bounce 5.1.1 gone after 1h", rcpt="bob@*"))
    conversation = server.greeted()
    conversation.ask(MAIL.strip())
    conversation.ask(b"RCPT TO:<carl@example.com>")

    assert conversation.ask(RCPT.strip()) == b"250 2.1.5 OK"
    [(address, bounce)] = conversation._protocol.transaction.bounces.items()
    assert (address, bounce.enhanced, bounce.text, bounce.after_seconds) == ("bob@example.com", "5.1.1", "gone", 3600)


def test_at_the_end_of_data_those_recipients_bounce_that_the_rule_is_for(server: Any, faults: Faults) -> None:
    noted: list[dict[str, Bounce]] = []
    faults.add(Rule("smtp.data", "bounce 5.2.2 full", rcpt="bob@*"))
    conversation = server.greeted()
    conversation.send(MAIL + RCPT + b"RCPT TO:<carl@example.com>\r\nDATA\r\n")
    for _ in range(4):
        conversation.line()
    server.loop.call(lambda: noted.append(dict(conversation._protocol.transaction.bounces)))

    assert conversation.ask(b"x\r\n.").startswith(b"250")
    assert [[*each] for each in noted] == [["bob@example.com"]]


# -- recipients that are faults themselves


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("reject+550+5.1.1@fault.test", b"550 5.1.1"),
        ("tempfail+451+1x@FAULT.test", b"451 4."),
        ("greylist@fault.test", b"451 4.7.1"),
        ("bounce+5.1.1@fault.test", b"250 2.1.5"),
        ("reject+999@fault.test", b"250 2.1.5"),
        ("ann@fault.test", b"250 2.1.5"),
        ("reject@xfault.test", b"250 2.1.5"),
        ("reject@fault.test.example", b"250 2.1.5"),
    ],
)
def test_an_address_is_a_fault_without_any_rule(server: Any, address: str, answer: bytes) -> None:
    conversation = server.greeted()
    conversation.ask(MAIL.strip())

    assert conversation.ask(f"RCPT TO:<{address}>".encode()).startswith(answer)
    assert [each.stage for each in server.refusals()] == ([] if answer.startswith(b"250") else ["RCPT"])


def test_an_address_that_drops_is_on_record(server: Any) -> None:
    conversation = server.greeted()
    conversation.send(MAIL + b"RCPT TO:<drop@fault.test>\r\n")

    assert conversation.rest() == [b"250 2.1.0 OK"]
    assert records(server) == [("RCPT", "", ("drop@fault.test",), b"")]
    assert "- fault drop@fault.test: drop" in said(server)


# -- a bug in there


def test_a_fault_that_breaks_changes_nothing(
    server: Any, faults: Faults, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = server.greeted()
    faults.add(Rule("smtp.noop", "delay 1s"))
    monkeypatch.setattr(faults, "fire", lambda _: 1 / 0)

    assert conversation.ask(b"NOOP") == b"250 2.0.0 OK"
    assert "ZeroDivisionError" in caplog.text
