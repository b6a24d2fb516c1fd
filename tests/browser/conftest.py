"""A real Chromium that can reach the sandbox and nobody else: whatever else it asks for is counted."""

from __future__ import annotations

import base64
import shutil
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from mailtrap.faults import Rule
from mailtrap.message.compose import compose
from mailtrap.sandbox import Sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6364f85f0f0002870180eb47ba920000000049454e44ae426082"
)
PAGE = (
    '<html lang="en"><body><h1>Finish signing up</h1><p><a id="link" href="https://link.test/confirm">Confirm</a></p>'
    '<img id="own" src="cid:logo@shop.test" alt="logo"><img src="https://img.test/open.gif" alt=""></body></html>'
)


class Outside(threading.Thread):
    """Everything that is not the sandbox: it hangs up on everybody, and counts them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.hits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.hits += 1
            peer.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.join()


@dataclass
class Tester:
    """Somebody with a browser: *complaints* are its console's, *ran* is what scripts of messages got done."""

    page: Page
    context: BrowserContext
    url: str
    outside: Outside
    complaints: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    server = Outside()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def chromium(outside: Outside) -> Iterator[Browser]:
    """For a module, not for longer: while it runs, nothing else in this thread may run an event loop."""
    from playwright.sync_api import sync_playwright

    # What a browser asks for on its own behalf is nobody's business here.
    own = "".join(f"MAP *.{each} ~NOTFOUND, " for each in ("google.com", "googleapis.com", "gstatic.com", "gvt1.com"))
    rules = f"--host-resolver-rules={own}MAP * 127.0.0.1:{outside.port}, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", rules]
        )
        yield launched
        launched.close()


@pytest.fixture
def sit_down(chromium: Browser, outside: Outside) -> Iterator[Callable[..., Tester]]:
    """Give a tester a browser window: ``sit_down(sandbox, width=390, scheme="dark")``."""
    with ExitStack() as windows:

        def window(sandbox: Sandbox, width: int = 1440, scheme: Any = "light", **more: Any) -> Tester:
            size: Any = {"width": width, "height": 900}
            context = chromium.new_context(viewport=size, color_scheme=scheme, **more)
            windows.callback(context.close)
            host, port = sandbox.address("http")
            tester = Tester(context.new_page(), context, f"http://{host}:{port}", outside)
            _listen(tester)
            return tester

        yield window


def _listen(tester: Tester) -> None:
    def said(message: Any) -> None:
        if "Ignored call to" in message.text:  # what the sandbox of a frame makes of alert()
            tester.ran.append(message.text)
        # The policy of a message's frame is meant to block; the browser says so in the name of the frame.
        if message.type == "error" and not message.location["url"].endswith("/html"):
            tester.complaints.append(f"{message.text} ({message.location['url']})")

    def asked(dialog: Any) -> None:
        tester.ran.append(dialog.message)
        dialog.dismiss()

    tester.page.on("console", said)
    tester.page.on("dialog", asked)
    tester.page.on("pageerror", lambda error: tester.complaints.append(str(error)))


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    """A sandbox with the mail of a day in it; tests leave it as it is."""
    with Sandbox(http=0) as sandbox:
        sandbox.faults.add(Rule("imap.FETCH", "no SERVERBUG <b>later</b>", account="*@slow.test", times=2, after=60))
        with smtplib.SMTP(*sandbox.address("smtp"), local_hostname="web-1.example.com") as client:
            client.login("job-4711", "any")
            for to, octets in _mail():
                client.sendmail("bounces@shop.test", to, octets)
        with smtplib.SMTP(*sandbox.address("smtp")) as client:
            client.docmd("MAIL FROM:<a@x.test> SIZE=999999999999")
        yield sandbox


def _mail() -> Iterator[tuple[list[str], bytes]]:
    yield ["audit@example.com"], compose(from_="Ann <ann@x.test>", to="cy@example.com", subject="Bcc", text="Hi\n")
    yield ["ken@example.com"], compose(from_="ショップ <a@x.test>", to="ken@example.com", subject="ご注文", text="x\n")
    yield ["layla@example.com"], compose(from_="a@x.test", to="layla@example.com", subject="تأكيد عنوان", text="x\n")
    yield ["root@localhost"], b"no header, just text\nwith bare line feeds\n\0\xff\n"
    yield (
        ["oncall@example.com", "bo@example.com"],
        compose(
            from_="cron@x.test",
            to=["oncall@example.com", "bo@example.com"],
            subject="a-word-without-any-end-" * 20,
            text="x" * 5000,
            attachments=[("trace of a failed export, the third today.txt", "x"), ("b.pdf", b"%PDF")],
        ),
    )
    yield ["ann@example.com"], signing_up()


def signing_up() -> bytes:
    """A message with HTML, a picture of its own and one from elsewhere."""
    picture = (
        b"Content-Type: image/png\r\nContent-ID: <logo@shop.test>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(PIXEL)
    )
    return b"\r\n".join(
        [
            b"From: Acme Shop <hello@shop.test>",
            b"To: Ann <ann@example.com>",
            b"Subject: Finish signing up",
            b'Content-Type: multipart/related; boundary="r"',
            b"",
            b"--r",
            b"Content-Type: text/html; charset=utf-8",
            b"",
            PAGE.encode(),
            b"--r",
            picture,
            b"--r--",
            b"",
        ]
    )


@pytest.fixture(scope="module")
def paths(shop: Sandbox) -> dict[str, str]:
    """Every page there is, by a name."""
    by_subject = {each.subject: each.id for each in shop.messages()}
    message = f"/m/{by_subject['Finish signing up']}"
    [*_, session] = [each.id for each in shop.store.sessions()]
    tabs = {tab: f"{message}/{tab}" for tab in ("rendered", "text", "source", "headers", "mime", "raw", "session")}
    return {
        "list": "/",
        "search": "/?q=to:ann@example.com",
        "nothing found": "/?q=zebra",
        "bad query": "/?q=is:wrong",
        "account": "/?account=bo@example.com",
        "part": f"{message}/mime/2",
        "odd": f"/m/{by_subject['']}",
        "long": f"/m/{next(each for subject, each in by_subject.items() if len(subject) > 100)}",
        "accounts": "/accounts",
        "sessions": "/sessions",
        "session of its own": f"/sessions/{session}",
        "faults": "/faults",
        "missing": "/m/nothing",
        **tabs,
    }
