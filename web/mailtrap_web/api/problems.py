"""What went wrong, as `application/problem+json` (RFC 9457) with a code that stays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from mailtrap.errors import AlreadyExists, BadFault, BadQuery, Gone, NotFound, StoreUnavailable
from mailtrap_web.api.reply import Reply, json_octets
from mailtrap_web.api.shapes import moment

log = logging.getLogger(__name__)

TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is not what was asked for. *members* stand beside ``code`` and ``detail``."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def reply(self) -> Reply:
        """The response that says so."""
        document = {
            "type": "about:blank",  # RFC 9457 §4.2.1: the status says it all, and the title is its phrase
            "title": _phrase(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }
        return Reply(json_octets(document), TYPE, self.status, self.headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # a fault may answer with one that has no name
        return str(status)


def problem_of(error: Exception) -> Problem:
    """What to answer when *error* was raised; what nobody foresaw is logged, and said without detail."""
    match error:
        case Problem():
            return error
        case BadQuery():
            return Problem(400, "bad_query", f"q: {error}", reason=error.reason, position=error.position)
        case BadFault():
            return Problem(400, "bad_fault", str(error), member=error.member, reason=error.reason)
        case Gone():
            return Problem(410, "gone", str(error), gone_at=moment(error.when), why=error.why)
        case NotFound():
            return Problem(404, "not_found", str(error) or "there is no such thing here")
        case AlreadyExists():
            return Problem(409, "already_exists", str(error))
        case StoreUnavailable():
            return Problem(503, "store_unavailable", str(error), headers={"Retry-After": "1"})
    log.error("a request failed", exc_info=error)
    return Problem(500, "internal_error", "A bug in the sandbox. Its log has the traceback.")
