"""One SMTP conversation, as RFC 5321 has it: the command loop, and the state that commands change."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, NoReturn

from mailtrap import tcp
from mailtrap.lines import HTTP, LineTooLong
from mailtrap.peers import is_within
from mailtrap.smtp import faulted, proxied, reply
from mailtrap.smtp.chunks import Chunks
from mailtrap.smtp.connection import Connection, Over, Port
from mailtrap.smtp.data import Data
from mailtrap.smtp.extensions import offered
from mailtrap.smtp.policy import Policy
from mailtrap.smtp.registry import COMMANDS
from mailtrap.smtp.transaction import Transaction
from mailtrap.tcp import BUFFER
from mailtrap.transcript import MASKED

if TYPE_CHECKING:
    from mailtrap.logins import Login
    from mailtrap.smtp.server import Factory

log = logging.getLogger(__name__)

JUNK_LIMIT = 100
"""So many commands without sense, and the session ends."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BDAT = re.compile(rb"\s*BDAT\b", re.IGNORECASE)
_CREDENTIALS = re.compile(rb"(\s*AUTH\s+(?:\S+\s+|\w[\w-]*[^\w-]+))\S", re.IGNORECASE)


class SMTP(Connection):
    """One conversation: command after command, each carried out by its function in `commands`."""

    def __init__(self, factory: Factory, port: Port) -> None:
        super().__init__(factory, port)
        self.handler = factory.handler
        self.transaction: Transaction | None = None
        self.helo = ""
        self.extended = False
        """It said EHLO."""
        self.login: Login | None = None
        self.user: str | None = None
        """The name that it logged in by, as it was given."""
        self.closing = False
        self.turned_away = False
        """It was told that there is no service, and may QUIT."""
        self.ended_at = "EOF"
        """The stage at which the connection ended, in the words of refusals."""
        self.may_speak_for_others: bool = False
        """It is trusted with XCLIENT."""
        self._offers: dict[str, str] | None = None
        self._junk = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory.admit(self)

    async def converse(self) -> None:
        """The whole conversation, to its end and the connection's."""
        try:
            await self._answer_all()
            self._leave()
            await self.flush()
        except Exception:
            log.exception("a session ended by a bug")
        finally:
            if self.transaction is not None:
                self.transaction.end()
            self.transport.close()
            self.factory.dismissed(self)

    def greeted(self, helo: str, verb: str) -> None:
        """The client said who it is, which also gives up what it was about (RFC 5321 §4.1.4)."""
        self.give_up(verb)
        self.helo = helo
        self.extended = verb != "HELO"
        self._offers = None

    @property
    def banner(self) -> str:
        """What is said first (RFC 5321 §4.3.1)."""
        return f"220 {self.limits.hostname} {'LMTP' if self.port.lmtp else 'ESMTP'} mailtrap-sandbox"

    @property
    def too_early(self) -> str:
        """The reply to what must come after a greeting."""
        return reply.LHLO_FIRST if self.port.lmtp else reply.HELLO_FIRST

    @property
    def no_recipients(self) -> str:
        """The reply to data for nobody; RFC 2033 §4.2 wants 503, RFC 5321 §3.3 either."""
        return reply.NOBODY if self.port.lmtp else reply.NO_VALID_RECIPIENTS

    @property
    def policy(self) -> Policy:
        """What holds for the mail that comes now."""
        if self.transaction is not None:
            return self.transaction.policy
        return self.factory.policies.of(self.project or self.factory.current.project)

    @property
    def project(self) -> int | None:
        """The project that its mail goes into, if that was named at log-in; else it is the one that is current."""
        return self.login.project if self.login is not None and self.login.named else None

    @property
    def account(self) -> str | None:
        """The account that it logged in as: one that is no address gets what it sends."""
        return self.user if self.login is None else self.login.account

    @property
    def offers(self) -> dict[str, str]:
        """The extensions that may be used, with what EHLO says of each: decided by the policy at its time."""
        if self._offers is None:
            return self.offer(self.policy)
        return self._offers

    def offer(self, policy: Policy) -> dict[str, str]:
        """From now on offer what *policy* has."""
        self._offers = offered(self, policy)
        return self._offers

    def worded(self, answer: str) -> str:
        """*answer* as it is given: with its enhanced status code where those are offered (RFC 2034 §3)."""
        has_none = answer[5:6] != "."  # what EHLO offers is not worked out for the greeting
        return answer if has_none or "ENHANCEDSTATUSCODES" in self.offers else reply.without_code(answer)

    async def begin_anew(self, answer: str) -> None:
        """Say *answer* and speak TLS. What was known of the client is forgotten (RFC 3207 §4.2)."""
        if self.faults.active and (refusal := await faulted.starts_tls(self)):
            await self.push(refusal)
            return
        self.give_up("STARTTLS")
        await self.start_tls(answer)
        self.forget()

    def forget(self) -> None:
        """Let it be as at the beginning: nothing is known of the client."""
        self.helo, self.extended, self.login, self.user = "", False, None, None
        self._offers = None

    def give_up(self, stage: str, answer: str = "") -> None:
        """End the transaction, if there is one, without a message."""
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            self.handler.give_up(self, transaction, stage, answer)

    async def drop(self, *, reset: bool) -> NoReturn:
        self._leave()
        await super().drop(reset=reset)

    async def hang(self) -> NoReturn:
        self._leave()  # nothing comes of it any more, however long the peer waits
        await super().hang()

    async def receive_data(self, transaction: Transaction) -> Data:
        """The data up to its final dot; *transaction* knows it from the first octet on."""
        transaction.data = data = Data(transaction.policy.size)
        await self.read_data(data, transaction.measure)
        self.transcript.add("-", b"%s octets of data" % f"{data.size:,}".encode())
        return data

    async def receive(self, chunks: Chunks, octets: int) -> None:
        """The next chunk, which has so many *octets*."""
        chunks.expect(octets)
        if octets:
            tcp.acknowledge(self.transport)  # no reply does: who writes the chunk by itself would wait for that
            await self.read_data(chunks, self.transaction.measure if self.transaction else None)
        self.transcript.add("-", b"%s octets of data" % f"{octets:,}".encode())

    async def secret_line(self) -> bytes:
        """The client's turn in an AUTH exchange, which no transcript shows."""
        line = await self.read_line(in_exchange=True)
        self.transcript.add("C", MASKED)
        return line

    # -- the command loop

    async def _answer_all(self) -> None:
        try:
            await self._greet()
            while not self.closing:
                await self._answer_one()
        except Over:
            if self.farewell:
                await self.push(self.farewell)

    async def _greet(self) -> None:
        factory, peer = self.factory, self.transcript.peer
        if factory.proxies and is_within(peer, factory.proxies):
            await self._introduced()
        self.may_speak_for_others = bool(factory.speakers) and is_within(self.transcript.peer, factory.speakers)
        instead = await faulted.connected(self) if self.faults.active else ""
        if self.port.at_once:
            if self.farewell:  # meanwhile
                raise Over
            await self.secure(self.early)
        if self.faults.active and not instead:
            instead = await faulted.at(self, "banner")
        await self.push(instead or self.banner)
        await self.flush()

    async def _introduced(self) -> None:
        """A proxy says whose connection this is, before anything else."""
        octets, header = b"", None
        try:
            while header is None:
                octets += await self.read_some(BUFFER)
                header = proxied.header(octets)
        except proxied.BadHeader as error:
            self.transcript.add("-", f"no header of the PROXY protocol: {error}".encode())
            raise Over from None
        self.put_back(octets[header.octets :])
        its = self.transcript
        self.transcript.add("-", f"{its.peer} passes on {header.peer or 'a connection of its own'}".encode())
        its.peer, its.local = header.peer or its.peer, header.local or its.local

    async def _answer_one(self) -> None:
        grouped = False
        try:
            line = await self.read_line()
        except LineTooLong as error:
            self.transcript.add("-", str(error).encode())
            answer: str | None = reply.LINE_TOO_LONG
        else:
            known = _CREDENTIALS.match(line)
            self.transcript.add("C", known[1] + MASKED if known else line)
            answer, grouped = await self._carry_out(line)
        if answer is not None:
            self._count_junk(answer)
            await self.push(answer)
        if self.factory.stopping and self.transaction is None and not self.closing:
            self._end_with(reply.SHUTTING_DOWN)
        if not grouped:
            await self.flush()

    async def _carry_out(self, line: bytes) -> tuple[str | None, bool]:
        """The reply, and whether it may wait for others."""
        if _CONTROL.search(line):
            if _BDAT.match(line):  # nobody can tell how much of what follows is data
                self._end_with(reply.CONTROL_CHARACTERS)
            return reply.CONTROL_CHARACTERS, False
        word, arg = (*line.split(None, 1), b"", b"")[:2]
        verb = word.upper().decode("latin-1")
        command = COMMANDS.get(verb)
        if command is None or not command.is_spoken(self):
            if verb in HTTP:
                self._end_with(reply.NOT_HTTP)
            return reply.UNKNOWN_COMMAND, False
        if not command.is_known(self):
            return reply.NOT_SUPPORTED, False
        run = command.run if not (self.faults.active or self.turned_away) else faulted.instead_of(command)
        try:
            return await run(self, arg.rstrip().decode("utf-8", "surrogateescape")), command.grouped
        except Over:
            raise
        except Exception as error:
            return reply.answer(error), False

    def _count_junk(self, answer: str) -> None:
        if answer.startswith(reply.JUNK):
            self._junk += 1
            if self._junk >= JUNK_LIMIT:
                self._end_with(reply.TOO_MANY_ERRORS)

    def _end_with(self, farewell: str) -> None:
        self.farewell = farewell.format(hostname=self.limits.hostname)
        raise Over

    def _leave(self) -> None:
        broke_off = self.transaction is not None and self.transaction.data is not None
        self.give_up("DATA" if broke_off else self.ended_at, self.farewell)
