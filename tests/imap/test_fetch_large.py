"""FETCH of large messages: slice by slice, never whole in memory, and what happens when one goes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from messages import new_message

from mailtrap.current import Current
from mailtrap.errors import NotFound
from mailtrap.imap.opened import SMALL, Opened, Trees
from mailtrap.imap.responses import CHUNK
from mailtrap.imap.session import Session, World
from mailtrap.message.parse import Part
from mailtrap.store import Store
from mailtrap.store.records import Flag

ANN = "ann@example.com"
HEADER = b"Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
ATTACHMENT = b"".join(b"%076d\r\n" % number for number in range(20_000)).rstrip()
LARGE = (
    HEADER
    + b"--b\r\n\r\nshort\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + ATTACHMENT
    + b"\r\n--b--\r\n"
)


class Reading:
    """A session of Ann's, and what it asks of the store."""

    def __init__(self, store: Store, *messages: bytes) -> None:
        self.store = store
        self.project = store.new_project().id
        for octets in messages:
            store.add(new_message(self.project, octets, rcpt_to=(ANN,))).result()
        self.session = Session(World(store, Current(self.project)))
        list(self.session.receive(b"a LOGIN %b x\r\na SELECT INBOX\r\n" % ANN.encode()))

    def chunks(self, command: bytes) -> Iterator[bytes]:
        return self.session.receive(b"a %b\r\n" % command)

    def answer(self, command: bytes) -> bytes:
        return b"".join(self.chunks(command))

    def delete(self) -> None:
        self.store.delete(self.project, [each.id for each in self.store.messages(self.project).summaries])


@pytest.fixture
def reading(store: Store) -> Reading:
    return Reading(store, LARGE)


@pytest.fixture
def reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many octets were read of large messages, each time."""
    sizes: list[int] = []
    octets: Callable[..., bytes] = store.octets

    def counted(number: int, start: int = 0, stop: int | None = None) -> bytes:
        found = octets(number, start, stop)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(store, "octets", counted)
    return sizes


def test_a_large_message_comes_in_pieces_and_is_read_so(reading: Reading, reads: list[int]) -> None:
    chunks = [chunk for chunk in reading.chunks(b"FETCH 1 BODY.PEEK[]") if chunk]

    assert b"".join(chunks).startswith(b"* 1 FETCH (BODY[] {%d}\r\n%b" % (len(LARGE), LARGE))
    assert max(map(len, chunks)) == CHUNK
    assert max(reads) == CHUNK
    assert sum(reads) == len(LARGE)


def test_no_more_is_read_than_what_was_told(reading: Reading, reads: list[int]) -> None:
    chunks = reading.chunks(b"FETCH 1 BODY.PEEK[]")

    next(chunk for chunk in chunks if chunk)
    assert sum(reads) <= 2 * CHUNK
    chunks.close()  # type: ignore[attr-defined]  # it is a generator


@pytest.mark.parametrize("item", [b"BODY.PEEK[HEADER]", b"RFC822.HEADER", b"BODY.PEEK[HEADER.FIELDS (SUBJECT)]"])
def test_for_a_header_its_beginning_is_read(reading: Reading, reads: list[int], item: bytes) -> None:
    assert b"Subject: large\r\n" in reading.answer(b"FETCH 1 " + item)

    assert sum(reads) <= 2 * CHUNK


def test_a_slice_is_read_as_such(reading: Reading, reads: list[int]) -> None:
    assert b"BODY[]<1000000> {5}\r\n%b)" % LARGE[1_000_000:1_000_005] in reading.answer(b"FETCH 1 BODY[]<1000000.5>")

    assert reads == [5]


def test_a_header_may_be_large_too(store: Store) -> None:
    header = b"X: y\r\n" * 100_000 + b"\r\n"
    reading = Reading(store, header + b"body\r\n")

    assert b"BODY[TEXT] {6}\r\nbody\r\n" in reading.answer(b"FETCH 1 BODY.PEEK[TEXT]")
    assert b"BODY[HEADER] {%d}\r\n%b)" % (len(header), header) in reading.answer(b"FETCH 1 BODY.PEEK[HEADER]")


def test_an_empty_line_at_the_edge_of_what_was_read_is_seen(store: Store) -> None:
    for missing in range(6):
        reading = Reading(store, b"X: ".ljust(CHUNK - missing, b"x") + b"\r\n\r\n" + b"body\r\n" * 50_000)

        assert b"BODY[TEXT]<0> {8}\r\nbody\r\nbo)" in reading.answer(b"FETCH 1 BODY.PEEK[TEXT]<0.8>")


def test_a_message_is_taken_apart_once(reading: Reading, reads: list[int]) -> None:
    told = b""
    for at in range(0, len(ATTACHMENT), 100_000):
        answer = reading.answer(b"FETCH 1 BODY.PEEK[2]<%d.100000>" % at)
        told += answer.partition(b"}\r\n")[2].partition(b")\r\na OK")[0]

    assert told == ATTACHMENT
    assert reads.count(len(LARGE)) == 1
    assert sum(reads) == len(LARGE) + len(ATTACHMENT)


def test_what_takes_long_is_done_in_the_pool(reading: Reading) -> None:
    session = reading.session

    steps = [session.blocking for chunk in reading.chunks(b"FETCH 1 BODY.PEEK[1]") if chunk]
    assert steps == [True, False]  # the response in the pool, the end of the command in the loop
    assert [session.blocking for _ in reading.chunks(b"FETCH 1 BODY.PEEK[]<0.9>")] == [False] * 3


@pytest.mark.parametrize(
    "item", [b"BODY.PEEK[HEADER.FIELDS (X)]", b"BODY.PEEK[TEXT]", b"RFC822.HEADER", b"RFC822.TEXT"]
)
def test_the_end_of_a_large_messages_header_is_looked_for_in_the_pool(store: Store, item: bytes) -> None:
    large = Reading(store, b"X: y\r\n" * 100_000 + b"\r\nbody\r\n")
    small = Reading(store, b"X: y\r\n\r\nbody\r\n")

    assert {large.session.blocking for chunk in large.chunks(b"FETCH 1 " + item) if chunk[:3] == b"* 1"} == {True}
    small.answer(b"STORE 1 FLAGS (\\Seen)")
    assert not any(small.session.blocking for _ in small.chunks(b"FETCH 1 " + item))


def test_large_contents_are_decoded(reading: Reading) -> None:
    answer = reading.answer(b"FETCH 1 (BINARY.SIZE[2] BINARY.PEEK[2])")

    size = len(ATTACHMENT.replace(b"\r\n", b"")) * 3 // 4
    assert b"BINARY.SIZE[2] %d BINARY[2] {%d}\r\n" % (size, size) in answer


def test_large_and_small_ones_take_turns(store: Store) -> None:
    small = b"\r\n%b\r\n" % (b"x" * (SMALL - 4))
    messages = [small, LARGE, b"\r\n", LARGE, small + b"y"]

    answer = Reading(store, *messages).answer(b"FETCH 1:5 BODY.PEEK[]")
    for number, octets in enumerate(messages, 1):
        told = b"* %d FETCH (BODY[] {%d}\r\n%b)\r\n" % (number, len(octets), octets)
        assert answer.startswith(told)
        answer = answer[len(told) :]
    assert answer == b"a OK FETCH completed\r\n"


def test_each_is_marked_before_it_is_told_and_not_long_before(store: Store) -> None:
    reading = Reading(store, LARGE, LARGE, LARGE)
    chunks = reading.chunks(b"FETCH 1:3 BODY[]")

    told = b""
    while not told:
        told = next(chunks)
    assert told.startswith(b"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[] {")
    mailbox = store.mailbox(reading.project, ANN).id
    assert [each.flags for each in store.entries(mailbox)] == [Flag.SEEN, Flag(0), Flag(0)]


def test_what_went_before_it_was_told_is_left_out(reading: Reading) -> None:
    reading.delete()

    for item in (b"BODY.PEEK[]", b"BODY.PEEK[HEADER]", b"BODY.PEEK[2]", b"BODY[]", b"BINARY.SIZE[2]"):
        assert reading.answer(b"FETCH 1 " + item).startswith(b"a NO [EXPUNGEISSUED] ")


def test_what_goes_in_the_middle_of_a_literal_ends_the_session(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = reading.chunks(b"FETCH 1 BODY.PEEK[]")
    told = next(chunk for chunk in chunks if chunk)
    reading.delete()
    monkeypatch.setattr(reading.store, "octets", gone)  # space returns in the background, at some time

    told += b"".join(chunks)
    assert LARGE.startswith(told.partition(b"}\r\n")[2])
    assert reading.session.closing


def gone(number: int, start: int = 0, stop: int | None = None) -> bytes:
    raise NotFound(f"there is no message {number}")


def test_of_the_trees_those_that_were_wanted_last_are_kept() -> None:
    trees = Trees(limit=2)
    roots = [Part(str(number), 0, 0, 0) for number in range(3)]
    for number in (0, 1):
        trees.keep(number, roots[number])

    assert trees.get(0) is roots[0]
    trees.keep(2, roots[2])
    assert trees.get(1) is None
    assert trees.get(0) is roots[0]


def test_a_message_that_is_only_header_is_read_to_its_end(store: Store) -> None:
    octets = b"X: y\r\n" * 60_000
    mailbox = store.mailbox(Reading(store, octets).project, ANN).id
    [row] = store.fetch(mailbox, [1])

    assert Opened(store, row).header_end == len(octets)
