"""The headers that keep content in its place: foreign content, our own pages, and data.

Every response carries one of the three sets. There is no other place that sets them.
"""

from __future__ import annotations

from typing import Final

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-DNS-Prefetch-Control": "off",
}

FOREIGN: Final = {
    **_EVERYWHERE,
    # Runs nothing, fetches nothing from elsewhere, and has an origin of its own even when opened by itself.
    "Content-Security-Policy": (
        "default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'; font-src data:; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
}
"""For whatever came in a message: HTML, parts, raw octets. No `Cross-Origin-Resource-Policy`: the frame's own
images come from an opaque origin, to which everything is another site."""

PAGE: Final = {
    **_EVERYWHERE,
    "Referrer-Policy": "same-origin",  # with none, a form's Origin would be null, and the gate could not know it
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        " connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""For the pages, styles and scripts of the inspector."""

DATA: Final = {
    **_EVERYWHERE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""For what programs read: JSON, events, plain text."""
