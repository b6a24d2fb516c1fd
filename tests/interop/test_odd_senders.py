"""What few clients do: LMTP, chunks, speaking for others (XCLIENT, PROXY), asking what becomes of a message (DSN)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from senders import PROGRAMS, SENDERS, Errand, NotSent, file_of, run

from mailtrap.envelope import Envelope
from mailtrap.sandbox import Sandbox

pytestmark = pytest.mark.interop

MAIL = b"From: app@shop.test\r\nTo: bob@x.test\r\nSubject: Hello\r\n\r\n.dots\r\n..\r\nhi\r\n"
LOCAL = "127.0.0.0/8"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """Speaks LMTP too, and believes whoever is on this machine."""
    with Sandbox(smtp=0, smtps=0, lmtp=0, trust_xclient=LOCAL, host="127.0.0.1") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def behind() -> Iterator[Sandbox]:
    """Is behind a proxy."""
    with Sandbox(smtp=0, smtps=0, submission=0, proxy_protocol=LOCAL, host="127.0.0.1") as sandbox:
        yield sandbox


def arrived(sandbox: Sandbox) -> list[tuple[Envelope, bytes]]:
    """What has come since the last time, reports included, oldest first."""
    sandbox.clock.advance(0)
    found = [(each.envelope, sandbox.store.octets(each.number)) for each in sandbox.messages() if each.envelope]
    sandbox.store.delete_all(sandbox.current.project)
    return found


def swaks(sandbox: Sandbox, home: Path, *options: str, at: str = "smtp") -> str:
    """Send, with swaks's own options for the rest."""
    port = str(sandbox.address(at)[1])
    command = ["swaks", "--server", "127.0.0.1", "--port", port, "--from", "app@shop.test", "--to", "bob@x.test"]
    return run([*command, "--data", f"@{file_of(MAIL, home)}", *options], home)


@pytest.mark.needs("swaks")
def test_swaks_delivers_by_lmtp_to_each_recipient(running: Sandbox, tmp_path: Path) -> None:
    said = swaks(running, tmp_path, "--protocol", "LMTP", "--to", "bob@x.test,eve@x.test", at="lmtp")

    [(envelope, octets)] = arrived(running)
    assert envelope.rcpt_to == ("bob@x.test", "eve@x.test")
    assert octets == MAIL + b"\r\n"
    assert "LHLO" in said


def test_smtplib_delivers_by_lmtp(running: Sandbox) -> None:
    with smtplib.LMTP("127.0.0.1", running.address("lmtp")[1]) as client:
        assert client.sendmail("app@shop.test", ["bob@x.test"], MAIL) == {}

    assert arrived(running)[0][1] == MAIL


@pytest.mark.needs("smtp-source")
def test_smtp_source_delivers_by_lmtp_in_parallel(running: Sandbox, tmp_path: Path) -> None:
    command = ["smtp-source", "-L", "-s", "5", "-m", "40", "-r", "3", "-f", "app@shop.test", "-t", "bob@x.test"]
    run([*command, f"inet:127.0.0.1:{running.address('lmtp')[1]}"], tmp_path)

    assert [len(envelope.rcpt_to) for envelope, _ in arrived(running)] == [3] * 40


@pytest.mark.needs("swaks")
def test_smtp_is_not_spoken_where_lmtp_is_and_the_other_way_round(running: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(NotSent):
        swaks(running, tmp_path, at="lmtp")
    with pytest.raises(NotSent):
        swaks(running, tmp_path, "--protocol", "LMTP")

    assert arrived(running) == []


@pytest.mark.needs("swaks")
def test_swaks_speaks_for_others_by_xclient(running: Sandbox, tmp_path: Path) -> None:
    others = ["--xclient-addr", "192.0.2.9", "--xclient-name", "other.example", "--xclient-helo", "helo.example"]
    swaks(running, tmp_path, *others, "--xclient-port", "4711", "--xclient-login", "ann")
    swaks(running, tmp_path, "--xclient-addr", "IPV6:2001:db8::9")

    (first, _), (second, _) = arrived(running)
    assert (first.peer, first.user) == ("192.0.2.9:4711", "ann")
    assert second.peer.startswith("[2001:db8::9]:")
    assert second.user is None


@pytest.mark.needs("swaks")
@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("tls", [False, True])
def test_swaks_passes_on_a_connection_by_proxy(behind: Sandbox, version: str, tls: bool, tmp_path: Path) -> None:
    passed = ["--proxy-version", version, "--proxy-source", "192.0.2.9", "--proxy-source-port", "4711"]
    passed += ["--proxy-family", "TCP4" if version == "1" else "AF_INET", "--proxy-dest", "192.0.2.8"]
    passed += ["--proxy-dest-port", "25", *([] if version == "1" else ["--proxy-protocol", "STREAM"])]
    passed += [] if version == "1" else ["--proxy-command", "PROXY"]
    swaks(behind, tmp_path, *passed, *(["-tls"] if tls else []), at="submission" if tls else "smtp")

    [(envelope, _)] = arrived(behind)
    assert envelope.peer == "192.0.2.9:4711"
    assert bool(envelope.tls) is tls


@pytest.mark.needs("curl")
def test_curl_passes_on_a_connection_by_proxy(behind: Sandbox, tmp_path: Path) -> None:
    command = [
        "curl",
        "-sS",
        "--haproxy-protocol",
        f"smtp://127.0.0.1:{behind.smtp_port}",
        "--mail-from",
        "app@shop.test",
    ]
    said = run([*command, "--mail-rcpt", "bob@x.test", "-T", file_of(MAIL, tmp_path)], tmp_path)

    assert arrived(behind)[0][1] == MAIL, said


@pytest.mark.needs("swaks")
def test_who_does_not_say_whose_connection_it_is_sends_nothing(behind: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(NotSent):
        swaks(behind, tmp_path)

    assert arrived(behind) == []


@pytest.mark.needs("perl")
@pytest.mark.parametrize("octets", [1, 70, 100_000])
def test_perl_sends_any_octets_in_chunks(running: Sandbox, octets: int, tmp_path: Path) -> None:
    odd = MAIL + b".\r\n" + bytes(range(256)) + b"\n.\n\r.\r\r\n.\r\nBDAT 5 LAST\r\nno line end"
    running.policies.set(running.current.project, profile="full")
    run(["perl", PROGRAMS / "chunks.pl", str(running.smtp_port), file_of(odd, tmp_path), str(octets)], tmp_path)

    running.policies.clear(running.current.project)
    [(envelope, came)] = arrived(running)
    assert came == odd
    assert envelope.mail_from.parameters == ("BODY=BINARYMIME",)


DSN = [
    pytest.param(name, marks=pytest.mark.needs(*SENDERS[name].needs), id=name)
    for name in ("msmtp", "Nodemailer", "Jakarta Mail")
]


@pytest.mark.parametrize("client", DSN)
def test_what_is_asked_about_delivery_is_kept(running: Sandbox, client: str, tmp_path: Path) -> None:
    asked = {"notify": "SUCCESS,FAILURE", "ret": "HDRS", "envid": "job+7", "orcpt": "rfc822;bob@x.test"}
    SENDERS[client](Errand(running.smtp_port, ("bob@x.test",), MAIL, mail_from="app@shop.test", **asked), tmp_path)

    (sent, _), (returned, report) = arrived(running)
    assert "RET=HDRS" in sent.mail_from.parameters
    assert any(each.startswith("NOTIFY=SUCCESS,FAILURE") for each in sent.rcpt_to[0].parameters)
    assert (returned.mail_from, returned.rcpt_to) == ("", ("app@shop.test",))
    assert b"Action: delivered" in report


def test_smtplib_asks_for_a_report_and_gets_it(running: Sandbox) -> None:
    with smtplib.SMTP("127.0.0.1", running.smtp_port) as client:
        client.sendmail("app@shop.test", ["bob@x.test"], MAIL, ["RET=HDRS", "ENVID=job+2B7"], ["NOTIFY=SUCCESS"])

    (sent, _), (_, report) = arrived(running)
    assert sent.mail_from.parameters[-2:] == ("RET=HDRS", "ENVID=job+2B7")
    assert b"Original-Envelope-Id: job+7" in report
    assert b".dots" not in report  # the header was enough
