"""After the 250, is the message there? One look at once, over everything that mail can be read by."""

from __future__ import annotations

import imaplib
import json
import poplib
import smtplib
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import quote

from benchmarks.peers import at_hand, greenmail, maildev
from benchmarks.report import OURS, AtLeast, Effort, Row
from benchmarks.servers import Server, sandbox

Look = Callable[[Server, str, str], bool]
"""Whether a message to an account, with a subject, is to be seen."""


def by_pop3(server: Server, account: str, subject: str) -> bool:
    """A log-in, and the first lines of the newest."""
    assert server.pop3 is not None
    client = poplib.POP3("127.0.0.1", server.pop3)
    client.user(account)
    client.pass_("secret")
    count, _ = client.stat()
    found = count > 0 and any(subject.encode() in line for line in client.top(count, 0)[1])
    client.quit()
    return found


def by_imap(server: Server, account: str, subject: str) -> bool:
    """A session that selects the INBOX, and searches."""
    assert server.imap is not None
    with imaplib.IMAP4("127.0.0.1", server.imap) as client:
        client.login(account, "secret")
        client.select("INBOX", readonly=True)
        return bool(client.search(None, "SUBJECT", subject)[1][0])


def by_rest(server: Server, account: str, subject: str) -> bool:
    """The newest messages, and one search."""
    newest = _json(server, "/v1/messages?limit=5")["messages"]
    searched = _json(server, f"/v1/messages?q=subject:{subject}&limit=5")["messages"]
    return all(any(subject in each["subject"] for each in found) for found in (newest, searched))


def by_wait(server: Server, account: str, subject: str) -> bool:
    """A wait that must not wait."""
    return bool(_json(server, f"/v1/wait?to={quote(account)}&q=subject:{subject}&timeout=0")["messages"])


def of_maildev(server: Server, account: str, subject: str) -> bool:
    """MailDev's list of the newest."""
    return any(subject in each["subject"] for each in _json(server, "/api/email?sort=desc&limit=5"))


def _json(server: Server, path: str):  # type: ignore[no-untyped-def]  # whatever it answers
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http}{path}") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return {"messages": []}


LOOKS: dict[str, dict[str, Look]] = {
    "POP3": {OURS: by_pop3, "GreenMail": by_pop3},
    "IMAP": {OURS: by_imap, "GreenMail": by_imap},
    "REST, list and search": {OURS: by_rest, "MailDev": of_maildev},
    "wait": {OURS: by_wait},
}


def run(effort: Effort) -> Iterator[Row]:
    """Send, look once, count; the servers in turn for every message."""
    count = effort.of(50, 5)
    with ExitStack() as stack:
        starters = at_hand({OURS: sandbox, "GreenMail": greenmail, "MailDev": maildev})
        servers = {name: stack.enter_context(start()) for name, start in starters.items()}
        for way, looks in LOOKS.items():
            seen: dict[str, list[bool]] = {name: [] for name in looks if name in servers}
            times: dict[str, list[float]] = {name: [] for name in seen}
            for number in range(count):
                for name in seen:
                    _send(
                        servers[name],
                        account := f"n{number}@x.test",
                        subject := f"{way[:4]}-{number}-".replace(" ", ""),
                    )
                    began = time.perf_counter()
                    seen[name].append(looks[name](servers[name], account, subject))
                    times[name].append((time.perf_counter() - began) * 1000)
            shares = {name: 100 * statistics.mean(found) for name, found in seen.items()}
            yield Row("visibility", f"{way}: seen at the first look", shares, "%", (AtLeast(100),))
            yield Row(
                "visibility", f"{way}: that look", {name: statistics.median(each) for name, each in times.items()}
            )


def _send(server: Server, account: str, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp, local_hostname="here") as client:
        client.sendmail("app@shop.test", [account], f"Subject: {subject}\r\n\r\nhi\r\n")
