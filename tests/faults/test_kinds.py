"""How each kind of fault is written, and what it comes to."""

from __future__ import annotations

import pytest

from mailtrap.errors import BadFault
from mailtrap.faults import (
    Action,
    Bad,
    Bounce,
    Bye,
    Certificate,
    Delay,
    Drop,
    Hang,
    Hide,
    No,
    Offer,
    Reply,
    Slow,
    StaleUidvalidity,
)
from mailtrap.faults.actions import Greylist, Rate
from mailtrap.faults.kinds import read
from mailtrap.faults.stages import stage

TEXT = "refused by a fault"


@pytest.mark.parametrize(
    ("do", "at", "said"),
    [
        ("", "smtp.rcpt", "there is no fault ''"),
        ("refuse", "smtp.rcpt", "there is no fault 'refuse'"),
        ("rejetc", "smtp.rcpt", "there is no fault 'rejetc'; did you mean reject?"),
        ("reject", "imap.FETCH", "reject does nothing at imap.FETCH: it acts at smtp.*, http.*"),
        ("reject 250", "smtp.rcpt", "250 is no error"),
        ("reject 550 5.1.1 caf\u00e9", "smtp.rcpt", "printable ASCII"),
        ("reject 550 a\r\n250 b", "smtp.rcpt", "printable ASCII"),
        ("reject 550 " + "x" * 401, "smtp.rcpt", "up to 400 characters"),
        ("reject " + "x" * 1000, "smtp.rcpt", "longer than 1000 characters"),
        ("no", "smtp.rcpt", "no does nothing at smtp.rcpt: it acts at pop3.*, imap.*"),
        ("bad", "pop3.RETR", "bad does nothing at pop3.RETR"),
        ("delay", "smtp.rcpt", "something is missing: it is written delay 3s"),
        ("delay soon", "smtp.rcpt", "'soon' is not a time above 0"),
        ("delay 0.0001ms", "smtp.rcpt", "not a time from 1ms to 3650d"),
        ("delay 3s 4s", "smtp.rcpt", "'4s' is too much"),
        ("slow 100", "smtp.rcpt", "'100' does not fit: it is written slow 100/s"),
        ("slow fast/s", "smtp.rcpt", "'fast' is not a size"),
        ("slow 9999999999999/s", "smtp.rcpt", "1000000000000 is the most"),
        ("drop after", "smtp.data", "something is missing"),
        ("drop after 512", "smtp.rcpt", "drop … after counts octets"),
        ("drop after 512", "imap.connect", "drop … after counts octets"),
        ("drop now", "smtp.rcpt", "'now' is too much: it is written drop [rst] [after 512]"),
        ("greylist", "smtp.mail", "greylist does nothing at smtp.mail: it acts at smtp.rcpt"),
        ("rate 10", "smtp.rcpt", "it is written rate 10/1m"),
        ("rate 0/1m", "smtp.rcpt", "'0' is not a whole number above 0"),
        ("rate 1/\u00b2", "smtp.rcpt", "is not a time"),
        ("bounce", "smtp.mail", "bounce does nothing at smtp.mail"),
        ("bounce 5.1.1 x after never", "smtp.rcpt", "'never' is not a time"),
        ("hide", "smtp.ehlo", "something is missing"),
        ("offer A B", "smtp.ehlo", "'B' is too much"),
        ("hide SIZE", "smtp.rcpt", "hide does nothing at smtp.rcpt: it acts at smtp.ehlo, pop3.*, imap.*"),
        ("certificate", "smtp.starttls", "something is missing"),
        ("certificate expried", "smtp.starttls", "there is no certificate 'expried'; did you mean expired?"),
        ("certificate expired", "smtp.rcpt", "certificate does nothing at smtp.rcpt"),
        ("stale-uidvalidity", "pop3.UIDL", "it acts at imap.*"),
    ],
)
def test_what_is_no_fault_is_said(do: str, at: str, said: str) -> None:
    with pytest.raises(BadFault) as caught:
        read(do, at)

    assert said in caught.value.reason
    assert caught.value.member == "do"


@pytest.mark.parametrize(
    ("do", "at", "action"),
    [
        ("reject", "smtp.rcpt", Reply(550, "5.7.1", TEXT)),
        ("REJECT", "smtp.connect", Reply(554, "5.7.1", TEXT)),
        ("reject", "http.GET", Reply(503, "", TEXT)),
        ("reject 451", "smtp.rcpt", Reply(451, "4.3.0", TEXT)),
        ("reject 450", "smtp.rcpt", Reply(450, "4.2.0", TEXT)),
        ("reject 535", "smtp.auth", Reply(535, "5.7.8", TEXT)),
        ("reject 451 4.7.1 try later", "smtp.rcpt", Reply(451, "4.7.1", "try later")),
        ("reject 5.1.1 no such user", "smtp.rcpt", Reply(550, "5.1.1", "no such user")),
        ("reject 4.2.1", "smtp.rcpt", Reply(450, "4.2.1", TEXT)),
        ("reject  go   away", "smtp.rcpt", Reply(550, "5.7.1", "go   away")),
        ("no", "imap.FETCH", No("", TEXT)),
        ("no SERVERBUG", "imap.FETCH", No("SERVERBUG", TEXT)),
        ("no [IN-USE] another has it", "pop3.PASS", No("IN-USE", "another has it")),
        ("no I am tired", "imap.FETCH", No("", "I am tired")),
        ("bad", "imap.*", Bad(TEXT)),
        ("bye see you", "smtp.rcpt", Bye("see you")),
        ("delay 250ms", "http.POST", Delay(0.25)),
        ("slow 1kB/s", "pop3.RETR", Slow(1000)),
        ("drop", "smtp.stored", Drop()),
        ("drop rst", "imap.IDLE", Drop(reset=True)),
        ("drop after 512", "smtp.data", Drop(after=512)),
        ("drop rst after 1KiB", "pop3.RETR", Drop(reset=True, after=1024)),
        ("hang", "smtp.banner", Hang()),
        ("greylist", "smtp.rcpt", Greylist(300)),
        ("greylist 10m", "smtp.rcpt", Greylist(600)),
        ("rate 10/1m", "smtp.mail", Rate(10, 60)),
        ("rate 10/h", "smtp.mail", Rate(10, 3600)),
        ("bounce", "smtp.rcpt", Bounce(550, "5.1.1", "the message could not be delivered")),
        ("bounce 4.4.1 no answer after 1h", "smtp.dot", Bounce(450, "4.4.1", "no answer", 3600)),
        ("bounce after 90s", "smtp.stored", Bounce(550, "5.1.1", "the message could not be delivered", 90)),
        ("bounce 5.2.2 after all too full", "smtp.rcpt", Bounce(550, "5.2.2", "after all too full")),
        ("hide chunking", "smtp.ehlo", Hide("CHUNKING")),
        ("offer AUTH=XYMCOOKIE", "imap.CAPABILITY", Offer("AUTH=XYMCOOKIE")),
        ("certificate Other-Name", "imap.starttls", Certificate("other-name")),
        ("stale-uidvalidity", "imap.SELECT", StaleUidvalidity()),
    ],
)
def test_each_is_read_as_it_is_written(do: str, at: str, action: Action) -> None:
    assert read(do, at) == action


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "one is written smtp.rcpt or imap.FETCH"),
        ("rcpt", "did you mean smtp.rcpt?"),
        ("smtp", "is no stage"),
        ("smpt.rcpt", "did you mean smtp.rcpt?"),
        ("imap.FETHC", "did you mean imap.FETCH?"),
        ("*", "is no stage"),
    ],
)
def test_what_is_no_stage_is_said_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(BadFault) as caught:
        stage(text)

    assert said in caught.value.reason


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SMTP.Rcpt", "smtp.rcpt"),
        ("smtp.HELO", "smtp.ehlo"),
        ("smtp.BDAT", "smtp.data"),
        ("imap.fetch", "imap.FETCH"),
        ("imap.UID FETCH", "imap.FETCH"),
        ("imap.STARTTLS", "imap.starttls"),
        ("pop3.stls", "pop3.starttls"),
        ("http.get", "http.GET"),
        ("imap.*", "imap.*"),
    ],
)
def test_a_stage_has_one_name(text: str, found: str) -> None:
    assert stage(text) == found
