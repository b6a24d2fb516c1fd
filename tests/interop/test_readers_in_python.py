"""Python's own clients, and those on PyPI, read what came in by SMTP."""

from __future__ import annotations

import asyncio
import imaplib
import poplib
import re
from typing import TYPE_CHECKING

import pytest
from loops import run_and_hang_up
from reading import mail

if TYPE_CHECKING:
    from reading import Account

pytestmark = pytest.mark.interop


# -- poplib


def test_poplib_downloads_and_deletes(account: Account) -> None:
    sent = [each for each in account.odd() if max(map(len, each.split(b"\n"))) < 2000]  # it refuses longer lines
    account.deliver(*sent)
    client = poplib.POP3("127.0.0.1", account.server.pop3, timeout=20)
    client.user(account.name)
    client.pass_("secret")
    count, size = client.stat()
    found = [b"\r\n".join([*client.retr(number)[1], b""]) for number in range(1, count + 1)]
    for number in range(1, count + 1):
        client.dele(number)
    client.quit()

    # it takes a bare LF for the end of a line, and leaves the dot that we double after a bare CR
    assert list(map(_with_lf, found)) == list(map(_with_lf, sent))
    assert size == sum(map(len, sent))
    assert account.octets() == []


def _with_lf(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").replace(b"\r..", b"\r.")


def test_poplib_leaves_a_copy_and_knows_it_again(account: Account) -> None:
    account.deliver(mail("one"), mail("two"))
    seen: set[bytes] = set()
    fetched = [_poplib_fetch_new(account, seen)]
    account.deliver(mail("three"))
    fetched += [_poplib_fetch_new(account, seen), _poplib_fetch_new(account, seen)]

    assert fetched == [[mail("one"), mail("two")], [mail("three")], []]
    assert len(account.octets()) == 3


def _poplib_fetch_new(account: Account, seen: set[bytes]) -> list[bytes]:
    """What the textbook says of leaving mail on the server: UIDL, RETR what is new, QUIT."""
    client = poplib.POP3("127.0.0.1", account.server.pop3, timeout=20)
    client.user(account.name)
    client.pass_("secret")
    new = [line.split() for line in client.uidl()[1] if line.split()[1] not in seen]
    found = [b"\r\n".join([*client.retr(int(number))[1], b""]) for number, _ in new]
    seen.update(uid for _, uid in new)
    client.quit()
    return found


def test_poplib_looks_at_the_top_and_changes_its_mind(account: Account) -> None:
    account.deliver(mail("one", "a\r\nb\r\nc"))
    client = poplib.POP3("127.0.0.1", account.server.pop3, timeout=20)
    client.user(account.name)
    client.pass_("secret")
    top = client.top(1, 2)[1]
    client.dele(1)
    client.rset()
    client.quit()

    assert top[-3:] == [b"", b"a", b"b"]
    assert account.octets() == [mail("one", "a\r\nb\r\nc")]


# -- imaplib


def _imaplib(account: Account) -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", account.server.imap, timeout=20)
    assert client.login(account.name, "secret")[0] == "OK"
    return client


def test_imaplib_reads_every_octet(account: Account) -> None:
    sent = account.odd()
    account.deliver(*sent)
    with _imaplib(account) as client:
        assert client.select()[1] == [str(len(sent)).encode()]
        answers = [client.fetch(str(number), "(BODY.PEEK[] RFC822.SIZE)")[1] for number in range(1, len(sent) + 1)]

    assert [answer[0][1] for answer in answers if isinstance(answer[0], tuple)] == sent
    assert [int(re.findall(rb"SIZE (\d+)", b"".join(map(bytes, _flat(each))))[0]) for each in answers] == [
        len(each) for each in sent
    ]


def _flat(answer: list[object]) -> list[bytes]:
    """Whatever imaplib gives, without the octets of the message."""
    return [each[0] if isinstance(each, tuple) else each for each in answer if each]


def test_imaplib_searches_flags_and_expunges(account: Account) -> None:
    account.deliver(mail("one"), mail("two"), mail("three"))
    with _imaplib(account) as client:
        client.select()
        assert client.search(None, "SUBJECT", '"wo"') == ("OK", [b"2"])
        assert client.search(None, "NOT", "SUBJECT", '"wo"', "UNSEEN") == ("OK", [b"1 3"])
        client.store("2", "+FLAGS", r"(\Deleted \Flagged)")
        client.store("3", "FLAGS", r"(\Seen important)")
        assert client.expunge() == ("OK", [b"2"])
        client.close()

    assert account.flags() == {b"one": set(), b"three": {"\\Seen", "important"}}


def test_imaplib_appends_copies_and_makes_mailboxes(account: Account) -> None:
    account.deliver(mail("one"))
    with _imaplib(account) as client:
        assert client.create("Projects/A&-B")[0] == "OK"
        assert client.append("Projects/A&-B", r"(\Seen)", '"01-Feb-2020 03:04:05 +0100"', mail("drafted"))[0] == "OK"
        client.select()
        assert client.copy("1", "Projects/A&-B")[0] == "OK"
        assert client.status("Projects/A&-B", "(MESSAGES UNSEEN)")[1][0].endswith(b"(MESSAGES 2 UNSEEN 1)")
        assert client.create("Projects/A&-B")[0] == "NO"
        client.select("Projects/A&-B", readonly=True)
        dates = [imaplib.Internaldate2tuple(each) for each in client.fetch("1", "(INTERNALDATE)")[1]]
        assert client.rename("Projects/A&-B", "Projects/Older")[0] == "OK"

    assert dates[0] is not None
    assert dates[0].tm_year == 2020
    assert account.octets("Projects/Older") == [mail("drafted"), mail("one")]


# -- imapclient


@pytest.mark.needs("imapclient")
def test_imapclient_reads_flags_and_moves(account: Account) -> None:
    from imapclient import IMAPClient

    account.deliver(mail("one"), mail("=?utf-8?q?Gr=C3=B6=C3=9Fe?="), mail("three"))
    with IMAPClient("127.0.0.1", account.server.imap, ssl=False, timeout=20) as client:
        client.login(account.name, "secret")
        client.create_folder("Größe & mehr")
        assert client.select_folder("INBOX")[b"EXISTS"] == 3
        one, two, three = client.search("ALL")
        assert client.search(["SUBJECT", "Größe"], "UTF-8") == [two]
        found = client.fetch([one, two], ["ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[]", "INTERNALDATE", "RFC822.SIZE"])
        client.add_flags([one], [rb"\Seen", b"work"])
        client.move([two], "Größe & mehr")
        client.delete_messages([three])
        client.expunge([three])
        assert "Größe & mehr" in [name for _, _, name in client.list_folders()]
        client.select_folder("Größe & mehr", readonly=True)
        assert len(client.search()) == 1

    assert found[one][b"BODY[]"] == mail("one")
    assert found[one][b"ENVELOPE"].subject == b"one"
    assert found[one][b"BODYSTRUCTURE"][:2] == (b"text", b"plain")
    assert found[one][b"RFC822.SIZE"] == len(mail("one"))
    assert account.flags() == {b"one": {"\\Seen", "work"}}


@pytest.mark.needs("imapclient")
def test_imapclient_hears_a_message_in_idle(account: Account) -> None:
    from imapclient import IMAPClient

    account.deliver(mail("one"))
    with IMAPClient("127.0.0.1", account.server.imap, ssl=False, timeout=20) as client:
        client.login(account.name, "secret")
        client.select_folder("INBOX")
        client.idle()
        account.deliver(mail("two"))
        heard: list[tuple[object, ...]] = []
        while (2, b"EXISTS") not in heard:
            heard += client.idle_check(timeout=20)
        client.idle_done()

    assert len(account.octets()) == 2


# -- imap-tools


@pytest.mark.needs("imap_tools")
def test_imap_tools_reads_and_sorts_away(account: Account) -> None:
    from imap_tools import AND, MailBoxUnencrypted, MailMessageFlags

    account.deliver(mail("one"), mail("two", "Ihre Größe"), mail("three"))
    with MailBoxUnencrypted("127.0.0.1", account.server.imap).login(account.name, "secret") as client:
        client.folder.create("Done")
        found = list(client.fetch(AND(subject="two", seen=False), charset="utf-8", mark_seen=False))
        client.flag([found[0].uid or ""], MailMessageFlags.FLAGGED, True)
        client.move(client.uids(AND(subject="one")), "Done")
        client.delete(client.uids(AND(subject="three")))
        assert client.folder.status("Done")["MESSAGES"] == 1

    assert [(each.subject, each.text.strip(), each.from_) for each in found] == [("two", "Ihre Größe", "app@shop.test")]
    assert account.flags() == {b"two": {"\\Flagged"}}


@pytest.mark.needs("imap_tools")
def test_imap_tools_waits_for_a_message(account: Account) -> None:
    from imap_tools import MailBoxUnencrypted

    with MailBoxUnencrypted("127.0.0.1", account.server.imap).login(account.name, "secret") as client:
        client.idle.start()
        account.deliver(mail("one"))
        heard = client.idle.poll(timeout=20)
        client.idle.stop()
        subjects = [each.subject for each in client.fetch()]

    assert b"* 1 EXISTS" in heard
    assert subjects == ["one"]
    assert account.flags() == {b"one": {"\\Seen"}}


# -- aioimaplib


@pytest.mark.needs("aioimaplib")
def test_aioimaplib_waits_for_a_message_and_reads_it(account: Account) -> None:
    from aioimaplib import aioimaplib

    async def read() -> bytes:
        client = aioimaplib.IMAP4("127.0.0.1", account.server.imap, timeout=20)
        await client.wait_hello_from_server()
        assert (await client.login(account.name, "secret")).result == "OK"
        await client.select()
        idling = await client.idle_start(timeout=20)
        await asyncio.to_thread(account.deliver, mail("one"))
        while b"1 EXISTS" not in await client.wait_server_push():
            pass
        client.idle_done()
        await asyncio.wait_for(idling, 20)
        answer = await client.uid("fetch", "1:*", "(BODY.PEEK[])")
        await client.logout()
        return bytes(answer.lines[1])

    assert run_and_hang_up(read()) == mail("one")
