"""What clients send arrives as it was: with no settings but the address of the sandbox, in TLS, and logged in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from senders import SENDERS, Errand, NotSent, Sender

if TYPE_CHECKING:
    from process import Process

pytestmark = pytest.mark.interop

HEADER = (
    b"From: app@shop.test\r\nTo: ann@x.test\r\nSubject: Hello\r\n"
    b"Date: Mon, 23 Nov 2026 12:04:31 +0100\r\nMessage-ID: <1@shop.test>\r\n\r\n"
)
TEXTS = {
    "dots": b".\r\n..\r\n.a\r\n...\r\nnot . and ..\r\n",
    "8-bit": "Größe: ½, 日本\r\n".encode(),
    "empty lines": b"\r\n\r\na\r\n\r\n\r\nb\r\n",
}
ODD_TEXTS = {
    "a long line": b"x" * 70_000 + b"\r\n",
    "trailing spaces": b"a \r\n \r\n\t\r\nb\t\r\n",
    "latin-1": b"Gr\xf6\xdfe\r\n",
    "bare CR": b"a\rb\r\n",
}
KEEPS_ANY_OCTETS = ("smtplib", "curl", "swaks", "smtp-source")


@dataclass(frozen=True, slots=True)
class Ready:
    """A client and the sandbox that it sends to."""

    sender: Sender
    sandbox: Process
    home: Path
    to: str

    def send(self, *, at: str = "smtp", **what: Any) -> dict[str, Any]:
        """Send; gives the message as it arrived."""
        self.sender(self.errand(at=at, **what), self.home)
        [found] = self.sandbox.messages(q=f"rcpt:{self.to}")
        return self.sandbox.get(f"/v1/messages/{found['id']}").json() | {"octets": self.sandbox.raw(found)}

    def errand(self, *, at: str = "smtp", octets: bytes = HEADER + TEXTS["dots"], **what: Any) -> Errand:
        """What it is sent out with."""
        return Errand(self.sandbox.ports[at], (self.to,), octets, **what)


def clients(**having: bool) -> list[Any]:
    """Those clients that can do what is asked for, each with what it needs."""
    able = [each for each in SENDERS.values() if all(getattr(each, can) == it for can, it in having.items())]
    return [pytest.param(each.name, marks=pytest.mark.needs(*each.needs), id=each.name) for each in able]


def logins() -> list[Any]:
    """Each client with each mechanism that it knows."""
    return [
        pytest.param(each.name, mechanism, marks=pytest.mark.needs(*each.needs), id=f"{each.name}-{mechanism}")
        for each in SENDERS.values()
        for mechanism in each.mechanisms
        if mechanism != "SCRAM-SHA-256"  # there has to be a password to know
    ]


@pytest.fixture
def ready(client: str, mailtrap: Process, numbers: Iterator[int], tmp_path: Path) -> Ready:
    return Ready(SENDERS[client], mailtrap, tmp_path, f"sender{next(numbers)}@x.test")


@pytest.fixture(scope="module")
def ca(mailtrap: Process, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The CA's certificate, from where a client's container would get it."""
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    file.write_bytes(mailtrap.get("/ca.pem").content)
    return str(file)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("client", clients())
def test_no_settings_are_needed_and_nothing_is_changed(ready: Ready, text: str) -> None:
    octets = HEADER + TEXTS[text]
    arrived = ready.send(octets=octets)

    envelope = arrived["envelope"]
    assert (envelope["mail_from"], envelope["rcpt_to"]) == ("app@shop.test", [ready.to])
    assert (envelope["user"], envelope["tls"]) == (None, None)
    if ready.sender.name == "s-nail":  # writes the header itself
        assert arrived["octets"].partition(b"\r\n\r\n")[2] == TEXTS[text]
    else:
        assert arrived["octets"] == octets + ready.sender.adds


@pytest.mark.parametrize("text", ODD_TEXTS)
@pytest.mark.parametrize("client", [each for each in clients() if each.id in KEEPS_ANY_OCTETS])
def test_what_is_no_text_arrives_as_it_was(ready: Ready, text: str) -> None:
    octets = HEADER + ODD_TEXTS[text]

    assert ready.send(octets=octets)["octets"] == octets + ready.sender.adds


@pytest.mark.parametrize("tls", ["starttls", "at once"])
@pytest.mark.parametrize("client", clients(tls=True))
def test_tls_is_refused_by_a_client_that_does_not_trust_us_and_used_by_one_that_does(
    ready: Ready, ca: str, tls: str
) -> None:
    at = "submission" if tls == "starttls" else "smtps"
    with pytest.raises(NotSent, match=r"(?i)certificate|certification path"):
        ready.sender(ready.errand(at=at, tls=tls), ready.home)
    assert ready.sandbox.messages(q=f"rcpt:{ready.to}") == []

    assert ready.send(at=at, tls=tls, ca=ca)["envelope"]["tls"] == "TLSv1.3"


@pytest.mark.parametrize("client", [each for each in clients(in_plaintext=True) if SENDERS[each.id].mechanisms])
def test_any_name_and_password_will_do(ready: Ready) -> None:
    assert ready.send(user="job-4711", password="any password")["envelope"]["user"] == "job-4711"


@pytest.mark.parametrize(("client", "mechanism"), logins())
def test_every_mechanism_logs_in(ready: Ready, mechanism: str, ca: str) -> None:
    arrived = ready.send(at="smtps", tls="at once", ca=ca, user="job-4711", password="s3cret", mechanism=mechanism)

    assert arrived["envelope"]["user"] == "job-4711"
    transcript = ready.sandbox.get(f"/v1/messages/{arrived['id']}/transcript").text
    assert f"AUTH {mechanism}" in transcript
    assert "s3cret" not in transcript
