"""What comes between DATA and the final dot, in pieces of any size."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailtrap.smtp.data import PARTIAL, Data

OCTETS = st.one_of(st.binary(), st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"x", b"\0"])).map(b"".join))


def stuffed(message: bytes) -> bytes:
    """What an SMTP client sends for *message*, by RFC 5321 §4.5.2."""
    if message and not message.endswith(b"\r\n"):
        message += b"\r\n"
    return re.sub(rb"(^|\r\n)\.", rb"\1..", message) + b".\r\n"


def received(octets: bytes, size: int, limit: int = 1 << 30) -> tuple[Data, bytes]:
    """*octets* taken in pieces of *size*, and what of them was left over behind the end."""
    data = Data(limit)
    for at in range(0, len(octets), size):
        rest = data.feed(octets[at : at + size])
        if rest is not None:
            return data, rest + octets[at + size :]
    raise AssertionError("the end was not found")


def smtplib_sends(message: bytes) -> bytes:
    """What `smtplib.SMTP.data` makes of bytes."""
    octets = re.sub(rb"(?m)^\.", b"..", message)
    return octets + (b"" if octets.endswith(b"\r\n") else b"\r\n") + b".\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(
    "fake_end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r\n.\r\r\n", b"\r\n..\r\n", b"\n\r.\r\n"]
)
def test_only_crlf_dot_crlf_is_the_end(fake_end: bytes, size: int) -> None:
    _, rest = received(b"before" + fake_end + b"after\r\n.\r\nQUIT\r\n", size)

    assert rest == b"QUIT\r\n"


@given(OCTETS, st.integers(1, 9))
def test_no_octets_bring_it_down(octets: bytes, size: int) -> None:
    data = Data(10)
    for at in range(0, len(octets), size):
        if data.feed(octets[at : at + size]) is not None:
            break

    assert data.size >= 0
    assert len(data.partial()) <= len(octets)


@given(OCTETS, st.integers(1, 9))
@example(b".", 1)
@example(b"\r\n.\r\n", 1)
@example(b"", 1)
def test_what_was_sent_is_what_comes_out(message: bytes, size: int) -> None:
    data, rest = received(stuffed(message) + b"NOOP\r\n", size)
    complete = message + (b"" if not message or message.endswith(b"\r\n") else b"\r\n")
    octets = data.message()

    assert rest == b"NOOP\r\n"
    assert octets == (complete.replace(b"\n..", b"\n.") if data.dots_after_lf else complete)
    assert len(octets) <= data.size


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"x"])).map(b"".join))
def test_pieces_make_no_difference(octets: bytes) -> None:
    octets += b"\r\n.\r\n"
    outcomes = []
    for size in (1, 2, 3, 7, 1000):
        data, rest = received(octets, size)
        outcomes.append((data.size, bytes(data.message()), rest, data.dots_after_lf))

    assert all(outcome == outcomes[0] for outcome in outcomes)


@given(st.lists(st.sampled_from([b"\n", b".", b"x", b"text"])).map(b"".join), st.integers(1, 9))
def test_what_smtplib_sends_as_bytes_comes_out_as_it_was(message: bytes, size: int) -> None:
    data, _ = received(smtplib_sends(message), size)

    assert data.message() == message + b"\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"a\r\n\n..b\n\r\n",  # a CRLF before the last line end
        b"\n.a\n..b\n\r\n",  # a line that begins with one dot
        b".a\n..b\n\r\n",  # the first line does
    ],
)
def test_dots_after_lf_stay_where_another_client_may_have_sent_them(sent: bytes) -> None:
    data, _ = received(sent + b".\r\n", 1000)

    assert b"\n..b" in data.message()
    assert not data.dots_after_lf


def test_the_undone_dots_are_noted() -> None:
    data, _ = received(b"a\n..b\n\r\n.\r\n", 1000)

    assert data.message() == b"a\n.b\n\r\n"
    assert data.dots_after_lf


@pytest.mark.parametrize("size", [1, 7, 100])
def test_too_much_is_read_to_its_end_and_not_kept(size: int) -> None:
    data, rest = received(b"0123456789" * 30 + b"\r\n.\r\nQUIT\r\n", size, limit=100)

    assert data.too_large
    assert rest == b"QUIT\r\n"
    assert data.size == 302


def test_of_too_much_the_beginning_is_kept() -> None:
    data, _ = received(b"x" * (3 * PARTIAL) + b"\r\n.\r\n", 1 << 16, limit=2 * PARTIAL)

    assert data.too_large
    assert data.size == 3 * PARTIAL + 2
    assert data.partial() == b"x" * PARTIAL


def test_the_limit_counts_neither_stuffing_nor_the_final_dot() -> None:
    data, _ = received(stuffed(b".23456\r\n"), 3, limit=8)

    assert not data.too_large
    assert data.message() == b".23456\r\n"


def test_of_half_sent_data_all_is_kept() -> None:
    data = Data(1000)
    data.feed(b"..Subject: hal")
    data.feed(b"f\r\n.\r")

    assert data.partial() == b".Subject: half\r\n.\r"
