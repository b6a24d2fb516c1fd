"""Every limit: the setting that it is, what it answers by each protocol, and the tests that show it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from mailtrap.sandbox import Sandbox
from mailtrap.settings import OPTIONS

TESTS = Path(__file__).parent.parent


class Shown(NamedTuple):
    """What a row of the manual's page on limits rests on."""

    row: str
    settings: str = ""
    """What changes it."""
    by: str = ""
    """A file of transcripts, or a file and the beginning of a test's name; relative to the folder of the tests."""


ROWS = (
    Shown(
        "bare line ends, also around a dot",
        by="transcripts/smtp/smuggling_lf_dot_lf.txt transcripts/smtp/smuggling_crlf_dot_lf.txt "
        "transcripts/smtp/smuggling_cr_dot_cr.txt smtp/test_data.py::test_only_crlf_dot_crlf_is_the_end "
        "pop3/test_round_trip.py::test_ web/test_round_trip.py::test_",
    ),
    Shown(
        "odd octets, headers and structures",
        by="transcripts/smtp/any_octets.txt smtp/test_session.py::test_any_octets_come_out_as_they_came_in "
        "smtp/test_session.py::test_a_message_that_cannot_be_examined_is_stored_all_the_same "
        "message/test_defects.py::test_ pop3/test_round_trip.py::test_",
    ),
    Shown(
        "the size of a message",
        "size_limit import_limit",
        "transcripts/smtp/size_limit.txt transcripts/smtp/size_limit_met.txt transcripts/imap/append_too_large.txt "
        "web/test_http.py::test_a_body_beyond_the_limit_is_refused_and_not_kept",
    ),
    Shown("deep, long and crowded structures", by="message/test_linear.py::test_ message/test_parse.py::test_"),
    Shown(
        "command lines",
        "line_limit",
        "transcripts/smtp/lines.txt transcripts/pop3/lines.txt transcripts/imap/lines.txt "
        "transcripts/smtp/lines_limit.txt transcripts/pop3/lines_limit.txt transcripts/imap/lines_limit.txt "
        "reliability/test_limits.py::test_a_line_that_is_too_long_is_refused_and_the_session_goes_on "
        "core/test_lines.py::test_a_line_without_an_end_is_never_kept_whole "
        "pop3/test_session.py::test_a_line_that_is_too_long_is_refused "
        "web/test_http.py::test_a_head_is_not_read_without_end",
    ),
    Shown(
        "HTTP at a port for mail",
        by="transcripts/smtp/http.txt transcripts/smtp/http_get.txt transcripts/pop3/http.txt "
        "transcripts/pop3/http_get.txt transcripts/imap/http.txt",
    ),
    Shown(
        "plaintext behind STARTTLS",
        by="smtp/test_tls.py::test_what_is_sent_in_plaintext_behind_starttls_is_dropped "
        "smtp/test_tls.py::test_what_was_known_before_tls_is_forgotten "
        "pop3/test_tls.py::test_what_comes_behind_stls_in_plaintext_is_not_carried_out "
        "core/test_driver.py::test_what_is_sent_in_plaintext_behind_the_start_of_tls_is_dropped",
    ),
    Shown("literals before log-in", by="transcripts/imap/literal_before_login.txt"),
    Shown(
        "literals, those of APPEND apart",
        "literal_limit",
        "transcripts/imap/literals.txt transcripts/imap/literals_limit.txt "
        "reliability/test_limits.py::test_a_literal_that_is_too_large_is_refused_and_the_session_goes_on",
    ),
    Shown(
        "foreign pages and names",
        "allowed_host",
        "web/test_gate.py::test_a_page_of_another_site_is_refused_on_every_route "
        "web/test_gate.py::test_a_name_that_outsiders_can_point_at_us_is_refused",
    ),
    Shown("recipients", "recipients_limit", "transcripts/smtp/recipients_limit.txt"),
    Shown(
        "connections",
        "connections http_connections",
        "smtp/test_session.py::test_a_connection_too_many_is_told_so "
        "core/test_driver.py::test_a_connection_too_many_is_told_so "
        "reliability/test_limits.py::test_a_connection_too_many_is_told_so_in_the_protocol_s_form "
        "web/test_http.py::test_beyond_the_most_connections_it_says_so",
    ),
    Shown(
        "descriptors",
        by="reliability/test_connections.py::test_out_of_descriptors "
        "reliability/test_connections.py::test_1000_idle_and_400_slow_connections",
    ),
    Shown(
        "silence",
        "smtp_timeout pop3_timeout imap_timeout",
        "smtp/test_session.py::test_a_silent_client_is_told_to_go "
        "core/test_driver.py::test_a_silent_peer_is_told_to_go "
        "reliability/test_limits.py::test_who_is_silent_is_told_to_go_in_the_protocol_s_form",
    ),
    Shown(
        "half a command",
        "command_timeout",
        "smtp/test_session.py::test_half_a_line_may_not_take_for_ever "
        "core/test_driver.py::test_half_a_command_is_not_waited_for "
        "reliability/test_limits.py::test_half_a_command_is_not_waited_for "
        "web/test_http.py::test_half_a_request_is_not_waited_for web/test_http.py::test_a_body_that_stalls",
    ),
    Shown(
        "JSON",
        "json_limit",
        "web/test_bodies.py::test_a_body_is_not_read_beyond_its_limit "
        "web/test_http.py::test_a_body_beyond_the_limit_is_refused_and_not_kept",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.row)
def test_a_limit_is_a_setting_and_has_its_tests_and_its_line_in_the_manual(row: Shown) -> None:
    manual = (TESTS.parent / "docs" / "limits.md").read_text("utf-8")

    for setting in row.settings.split():
        assert setting in OPTIONS
        assert f"`--{setting.replace('_', '-')}`" in manual
    for place in row.by.split():
        file, _, test = place.partition("::")
        assert not test or re.search(rf"^def {test}", (TESTS / file).read_text("utf-8"), re.MULTILINE), place
        assert (TESTS / file).exists(), place
    assert f"| {row.row} |" in manual


LOGGED_IN = {
    "smtp": (b"EHLO client.example\r\n", b"250 "),
    "pop3": (b"USER ann@x.test\r\nPASS secret\r\n", b"+OK 0"),
    "imap": (b"a LOGIN ann@x.test secret\r\nb SELECT INBOX\r\n", b"b OK"),
}


@contextmanager
def connected(sandbox: Sandbox, protocol: str) -> Iterator[tuple[socket.socket, BinaryIO]]:
    with socket.create_connection(sandbox.address(protocol), 30) as client, client.makefile("rb") as said:
        yield client, said


def log_in(client: socket.socket, said: BinaryIO, protocol: str) -> None:
    """Up to where a client may be silent for as long as the setting says."""
    octets, end = LOGGED_IN[protocol]
    said.readline()
    client.sendall(octets)
    assert any(line.startswith(end) for line in said), "the connection was closed before"


def transcript(sandbox: Sandbox) -> str:
    """Of all sessions, the open ones among them."""
    return "\n".join(str(sandbox.store.transcript(each.id)) for each in sandbox.store.sessions())


@pytest.mark.parametrize(
    ("protocol", "farewell"),
    [
        ("smtp", b"421 4.7.0 sandbox.localhost Too many connections\r\n"),
        ("pop3", b"-ERR [SYS/TEMP] Too many connections\r\n"),
        ("imap", b"* BYE Too many connections\r\n"),
    ],
)
def test_a_connection_too_many_is_told_so_in_the_protocol_s_form(protocol: str, farewell: bytes) -> None:
    with Sandbox(connections=1, **{protocol: 0}) as sandbox, connected(sandbox, protocol) as (_, first):
        first.readline()
        with connected(sandbox, protocol) as (_, second):
            assert second.read() == farewell
        assert farewell.strip().decode() in transcript(sandbox)


@pytest.mark.parametrize(
    ("protocol", "before", "farewell"),
    [
        ("smtp", b"", b"421 4.4.2 sandbox.localhost Timeout exceeded\r\n"),
        ("pop3", b"", b"-ERR [SYS/TEMP] Idle for too long\r\n"),
        ("imap", b"", b"* BYE Idle for too long\r\n"),
        ("imap", b"c IDLE\r\n", b"* BYE Idle for too long\r\n"),  # RFC 9051 §5.4: in IDLE too
    ],
    ids=["smtp", "pop3", "imap", "imap in IDLE"],
)
def test_who_is_silent_is_told_to_go_in_the_protocol_s_form(protocol: str, before: bytes, farewell: bytes) -> None:
    options = {protocol: 0, f"{protocol}_timeout": "1s"}
    with Sandbox(command_timeout="200ms", **options) as sandbox, connected(sandbox, protocol) as (client, said):
        log_in(client, said, protocol)
        client.sendall(before)

        assert said.read().removeprefix(b"+ idling\r\n").endswith(farewell)
        assert farewell.strip().decode() in transcript(sandbox)


@pytest.mark.parametrize(
    ("protocol", "half", "farewell"),
    [
        ("smtp", b"MAIL FR", b"421 4.4.2 sandbox.localhost Timeout exceeded\r\n"),
        ("pop3", b"STA", b"-ERR [SYS/TEMP] Timeout in the middle of a command\r\n"),
        ("imap", b"c NOO", b"* BYE Timeout in the middle of a command\r\n"),
        ("imap", b"c APPEND INBOX {10+}\r\nSub", b"* BYE Timeout in the middle of a command\r\n"),
    ],
    ids=["smtp", "pop3", "imap", "imap in a literal"],
)
def test_half_a_command_is_not_waited_for(protocol: str, half: bytes, farewell: bytes) -> None:
    with Sandbox(command_timeout="200ms", **{protocol: 0}) as sandbox, connected(sandbox, protocol) as (client, said):
        log_in(client, said, protocol)
        client.sendall(half)

        assert said.read() == farewell
        assert farewell.strip().decode() in transcript(sandbox)


@pytest.mark.parametrize(
    ("protocol", "start", "taken", "refused"),
    [
        ("smtp", b"NOOP ", b"250 2.0.0 OK\r\n", b"500 5.5.2 Line too long\r\n"),
        ("pop3", b"RETR ", b"-ERR ", b"-ERR a line may have 600 octets\r\n"),
        ("imap", b"c ID ", b"c BAD expected", b"c BAD [TOOBIG] the command is too long\r\n"),
    ],
)
def test_a_line_that_is_too_long_is_refused_and_the_session_goes_on(
    protocol: str, start: bytes, taken: bytes, refused: bytes
) -> None:
    with Sandbox(line_limit=600, **{protocol: 0}) as sandbox, connected(sandbox, protocol) as (client, said):
        log_in(client, said, protocol)
        client.sendall(start.ljust(601, b"x") + b"\r\n" + start.ljust(600, b"x") + b"\r\n")

        assert said.readline() == refused
        assert said.readline().startswith(taken)
        assert refused.strip().decode() in transcript(sandbox)


def test_a_literal_that_is_too_large_is_refused_and_the_session_goes_on() -> None:
    with Sandbox(literal_limit=600, imap=0) as sandbox, connected(sandbox, "imap") as (client, said):
        log_in(client, said, "imap")
        client.sendall(b"c CREATE {601}\r\nd CREATE {600}\r\n")

        assert said.readline() == b"c BAD [TOOBIG] a literal is too large\r\n"
        assert said.readline() == b"+ go on\r\n"
        assert "a literal of 601 octets was refused" in transcript(sandbox)
