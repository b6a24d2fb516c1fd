"""A sandbox somewhere, read and written over its REST API: for the command line."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests
from requests.auth import HTTPBasicAuth

from mailtrap.errors import MailtrapError, NotFound, StoreUnavailable
from mailtrap.transcript import printable

if TYPE_CHECKING:
    from mailtrap.portable.record import Record

PATIENCE = (5.0, 120.0)
"""Seconds until a connection is there, and between two pieces of an answer."""

PAGE = 200


class Unreachable(StoreUnavailable):
    """The server does not answer, or what answers is no sandbox of ours."""


class Refused(MailtrapError):
    """The server said no; *code* is the problem's."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Remote:
    """A sandbox at *url*, and there *project*, or what is current. Connections are kept, one for each thread."""

    def __init__(self, url: str, project: str | None = None, password: str = "") -> None:
        self.url = url.rstrip("/")
        self._credentials = None if project is None else HTTPBasicAuth(project.encode(), password.encode())
        self._sessions: list[requests.Session] = []
        self._own = threading.local()

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions:
            session.close()

    def answers(self) -> bool:
        """Whether a sandbox of ours is there, as far as one can tell without changing anything."""
        try:
            return "messages" in self.json("/v1/messages", {"limit": 1})
        except (Unreachable, Refused):
            return False

    def page(self, query: str = "", cursor: str | None = None, limit: int = PAGE) -> dict[str, Any]:
        """A page of the list, newest first, as ``GET /v1/messages`` gives it."""
        asked = {"q": query or None, "cursor": cursor, "limit": limit}
        return self.json("/v1/messages", {name: value for name, value in asked.items() if value is not None})

    def messages(self, query: str = "") -> Iterator[dict[str, Any]]:
        """Summaries, newest first: of all messages, or of those that *query* finds."""
        page = self.page(query)
        yield from page["messages"]
        while page["next"] is not None:
            page = self.page(query, page["next"])
            yield from page["messages"]

    def raw(self, message_id: str) -> bytes:
        """The octets of a message; raises `NotFound`."""
        return self._ask("GET", f"/v1/messages/{quote(message_id, safe='')}/raw").content

    def fetch(self, ids: Iterable[str]) -> Iterator[tuple[Record, bytes]]:
        """Messages with all that is known of them, in the order of *ids*; those that are gone are left out."""
        from mailtrap.portable.packed import TYPE, unpacked  # late: sendmail is started for each message
        from mailtrap.portable.record import from_json

        answer = self._ask("GET", "/v1/export", params={"id": list(ids)})
        self._require(answer.headers.get("Content-Type") == TYPE)
        for members, octets in unpacked(answer.content):
            record = from_json(members)
            self._require(record.id != "")
            yield record, octets

    def put(self, packed: bytes) -> list[dict[str, Any]]:
        """Hand in messages that are packed; gives what became of each."""
        from mailtrap.portable.packed import TYPE

        answer = self._ask("POST", "/v1/import", data=packed, headers={"Content-Type": TYPE})
        outcomes = self._object(answer).get("messages")
        self._require(isinstance(outcomes, list))
        return list(outcomes or ())

    def deliver(
        self,
        octets: bytes,
        mail_from: str,
        rcpt_to: Sequence[str],
        mail_parameters: Sequence[str] = (),
        rcpt_parameters: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Hand in a message with this envelope, the parameters for every recipient; gives it as it was stored."""
        envelope = {"mail_from": mail_from, "rcpt_to": rcpt_to}
        more = {"mail_parameters": mail_parameters, "rcpt_parameters": rcpt_parameters}
        headers = {"Content-Type": "message/rfc822"}
        answer = self._ask("POST", "/v1/messages", params=envelope | more, data=octets, headers=headers)
        stored = self._object(answer)
        self._require(isinstance(stored.get("id"), str))
        return stored

    def faults(self) -> list[dict[str, Any]]:
        """The rules that make something go wrong, each with its hits."""
        found = self.json("/v1/faults").get("faults")
        self._require(isinstance(found, list))
        return list(found or ())

    def add_fault(self, words: Mapping[str, object]) -> dict[str, Any]:
        """Add a rule; gives it with its id."""
        return self._object(self._ask("POST", "/v1/faults", json=words))

    def remove_fault(self, rule_id: str) -> dict[str, Any]:
        """Take a rule away; gives it as it was. Raises `NotFound`."""
        return self._object(self._ask("DELETE", f"/v1/faults/{quote(rule_id, safe='')}"))

    def clear_faults(self) -> int:
        """Take all rules away; gives how many."""
        removed = self._object(self._ask("DELETE", "/v1/faults", params={"all": "true"})).get("removed")
        self._require(isinstance(removed, int))
        return int(removed or 0)

    def clock(self) -> dict[str, Any]:
        """The time by the sandbox's clock, and how far it is ahead."""
        return self.json("/v1/clock")

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the sandbox's clock ahead; comes back once all that became due is done."""
        return self._object(self._ask("POST", "/v1/clock", json={"advance": seconds}))

    def page_of(self, message_id: str) -> str:
        """Where the inspector shows a message."""
        return f"{self.url}/m/{quote(message_id, safe='')}"

    def json(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What a GET of *path* gives."""
        return self._object(self._ask("GET", path, params=params))

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            answer = self._session().request(method, self.url + path, timeout=PATIENCE, allow_redirects=False, **more)
        except requests.RequestException as error:
            raise Unreachable(f"{self.url} does not answer: {_reason(error)}") from None
        if answer.status_code >= 300:
            raise self._refusal(answer)
        return answer

    def _refusal(self, answer: requests.Response) -> MailtrapError:
        problem: Any = None
        with suppress(ValueError):
            problem = answer.json()
        if not isinstance(problem, dict) or not isinstance(problem.get("detail"), str):
            return Unreachable(f"{self.url} answers {answer.status_code} {answer.reason}: it is no sandbox of ours")
        detail = printable(problem["detail"])
        if answer.status_code in (404, 410) and problem.get("code") in ("not_found", "gone"):
            return NotFound(detail)
        if answer.status_code >= 500:
            return Unreachable(f"{self.url} cannot do it now: {detail}")
        return Refused(detail, str(problem.get("code", "")))

    def _object(self, answer: requests.Response) -> dict[str, Any]:
        found: Any = None
        with suppress(ValueError):
            found = answer.json()
        self._require(isinstance(found, dict))
        return dict(found)

    def _require(self, is_so: bool) -> None:
        if not is_so:
            raise Unreachable(f"{self.url} answers otherwise than this version of the sandbox does")

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = requests.Session()
            session.auth = self._credentials
            session.trust_env = not _is_loopback(self.url)  # a proxy is of no use for what is on this machine
            self._sessions.append(session)
        return session


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _reason(error: BaseException) -> str:
    """The innermost of what went wrong, which alone says something."""
    while inner := (error.__cause__ or error.__context__):
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
