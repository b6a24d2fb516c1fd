"""A response, before anybody knows which server sends it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers where plain JSON does not do."""

    body: bytes | Iterable[bytes] = b""
    type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def json_octets(value: object) -> bytes:
    """*value* as JSON in UTF-8. Lone surrogates, which many readers choke on, become U+FFFD.

    >>> json_octets({"to": "b\\udcfcch"}).decode()
    '{"to": "b\\ufffdch"}'
    """
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).encode()


def reply_of(result: object, status: int = 200) -> Reply:
    """What an operation returned, as a reply: JSON, unless it is one already."""
    return result if isinstance(result, Reply) else Reply(json_octets(result), status=status)
