"""Clients that send as fast as they are answered, by SMTP and IMAP APPEND at once, and know what was acknowledged."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

import imap_client
import smtp_client
from imap_client import ImapClient
from process import Process
from smtp_client import SmtpClient

APPENDING = "appending@x.test"
"""Who appends, to a mailbox of the same account."""

SIZES = (1000, 3000, 20_000, 300_000)
"""Octets of messages: most are short, some are of several slices."""


class Load:
    """All that was sent to a program, across its restarts."""

    def __init__(self) -> None:
        self.sent: set[bytes] = set()
        """Digests of what was acknowledged by SMTP."""
        self.appended: set[bytes] = set()
        """And by IMAP."""
        self.refused: Counter[str] = Counter()
        """How it was put where one was refused."""
        self._numbers = itertools.count(1)
        self._answers = threading.Condition()
        self._ending = False

    @property
    def acknowledged(self) -> int:
        """How many."""
        return len(self.sent) + len(self.appended)

    @contextmanager
    def on(self, process: Process, *, smtp: int = 4, imap: int = 2) -> Iterator[None]:
        """So many clients of each kind send for the time of the block; each ends with its connection, too."""
        self._ending = False
        threads = [threading.Thread(target=self._send, args=(process,)) for _ in range(smtp)]
        threads += [threading.Thread(target=self._append, args=(process,)) for _ in range(imap)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self._ending = True
            for each in threads:
                each.join()

    def until(self, acknowledged: int = 0, refused: int = 0) -> None:
        """Wait until so many more were acknowledged, and so many more refused."""
        with self._answers:
            first, second = self.acknowledged + acknowledged, self.refused.total() + refused
            came = self._answers.wait_for(lambda: self.acknowledged >= first and self.refused.total() >= second, 60)
            assert came, f"{self.acknowledged} acknowledged, refused: {self.refused}"

    def message(self) -> bytes:
        """A message like no other."""
        number = next(self._numbers)
        size = SIZES[3] if number % 50 == 0 else SIZES[number % 3]
        line = b"%d;" % number
        return b"Subject: %d\r\n\r\n" % number + line * (size // len(line)) + b"\r\n"

    def _send(self, process: Process) -> None:
        while not self._ending:
            try:
                with SmtpClient(("127.0.0.1", process.smtp)) as client:
                    while not self._ending:
                        message = self.message()
                        client.send(message)
                        self._note(self.sent, message)
            except smtp_client.Unexpected as error:
                if str(error).startswith("''"):  # closed in the middle: it was killed
                    return
                self._note_refusal(str(error))
            except OSError:
                return

    def _append(self, process: Process) -> None:
        with suppress(OSError, imap_client.Unexpected), ImapClient(("127.0.0.1", process.imap)) as client:
            client.log_in(APPENDING)
            while not self._ending:
                message = self.message()
                answer = client.command("APPEND INBOX {+}", message)
                if answer.status == "OK":
                    self._note(self.appended, message)
                else:
                    self._note_refusal(f"{answer.status} {answer.code}")

    def _note(self, acknowledged: set[bytes], message: bytes) -> None:
        with self._answers:
            acknowledged.add(sha256(message).digest())
            self._answers.notify_all()

    def _note_refusal(self, words: str) -> None:
        with self._answers:
            self.refused[words] += 1
            self._answers.notify_all()


def found_in(process: Process, account: str) -> Counter[bytes]:
    """Digests of what is in an INBOX, and how often; read by IMAP, which must agree with itself on how much that is."""
    found: Counter[bytes] = Counter()
    with ImapClient(("127.0.0.1", process.imap)) as client:
        client.log_in(account)
        [count] = client.ok("SELECT INBOX").numbered("EXISTS")
        for first in range(1, count + 1, 100):
            fetched = client.ok(f"FETCH {first}:{min(first + 99, count)} BODY.PEEK[]").fetched()
            found.update(sha256(each["BODY[]"]).digest() for each in fetched.values())
    assert found.total() == count
    return found


def assert_kept(process: Process, load: Load) -> None:
    """All that was acknowledged is there once, with the octets as sent; and nothing is there twice."""
    for account, acknowledged in (("catchall", load.sent), (APPENDING, load.appended)):
        found = found_in(process, account)
        lost, twice = acknowledged - set(found), {each for each, count in found.items() if count > 1}
        assert (len(lost), len(twice)) == (0, 0)
