"""What is sent by SMTP comes out by REST, octet for octet."""

from __future__ import annotations

import smtplib
import socket
from pathlib import Path

import pytest
import requests
from smtp_client import SmtpClient, kept, stuffed

from mailtrap.sandbox import Sandbox

HEADER = b"From: a@x.test\r\nSubject: odd\r\n\r\n"
ODD = {
    "nothing": b"",
    "no header at all": b"no header at all\r\n",
    "one dot": b".\r\n",
    "dots": HEADER + b".\r\n..\r\n...\r\n.x\r\n",
    "NULs": b"Subject: a\0b\r\n\r\n\0\0\r\n\0",
    "8-bit": HEADER + bytes(range(256)) * 3,
    "a line of 100 KB": HEADER + b"x" * 100_000 + b"\r\n",
    "a field of 100 KB": b"X-Long: " + b"y" * 100_000 + b"\r\n\r\nbody\r\n",
    "bare LF": b"Subject: a\n\n.\nMAIL FROM:<x@y.test>\n",
    "bare CR": b"Subject: a\r\r.\rQUIT\r",
    "CR at the end": HEADER + b"x\r",
    "LF . CRLF": HEADER + b"\n.\r\nRSET\r\n",
    "CR . CRLF": HEADER + b"\r.\r\nRSET\r\n",
    "CRLF . LF": HEADER + b"\r\n.\nRSET\r\n",
    "CRLF . CR": HEADER + b"\r\n.\rRSET\r\n",
}


def given(sandbox: Sandbox, message_id: str) -> bytes:
    """What REST gives for an id."""
    host, port = sandbox.address("http")
    answer = requests.get(f"http://{host}:{port}/v1/messages/{message_id}/raw", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("octets", ODD.values(), ids=ODD)
def test_odd_octets_come_out_as_they_went_in(running: Sandbox, octets: bytes) -> None:
    with SmtpClient(running.address("smtp")) as client:
        message_id = client.send(octets)

    assert given(running, message_id) == kept(octets)


def test_each_message_of_the_corpus_comes_out_as_it_went_in(running: Sandbox, corpus: Path) -> None:
    octets = corpus.read_bytes()
    with SmtpClient(running.address("smtp")) as client:
        message_id = client.send(octets)

    assert given(running, message_id) == kept(octets)


def test_a_session_sent_as_a_whole_and_half_closed_is_carried_out_to_its_end(running: Sandbox) -> None:
    bodies = [b"Subject: %d\r\n\r\n%s\r\n" % (number, b"z" * 10_000) for number in range(5)]
    envelope = b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n"
    with socket.create_connection(running.address("smtp"), timeout=30) as peer, peer.makefile("rb") as replies:
        peer.sendall(b"EHLO here\r\n" + b"".join(envelope + stuffed(each) for each in bodies))
        peer.shutdown(socket.SHUT_WR)
        ids = [line.split(b"id=")[1].strip().decode() for line in replies if b"id=" in line]

    assert [given(running, each) for each in ids] == bodies


@pytest.mark.parametrize("octets", [ODD["bare LF"], ODD["dots"], ODD["no header at all"]])
def test_smtplib_sendmail_of_bytes_comes_out_as_it_went_in(running: Sandbox, octets: bytes) -> None:
    with smtplib.SMTP(*running.address("smtp"), timeout=30) as client:
        client.sendmail("a@x.test", ["b@x.test"], octets)
        [newest] = running.messages()[-1:]

    assert given(running, newest.id) == (octets if octets.endswith(b"\r\n") else octets + b"\r\n")
