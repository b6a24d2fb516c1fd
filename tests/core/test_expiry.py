"""What expires is gone by every protocol, and each says so in its own words."""

from __future__ import annotations

import json
import poplib
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from imap_client import ImapClient

from mailtrap.sandbox import Sandbox


@pytest.fixture
def three() -> Iterator[Sandbox]:
    """A sandbox that keeps three messages of a project."""
    with Sandbox(imap=0, pop3=0, http=0, keep_messages=3) as sandbox:
        yield sandbox


def deliver(sandbox: Sandbox, *subjects: str) -> list[str]:
    """Put messages to Ann in; gives their ids."""
    octets = [b"Subject: %b\r\n\r\nhello\r\n" % subject.encode() for subject in subjects]
    return [sandbox.deliver(each, rcpt_to=["ann@x.test"]).id for each in octets]


def test_who_idles_hears_of_it(three: Sandbox) -> None:
    deliver(three, "one", "two", "three")
    with ImapClient(three.address("imap")) as client:
        client.log_in("ann@x.test").ok("SELECT INBOX")
        with client.idle():
            deliver(three, "four")
            heard = [client.hear()]
            while heard[-1] != [1, "EXPUNGE"]:
                heard.append(client.hear())

        assert heard[0] == [4, "EXISTS"]
        fetched = client.ok("UID FETCH 1:* (UID)").fetched()
        assert [each["UID"] for each in fetched.values()] == [2, 3, 4]


def test_a_session_of_pop3_is_told_that_a_message_is_gone(three: Sandbox) -> None:
    deliver(three, "one", "two", "three")
    session = poplib.POP3(*three.address("pop3"), timeout=20)
    session.user("ann@x.test")
    session.pass_("secret")
    with ImapClient(three.address("imap")) as client:  # who has seen that it went
        client.log_in("ann@x.test").ok("SELECT INBOX")
        with client.idle():
            deliver(three, "four")
            while client.hear() != [1, "EXPUNGE"]:
                pass

    with pytest.raises(poplib.error_proto, match="-ERR"):
        session.retr(1)
    assert b"Subject: two" in session.retr(2)[1]
    session.quit()


def test_rest_says_when_and_why_it_went(three: Sandbox) -> None:
    first, *others = deliver(three, "one", "two", "three", "four")
    while len(three.messages()) > len(others):
        pass
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{three.url}/v1/messages/{first}", timeout=20)

    problem = json.load(caught.value)
    assert (problem["status"], problem["code"], problem["why"]) == (410, "gone", "expired")
    assert [each.id for each in three.messages()] == others


def test_what_waits_for_a_message_gets_it_before_it_goes() -> None:
    with Sandbox(keep_bytes=1) as sandbox:
        [message] = deliver(sandbox, "too large to be kept")

        assert message
