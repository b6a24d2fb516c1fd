"""A message's HTML as a document of its own: isolated by the headers it is given with, and hardly changed.

What keeps it from running and fetching anything is `isolation.FOREIGN` and the frame's sandbox, not this module.
The few edits make it work where it is shown: its own pictures are found (RFC 2392), links open a window of their
own, and what would lead elsewhere or load ahead of time is left out. Linear, whatever the HTML is like; what no edit
is made to stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from mailtrap.message.captured import Message
from mailtrap.message.hypertext import unescaped
from mailtrap_web.api.reply import Reply
from mailtrap_web.isolation import FOREIGN

# As in `mailtrap.message.hypertext`: no quoted value may have a <, or each < would be looked at up to the end.
_MARKUP = re.compile(
    r"""<!--(?:[^-]++|-(?!->))*+|<style\b[^<>]*+>(?:[^<]++|<(?!/style))*+|<([a-zA-Z][^\s/<>]*+)((?:[^"'<>]++|"[^"<]*+"|'[^'<]*+')*+)>""",
    re.IGNORECASE,
)
# A policy keeps a frame in the frame from being loaded, but Chromium connects to its host before it asks the policy. So
# no such element may come to be; without these letters there is none, whatever context a browser finds itself in.
_NESTED = re.compile(r"<(/?)((?:i|fenced)?frame(?:set)?|portal|object|embed|applet)(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=<]++)\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'>]++)""")
_CID = re.compile(r"""(?<![\w-])cid:([^\s"'<>()]++)""", re.IGNORECASE)
_CSS_ADDRESS = re.compile(r"""(?:url\(\s*+["']?+|@import\s++["'])([^\s"'()<>]++)""", re.IGNORECASE)
_SRCSET = re.compile(r"(?:^|,)\s*+([^\s,]++)")

_FETCHING = frozenset(("src", "srcset", "background", "poster", "data", "lowsrc", "imagesrcset"))
_LINKING = frozenset(("a", "area"))
_HINTS = frozenset(("dns-prefetch", "preconnect", "prefetch", "preload", "modulepreload", "prerender"))
_OF_ITS_OWN = ' target="_blank" rel="noopener noreferrer"'


@dataclass(slots=True)
class Framed:
    """HTML made ready to be shown, and what it asks for and does not get."""

    html: str = ""
    remote: list[str] = field(default_factory=list)
    """The addresses elsewhere that it would fetch, as they stand there: pictures, style sheets, fonts."""
    dropped: list[str] = field(default_factory=list)
    """The tags that were left out."""

    @property
    def hosts(self) -> list[str]:
        """The hosts of `remote`, each once."""
        return sorted({host for each in self.remote if (host := _host(each))})


def isolated(message: Message) -> Reply:
    """The HTML of *message*, to be answered with the headers for what is foreign."""
    html = framed(message).html.encode("utf-8", "replace")
    return Reply(html, "text/html; charset=utf-8", headers=FOREIGN)


def framed(message: Message) -> Framed:
    """The HTML of *message* with its own pictures' addresses in it."""
    address = f"/v1/messages/{quote(message.id)}/parts/"
    own = {each.content_id: address + each.path for each in message.parts if each.content_id and not each.children}
    return edited(message.html, own)


def edited(html: str, own: dict[str, str]) -> Framed:
    """*html* with the edits made; *own* has an address for each Content-ID.

    >>> edited('<base href=x><a href="https://x.test/">Go</a><img src="cid:logo@x">', {"logo@x": "/logo"}).html
    '<a target="_blank" rel="noopener noreferrer" href="https://x.test/">Go</a><img src="/logo">'
    """
    found = Framed()
    html = _NESTED.sub(lambda each: _renamed(each, found), html)
    found.html = _MARKUP.sub(lambda each: _edit(each, own, found), html)
    return found


def _renamed(tag: re.Match[str], found: Framed) -> str:
    if not tag[1]:
        found.dropped.append(tag[0])
    return f"<{tag[1]}x-{tag[2]}"


def _edit(markup: re.Match[str], own: dict[str, str], found: Framed) -> str:
    text = markup[0]
    if text.startswith("<!--"):
        return text
    name = (markup[1] or "style").lower()
    values = [] if name == "style" else _values(text)
    if _is_dropped(name, dict(values)):
        found.dropped.append(text)
        return ""
    found.remote += filter(_host, _fetched(name, text, values))
    text = _CID.sub(lambda each: own.get(unquote(unescaped(each[1])), each[0]), text)
    if name in _LINKING and not dict(values).get("href", "#").startswith("#"):
        return text[: len(name) + 1] + _OF_ITS_OWN + text[len(name) + 1 :]  # of two attributes the first counts
    return text


def _values(tag: str) -> list[tuple[str, str]]:
    return [(name.lower(), unescaped(value.strip("\"'")).strip()) for name, value in _ATTRIBUTE.findall(tag)]


def _is_dropped(name: str, values: dict[str, str]) -> bool:
    if name == "meta":
        return values.get("http-equiv", "").lower() == "refresh"
    return name == "base" or (name == "link" and not _HINTS.isdisjoint(values.get("rel", "").lower().split()))


def _fetched(name: str, text: str, values: list[tuple[str, str]]) -> list[str]:
    """The addresses that showing this would fetch."""
    addresses = _CSS_ADDRESS.findall(text)
    for attribute, value in values:
        if attribute.endswith("srcset"):
            addresses += _SRCSET.findall(value)
        elif attribute in _FETCHING or (name in ("link", "image", "use") and attribute.endswith("href")):
            addresses.append(value)
    return addresses


def _host(address: str) -> str:
    """The host of an address elsewhere; empty for one that is in the message, or none at all."""
    if not address.lower().startswith(("http:", "https:", "//", "ftp:")):
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
