"""The same commands on the same messages, to ours and to Dovecot: equivalent answers, or a reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from answers import fetched, returned, sections
from beside_dovecot import ENCLOSED, FOUND_BY_ONE, PART, QUERIES, SINGLE, TOLD_OTHERWISE, WHOLE
from imap_client import ImapClient
from side_by_side import Message, Pair, as_it_is, judge, with_crlf

if TYPE_CHECKING:
    from pathlib import Path

    from dovecot import Dovecot
    from process import Process

pytestmark = [pytest.mark.interop, pytest.mark.needs("dovecot")]


@pytest.fixture(scope="module")
def pair(mailtrap: Process, dovecot: Dovecot, all_corpus_files: list[Path]) -> Iterator[Pair]:
    messages = [with_crlf(file) for file in all_corpus_files if file.stat().st_size]  # Dovecot takes no empty one
    with _pair(mailtrap, dovecot, "beside@x.test", messages) as pair:
        yield pair


@contextmanager
def _pair(mailtrap: Process, dovecot: Dovecot, account: str, messages: Sequence[Message]) -> Iterator[Pair]:
    with ImapClient(("127.0.0.1", mailtrap.imap)) as ours, ImapClient(("127.0.0.1", dovecot.imap)) as theirs:
        yield Pair(ours.log_in(account), theirs.log_in(account), messages)


def test_every_message_is_told_alike(pair: Pair) -> None:
    differences = {}
    for number, message in enumerate(pair.messages, 1):
        for item in [*WHOLE, *_parts(pair, number)]:
            if said := pair.difference(f"FETCH {number} ({item})", fetched):
                differences[message.name, item] = said

    assert not judge(TOLD_OTHERWISE, differences, [message.name for message in pair.messages])


def _parts(pair: Pair, number: int) -> Iterator[str]:
    body = pair.theirs.ok(f"FETCH {number} BODYSTRUCTURE").fetched()[number]["BODYSTRUCTURE"]
    for section, kind in sections(body):
        more = {"multipart": (), "message/rfc822": ENCLOSED}.get(kind, SINGLE)
        for item in PART + more:
            yield item.format(section)


def test_the_envelope_of_a_message_with_bare_line_feeds_is_the_same(
    mailtrap: Process, dovecot: Dovecot, all_corpus_files: list[Path]
) -> None:
    """Dovecot gives such a message with CRLF, so nothing else of it can be compared."""
    messages = [each for each in map(as_it_is, all_corpus_files) if b"\n" in each.octets.replace(b"\r\n", b"")]
    differences = {}
    with _pair(mailtrap, dovecot, "lf@x.test", messages) as pair:
        for number, message in enumerate(messages, 1):
            if said := pair.difference(f"FETCH {number} (ENVELOPE)", fetched):
                differences[message.name, "ENVELOPE"] = said

    assert len(messages) > 2
    assert not judge(TOLD_OTHERWISE, differences, [])


def test_every_search_finds_the_same(pair: Pair) -> None:
    differences = {}
    for query in QUERIES:
        for name, who in pair.found_by_one(query):
            differences[name, query] = f"{query} is found by {who} alone"

    assert not judge(FOUND_BY_ONE, differences, [message.name for message in pair.messages])


@pytest.mark.parametrize("options", ["MIN", "MAX", "COUNT", "ALL", "MIN MAX COUNT ALL", ""])
@pytest.mark.parametrize("query", ["UNSEEN", "3:7", "SUBJECT nowhere-to-be-found", "UID 2:50 NOT FLAGGED"])
@pytest.mark.parametrize("by", ["", "UID "])
def test_search_returns_what_was_asked_for(pair: Pair, by: str, query: str, options: str) -> None:
    assert not pair.difference(f"{by}SEARCH RETURN ({options}) {query}", returned)
