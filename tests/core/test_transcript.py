"""What is kept of a conversation, and that it shows as itself and nothing more."""

from hypothesis import given
from hypothesis import strategies as st

from mailtrap.transcript import Transcript, printable


def test_lines_are_kept_in_order_with_who_said_them() -> None:
    transcript = Transcript("smtp")
    transcript.add("S", b"220 here\r\n")
    transcript.add("C", b"EHLO there\r\n")
    transcript.add("S", b"250-here\r\n250 SIZE\r\n")

    assert [(line.who, line.text) for line in transcript.lines()] == [
        ("S", "220 here"),
        ("C", "EHLO there"),
        ("S", "250-here"),
        ("S", "250 SIZE"),
    ]


def test_a_long_session_is_cut_and_says_so() -> None:
    transcript = Transcript("smtp", limit=100)
    for _ in range(10):
        transcript.add("C", b"NOOP" * 10)

    assert list(transcript.lines())[-1].text == "8 more left out"


def test_control_and_bidi_characters_are_escaped() -> None:
    assert printable("a\x1b[2J\u202eb\tc é 日") == "a\\x1b[2J\\u202eb\tc é 日"


@given(st.binary())
def test_any_octets_show_as_printable_text(octets: bytes) -> None:
    transcript = Transcript("smtp")
    transcript.add("C", octets)

    for line in transcript.lines():
        assert line.text.replace("\t", "").isprintable()
        line.text.encode()
