"""FETCH: what is told of messages, and what that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conversations import SansIo
from hypothesis import example, given
from hypothesis import strategies as st
from imap_reader import ENDS_WITH_LITERAL, pairs, response
from messages import new_message

from mailtrap.current import Current
from mailtrap.imap.session import Session, World
from mailtrap.message.parse import parse
from mailtrap.message.structure import body, bodystructure, envelope
from mailtrap.store import Store
from mailtrap.store.records import Flag

ANN = "ann@example.com"
AT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
HELLO = b"From: Bob <bob@x.test>\r\nSubject: Hello\r\nTo: ann@example.com\r\n\r\nHello, Ann.\r\n"
MULTIPART = (
    b"Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nSGkA\r\n"
    b"--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=B6=\r\n=C3=9Fe\r\n"
    b"--b\r\nContent-Transfer-Encoding: x-squeezed\r\n\r\nleft\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n"
    b"--b--\r\n"
)


class Client:
    """Ann, who has selected her INBOX."""

    def __init__(self, store: Store, *messages: bytes, command: bytes = b"SELECT INBOX") -> None:
        self.store = store
        self.project = store.new_project().id
        self.add(*messages)
        self.conversation = SansIo(Session(World(store, Current(self.project))), store.bus)
        self.ask(b"LOGIN %b x" % ANN.encode())
        self.ask(command)

    def add(self, *messages: bytes) -> None:
        for octets in messages:
            self.store.add(new_message(self.project, octets, rcpt_to=(ANN,), received_at=AT)).result()

    @property
    def mailbox(self) -> int:
        return self.store.mailbox(self.project, ANN).id

    def octets(self, command: bytes) -> bytes:
        """All that is answered, as it comes."""
        self.conversation.received.clear()
        self.conversation.chunks.clear()
        self.conversation.send(b"a %b\r\n" % command)
        return bytes(self.conversation.received)

    def ask(self, command: bytes) -> list[list[Any]]:
        """The responses, the tagged one last."""
        return [response(each) for each in split(self.octets(command))]

    def fetch(self, items: bytes, which: bytes = b"1") -> dict[str, Any]:
        """What is told of one message."""
        *told, tagged = self.ask(b"FETCH %b %b" % (which, items))
        assert tagged[1] == "OK", tagged
        assert len(told) == 1, told
        return pairs(told[0][3])

    def flags(self) -> list[Flag]:
        return [each.flags for each in self.store.entries(self.mailbox)]


def split(octets: bytes) -> Iterator[bytes]:
    """Responses, one by one; only untagged ones have literals, though a text may end as if it had one."""
    start = at = 0
    while start < len(octets):
        end = octets.index(b"\r\n", at) + 2
        literal = ENDS_WITH_LITERAL.search(octets[start:end]) if octets.startswith(b"* ", start) else None
        at = end + int(literal[1]) if literal else end
        if not literal:
            yield octets[start:end]
            start = at


Make = Callable[..., Client]


@pytest.fixture
def make(store: Store) -> Iterator[Make]:
    made: list[Client] = []

    def client(*messages: bytes, **options: Any) -> Client:
        made.append(Client(store, *messages, **options))
        return made[-1]

    yield client
    for each in made:
        each.conversation.hang_up()


# -- what is wrong


@pytest.mark.parametrize(
    "items",
    [
        "", "()", "X", "(UID X)", "FLAGS UID", "(FLAGS)x", "(FLAGS  UID)", "(FLAGS", "(ALL)", "(FLAGS FAST)",
        "FLAGS ALL", "UID[]", "FLAGS[]", "BODY[", "BODY[]]", "BODY[X]", "BODY[1.]", "BODY[1.X]", "BODY[.1]",
        "BODY[0]", "BODY[1.0]", "BODY[1..2]", "BODY[-1]", "BODY[1]x", "BODY[MIME]", "BODY[HEADER.1]", "BODY[TEXT.1]",
        "BODY[HEADER.FIELDS]", "BODY[HEADER.FIELDS ()]", "BODY[HEADER.FIELDS (A]", "BODY[HEADER.FIELDS (A)",
        "BODY[HEADER.FIELDS A]", "BODY[HEADER (A)]", "BODY[TEXT]<", "BODY[TEXT]<1>", "BODY[TEXT]<1.>",
        "BODY[TEXT]<1.0>", "BODY[TEXT]<.1>", "BODY[TEXT]<1.2", "BODY[TEXT]<1.99999999999999999999>",
        "BODY[]<0.1><1.2>", "BODY.PEEK", "BODY.PEEK[", "BODYSTRUCTURE[]", "BINARY", "BINARY[HEADER]",
        "BINARY[1.MIME]", "BINARY.SIZE[1]<0.1>", "RFC822.PEEK", "RFC822.TEXT.PEEK", "RFC822[]",
    ],
)  # fmt: skip
def test_what_there_is_not_is_bad(make: Make, items: str) -> None:
    client = make(HELLO)

    [tagged] = client.ask(b"FETCH 1 " + items.encode())
    assert tagged[1] == "BAD"
    assert client.flags() == [Flag(0)]


@pytest.mark.parametrize("which", ["", "0", "2", "1:2", "1,", "x", "1 ", "-1"])
def test_messages_that_there_are_not_are_bad(make: Make, which: str) -> None:
    [tagged] = make(HELLO).ask(b"FETCH %b FLAGS" % which.encode())

    assert tagged[1] == "BAD"


def test_uids_that_there_are_not_are_left_out(make: Make) -> None:
    assert make(HELLO).ask(b"UID FETCH 7:9,12 FLAGS") == [["a", "OK", None, "UID FETCH completed"]]


# -- of the entry


def test_what_is_known_of_an_entry(make: Make) -> None:
    client = make(HELLO, MULTIPART)
    client.store.flag(client.mailbox, [2], add=Flag.SEEN | Flag.FLAGGED, add_keywords=["$Forwarded"])
    client.ask(b"NOOP")

    assert client.fetch(b"(UID FLAGS INTERNALDATE RFC822.SIZE)", b"2") == {
        "UID": 2,
        "FLAGS": ["\\Flagged", "\\Seen", "$Forwarded", "\\Recent"],
        "INTERNALDATE": b" 3-Nov-2026 09:15:00 +0000",
        "RFC822.SIZE": len(MULTIPART),
    }


def test_envelope_and_structures_are_those_of_the_message(make: Make) -> None:
    client = make(MULTIPART)
    structure = parse(MULTIPART)

    assert client.octets(b"FETCH 1 ENVELOPE") == (
        b"* 1 FETCH (ENVELOPE %b)\r\na OK FETCH completed\r\n" % envelope(MULTIPART, structure)
    )
    assert b"(BODYSTRUCTURE %b)\r\n" % bodystructure(MULTIPART, structure) in client.octets(b"FETCH 1 BODYSTRUCTURE")
    assert b"(BODY %b)\r\n" % body(MULTIPART, structure) in client.octets(b"FETCH 1 BODY")


@pytest.mark.parametrize(
    ("macro", "names"),
    [
        ("fast", "FLAGS INTERNALDATE RFC822.SIZE"),
        ("All", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"),
        ("FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"),
    ],
)
def test_macros_mean_several(make: Make, macro: str, names: str) -> None:
    assert list(make(HELLO).fetch(macro.encode())) == names.split()


def test_names_come_in_any_letter_case_and_each_once(make: Make) -> None:
    assert make(HELLO).octets(b"fetch 1 (uid Uid body.peek[text]<0.2> Rfc822.Size body.Peek[Text]<0.2>)") == (
        b"* 1 FETCH (UID 1 RFC822.SIZE 76 BODY[TEXT]<0> {2}\r\nHe)\r\na OK FETCH completed\r\n"
    )


def test_with_uid_fetch_the_uid_is_always_told(make: Make) -> None:
    client = make(HELLO, HELLO, HELLO)
    client.store.remove(client.mailbox, [1], "imap")
    client.ask(b"NOOP")

    assert client.octets(b"UID FETCH 3 RFC822.SIZE") == (
        b"* 2 FETCH (UID 3 RFC822.SIZE 76)\r\na OK UID FETCH completed\r\n"
    )
    assert client.octets(b"UID FETCH 3 (RFC822.SIZE UID)").startswith(b"* 2 FETCH (UID 3 RFC822.SIZE 76)\r\n")
    assert client.octets(b"UID FETCH 3 BODY.PEEK[]<0.1>").startswith(b"* 2 FETCH (UID 3 BODY[]<0> {1}\r\nF)\r\n")


# -- of the message


@pytest.mark.parametrize(
    ("item", "name", "octets"),
    [
        ("RFC822", "RFC822", HELLO),
        ("RFC822.HEADER", "RFC822.HEADER", HELLO[: HELLO.index(b"Hello, Ann")]),
        ("RFC822.TEXT", "RFC822.TEXT", b"Hello, Ann.\r\n"),
        ("BODY[]", "BODY[]", HELLO),
        ("BODY.PEEK[]", "BODY[]", HELLO),
        ("BODY[]<0.4>", "BODY[]<0>", b"From"),
        ("BODY[]<70.3>", "BODY[]<70>", b"Ann"),
        ("BODY[]<70.1000>", "BODY[]<70>", b"Ann.\r\n"),
        ("BODY[]<76.1>", "BODY[]<76>", b""),
        ("BODY[]<9223372036854775807.9223372036854775807>", "BODY[]<9223372036854775807>", b""),
        ("body[header]", "BODY[HEADER]", HELLO[: HELLO.index(b"Hello, Ann")]),
        ("body[header]<5.3>", "BODY[HEADER]<5>", b" Bo"),
        ("BODY[TEXT]", "BODY[TEXT]", b"Hello, Ann.\r\n"),
        ("BODY[1]", "BODY[1]", b"Hello, Ann.\r\n"),
        ("BODY[1]<7.3>", "BODY[1]<7>", b"Ann"),
        ("BODY[1.MIME]", "BODY[1.MIME]", HELLO[: HELLO.index(b"Hello, Ann")]),
        ("BODY[2]", "BODY[2]", b""),
        ("BODY[1.1]<3.4>", "BODY[1.1]<3>", b""),
        ("BODY[1.2.3.4.5.6.7.8.9.10.HEADER]", "BODY[1.2.3.4.5.6.7.8.9.10.HEADER]", b""),
        ("BODY[HEADER.FIELDS (subject)]", "BODY[HEADER.FIELDS (SUBJECT)]", b"Subject: Hello\r\n\r\n"),
        ('BODY[header.fields ("To" From x)]', "BODY[HEADER.FIELDS (TO FROM X)]",
         b"From: Bob <bob@x.test>\r\nTo: ann@example.com\r\n\r\n"),
        ("BODY[HEADER.FIELDS (X)]", "BODY[HEADER.FIELDS (X)]", b"\r\n"),
        ("BODY[HEADER.FIELDS (Subject)]<9.4>", "BODY[HEADER.FIELDS (SUBJECT)]<9>", b"Hell"),
        ("BODY[HEADER.FIELDS.NOT (From TO)]", "BODY[HEADER.FIELDS.NOT (FROM TO)]", b"Subject: Hello\r\n\r\n"),
        ("BODY[1.HEADER.FIELDS (From)]", "BODY[1.HEADER.FIELDS (FROM)]", b""),
        ("BINARY[]", "BINARY[]", HELLO),
        ("BINARY[]<0.4>", "BINARY[]<0>", b"From"),
        ("BINARY[1]<0.5>", "BINARY[1]<0>", b"Hello"),
    ],
)  # fmt: skip
def test_sections_are_told_by_the_names_that_they_have(make: Make, item: str, name: str, octets: bytes) -> None:
    assert make(HELLO).fetch(item.replace("BODY[", "BODY.PEEK[").encode())[name] == octets


def test_the_name_of_a_field_may_be_any_string(make: Make) -> None:
    client = make(HELLO)

    assert client.octets(b'FETCH 1 BODY.PEEK[HEADER.FIELDS ("a b" {1+}\r\n) "to"])').startswith(b"a BAD")
    assert b'BODY[HEADER.FIELDS ("A B" "(" TO)] {' in client.octets(
        b'FETCH 1 BODY.PEEK[HEADER.FIELDS ("a b" {1+}\r\n( "to")]'
    )


def test_sections_of_parts(make: Make) -> None:
    client = make(MULTIPART)

    found = client.fetch(b"(BODY.PEEK[1] BODY.PEEK[4.HEADER.FIELDS (SUBJECT)] BODY.PEEK[4.1]<0.3> BODY.PEEK[2.MIME])")
    assert found == {
        "BODY[1]": b"SGkA",
        "BODY[4.HEADER.FIELDS (SUBJECT)]": b"Subject: inner\r\n\r\n",
        "BODY[4.1]<0>": b"ins",
        "BODY[2.MIME]": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
    }


def test_binary_is_decoded_and_marked_where_it_has_a_nul(make: Make) -> None:
    client = make(MULTIPART)

    assert b"BINARY[1] ~{3}\r\nHi\0)" in client.octets(b"FETCH 1 BINARY.PEEK[1]")
    assert b"BINARY[1]<0> {2}\r\nHi)" in client.octets(b"FETCH 1 BINARY.PEEK[1]<0.2>")
    assert b"BINARY[1]<2> ~{1}\r\n\0)" in client.octets(b"FETCH 1 BINARY.PEEK[1]<2.9>")
    assert client.fetch(b"BINARY.PEEK[2]") == {"BINARY[2]": "Größe".encode()}
    assert client.fetch(b"BINARY.PEEK[4]") == {"BINARY[4]": b"Subject: inner\r\n\r\ninside"}
    assert client.fetch(b"BINARY.PEEK[9]") == {"BINARY[9]": b""}


@pytest.mark.parametrize(("part", "size"), [("1", 3), ("2", 7), ("4", 24), ("4.1", 6), ("9", 0), ("", len(MULTIPART))])
def test_binary_size_is_that_of_the_content(make: Make, part: str, size: int) -> None:
    client = make(MULTIPART)

    assert client.fetch(b"BINARY.SIZE[%b]" % part.encode()) == {f"BINARY.SIZE[{part}]": size}
    assert len(client.fetch(b"BINARY.PEEK[%b]" % part.encode())[f"BINARY[{part}]"]) == size


@pytest.mark.parametrize("item", [b"BINARY[3]", b"BINARY.PEEK[3]<0.1>", b"BINARY.SIZE[3]"])
def test_an_encoding_that_nobody_knows_is_refused(make: Make, item: bytes) -> None:
    *told, tagged = make(MULTIPART, HELLO).ask(b"FETCH 1:2 (UID %b)" % item)

    assert tagged[:3] == ["a", "NO", ["UNKNOWN-CTE"]]
    assert [each[1] for each in told if "UID" in each[3][:1]] == [2]  # the other is told nonetheless


def test_octets_are_told_as_they_came(make: Make, corpus: Path) -> None:
    octets = corpus.read_bytes()
    client = make(octets)

    found = client.fetch(b"(BODY.PEEK[] RFC822.HEADER BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822.SIZE)")
    assert found["BODY[]"] == octets
    assert found["BODY[HEADER]"] + found["BODY[TEXT]"] == octets
    assert found["RFC822.HEADER"] == found["BODY[HEADER]"]
    assert found["RFC822.SIZE"] == len(octets)


# -- \\Seen


@pytest.mark.parametrize(
    "item", ["BODY[]", "BODY[1]", "BODY[]<0.1>", "BODY[HEADER]", "RFC822", "RFC822.TEXT", "BINARY[1]"]
)
def test_who_reads_has_seen(make: Make, item: str) -> None:
    client = make(HELLO, HELLO)

    found = client.fetch(item.encode(), b"2")
    assert found["FLAGS"] == ["\\Seen", "\\Recent"]
    assert client.flags() == [Flag(0), Flag.SEEN]
    assert "FLAGS" not in client.fetch(item.encode(), b"2")  # for they did not change
    assert client.ask(b"NOOP") == [["a", "OK", None, "NOOP completed"]]


@pytest.mark.parametrize(
    "item", ["BODY.PEEK[]", "BINARY.PEEK[1]", "BINARY.SIZE[1]", "RFC822.HEADER", "BODY", "BODYSTRUCTURE", "ALL", "FULL"]
)
def test_who_only_looks_has_not_seen(make: Make, item: str) -> None:
    client = make(HELLO)

    client.fetch(item.encode())
    assert client.flags() == [Flag(0)]


def test_a_mailbox_to_look_into_does_not_change(make: Make) -> None:
    client = make(HELLO, command=b"EXAMINE INBOX")

    assert client.fetch(b"BODY[TEXT]") == {"BODY[TEXT]": b"Hello, Ann.\r\n"}
    assert client.flags() == [Flag(0)]


def test_flags_that_are_asked_for_are_those_after_reading(make: Make) -> None:
    assert make(HELLO).octets(b"FETCH 1 (FLAGS BODY[]<0.1>)") == (
        b"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[]<0> {1}\r\nF)\r\na OK FETCH completed\r\n"
    )


def test_many_are_seen_and_each_is_told(make: Make) -> None:
    client = make(*[HELLO] * 120)
    client.store.flag(client.mailbox, [7], add=Flag.SEEN)

    *told, tagged = client.ask(b"FETCH 1:* BODY[TEXT]")
    found = [pairs(each[3]) for each in told if "BODY[TEXT]" in each[3]]
    assert len(found) == 120
    assert [number for number, each in enumerate(found, 1) if "FLAGS" not in each] == [7]
    assert tagged[1] == "OK"
    assert client.flags() == [Flag.SEEN] * 120


def test_what_writes_is_done_in_the_pool_and_the_rest_in_the_loop(make: Make) -> None:
    session = make(HELLO).conversation.session

    steps = [(session.blocking, bool(chunk)) for chunk in session.receive(b"a FETCH 1 BODY[]\r\n")]
    assert [step for step in steps if step[0] or step[1]] == [(True, False), (False, True), (False, True)]
    assert steps[steps.index((True, False)) + 1] == (False, False)


def test_a_keyword_is_announced_before_a_message_has_it(make: Make) -> None:
    client = make(HELLO)
    client.store.flag(client.mailbox, [1], add_keywords=["$New"])

    flags, permanent, fetched, _ = client.ask(b"FETCH 1 FLAGS")
    assert "$New" in flags[2]
    assert permanent[2][0] == "PERMANENTFLAGS"
    assert fetched[3] == ["FLAGS", ["$New", "\\Recent"]]


# -- others


def test_what_is_removed_meanwhile_is_told_until_the_client_knows(make: Make) -> None:
    # RFC 2180 §4.1.1
    client = make(HELLO, HELLO)
    client.store.remove(client.mailbox, [1], "pop3")

    assert client.fetch(b"RFC822.SIZE") == {"RFC822.SIZE": len(HELLO)}
    assert client.fetch(b"BODY.PEEK[TEXT]") == {"BODY[TEXT]": b"Hello, Ann.\r\n"}


@pytest.mark.parametrize("item", [b"FLAGS", b"ENVELOPE", b"BODY.PEEK[]", b"BODY[]", b"BODY"])
def test_what_is_deleted_everywhere_is_left_out_and_refused(make: Make, item: bytes) -> None:
    # RFC 2180 §4.1.2, RFC 5530 §3
    client = make(HELLO, HELLO, HELLO)
    _, middle, _ = client.store.messages(client.project).summaries
    client.store.delete(client.project, [middle.id])

    *told, tagged = client.ask(b"FETCH 1:3 %b" % item)
    assert [each[1] for each in told if each[2] == "FETCH"] == [1, 3]
    assert tagged[:3] == ["a", "NO", ["EXPUNGEISSUED"]]


def test_pages_come_in_pieces_of_one_size(make: Make) -> None:
    client = make(*[b"Subject: %d\r\n\r\n%b" % (number, b"x" * 20_000) for number in range(30)])

    client.octets(b"FETCH 1:* (UID BODY.PEEK[])")
    sizes = [len(chunk) for chunk in client.conversation.chunks if chunk]
    assert max(sizes) == 1 << 16
    assert len(sizes) < 20


def test_thousands_are_told_in_their_order(make: Make) -> None:
    client = make(HELLO)
    target = client.store.make_mailbox(client.project, ANN, "Many").id
    for _ in range(9):
        client.store.copy(client.mailbox, [1], target)
        client.store.copy(target, [each.uid for each in client.store.entries(target)], target)
    client.ask(b"SELECT Many")

    *told, _ = client.ask(b"UID FETCH 1:* (FLAGS ENVELOPE)")
    count = client.store.mailbox(client.project, ANN, "Many").messages
    assert count > 400
    assert [(each[1], each[3][1]) for each in told] == [(number, number) for number in range(1, count + 1)]


def test_a_failure_of_one_message_spares_the_rest(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = make(HELLO, b"\r\nfails\r\n", HELLO)
    monkeypatch.setattr("mailtrap.imap.opened.header_end", lambda octets: 1 // (len(octets) - 9) and 3)

    *told, tagged = client.ask(b"FETCH 1:3 BODY.PEEK[HEADER]")
    assert [each[1] for each in told] == [1, 3]
    assert tagged[:3] == ["a", "NO", ["SERVERBUG"]]
    assert "ZeroDivisionError" in caplog.text


PIECES = st.sampled_from(
    b"FETCH BODY BODY.PEEK BINARY BINARY.SIZE RFC822.TEXT UID FLAGS HEADER HEADER.FIELDS HEADER.FIELDS.NOT MIME TEXT"
    b' ( ) [ ] < > . , : * 0 1 2 9223372036854775807 9999999999999999999 " \\ FROM {0+}'.split()
)


@given(st.lists(st.one_of(PIECES, st.just(b" "), st.binary(max_size=3)), max_size=12).map(b"".join))
@example(b"1 BODY[HEADER.FIELDS (FROM)]<0.1>")
@example(b"1 (BINARY[1] BODY[1.MIME] FLAGS)")
def test_any_octets_after_fetch_are_answered(store: Store, arguments: bytes) -> None:
    client = Client(store, HELLO)

    *_, tagged = client.ask(b"FETCH " + arguments.replace(b"\n", b"").replace(b"\r", b"").rstrip(b"}"))
    assert tagged[:2] in (["a", "OK"], ["a", "BAD"])
    assert client.ask(b"NOOP")[-1][1] == "OK"
    client.conversation.hang_up()
