"""Messages as applications send them, of any size, always the same."""

from __future__ import annotations

import base64
import random
from functools import cache

WORDS = (
    "order invoice parcel Wednesday address confirm account password thanks delivery receipt number customer "
    "support garden winter offer week sign reset link code minutes please reply team café naïve Größe 10-48213"
).split()


@cache
def message(size: int = 5000, seed: int = 1) -> bytes:
    """A multipart/alternative message of about *size* octets; above 20,000 most of it is an attachment."""
    rng = random.Random(seed)
    rest = 0 if size < 20_000 else size - 8_000
    text = _sentences(rng, int((min(size, 8_000) - 900) / 2.35))
    html = "".join(f'<p style=3D"margin:0">{line}</p>=\r\n' for line in text.split("\r\n"))
    alternative = (
        'Content-Type: multipart/alternative; boundary="alt"\r\n\r\n'
        f"--alt\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        "--alt\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        f"<html><body>{html}</body></html>\r\n--alt--\r\n"
    )
    return (_header(seed) + (_mixed(alternative, rng, rest) if rest else alternative)).encode()


def _header(seed: int) -> str:
    return (
        "Received: from web-1.example.com (web-1.example.com [192.0.2.7]) by mail.example.com; "
        "Mon, 23 Nov 2026 12:04:31 +0000\r\n"
        f"Message-ID: <{seed}.4711@shop.example.com>\r\nDate: Mon, 23 Nov 2026 12:04:31 +0000\r\n"
        'From: "Acme Shop" <hello@shop.example.com>\r\nTo: Ann <ann@example.com>\r\n'
        f"Subject: =?utf-8?q?Your_order_10-{seed}_is_on_its_w=C3=A4y?=\r\nMIME-Version: 1.0\r\n"
        "List-Unsubscribe: <https://shop.example.com/u/1>\r\nX-Mailer: Acme 4.2\r\n"
    )


def _sentences(rng: random.Random, size: int) -> str:
    lines: list[str] = []
    length = 0
    while length < size:
        lines.append(" ".join(rng.choice(WORDS) for _ in range(9)))
        length += len(lines[-1]) + 2
    return "\r\n".join(lines)


def _mixed(alternative: str, rng: random.Random, size: int) -> str:
    octets = base64.encodebytes(rng.randbytes(size * 3 // 4)).decode().replace("\n", "\r\n")
    return (
        'Content-Type: multipart/mixed; boundary="mix"\r\n\r\n'
        f"--mix\r\n{alternative}--mix\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="invoice.pdf"\r\n\r\n{octets}--mix--\r\n'
    )
