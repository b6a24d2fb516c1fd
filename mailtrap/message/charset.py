"""Octets -> text, whatever they claim to be: never raises, and never gives what UTF-8 cannot encode."""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import lru_cache

_NO_CHARSETS = {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
_WITHOUT_ALIAS = (
    "cp720 cp737 cp856 cp874 cp875 cp1006 cp1125 koi8_r koi8_t koi8_u mac_arabic mac_croatian mac_farsi mac_romanian "
    "utf_8_sig"
).split()

CODECS = {name: codec for name, codec in aliases.items() if codec not in _NO_CHARSETS}
CODECS |= {codec: codec for codec in (*CODECS.values(), *_WITHOUT_ALIAS)}
# What mail calls them, and what it means: the larger set wherever the smaller one's name is used for it
# (https://encoding.spec.whatwg.org/#names-and-labels).
CODECS |= dict.fromkeys(("iso_8859_1", "iso8859_1", "latin_1", "latin1", "l1", "x_ansi", "x_cp1252"), "cp1252")
CODECS |= dict.fromkeys(("gb2312", "gbk", "x_gbk", "gb_2312_80", "chinese", "euc_cn", "cp936"), "gb18030")
CODECS |= dict.fromkeys(("ks_c_5601_1987", "ks_c_5601", "ksc5601", "euc_kr", "x_windows_949"), "cp949")
CODECS |= dict.fromkeys(("shift_jis", "sjis", "x_sjis", "windows_31j", "ms_kanji"), "cp932")
CODECS |= dict.fromkeys(("iso_8859_8_i", "iso_8859_8_e"), "iso8859_8")
CODECS |= dict.fromkeys(("iso_8859_9", "iso8859_9", "latin5"), "cp1254")
CODECS |= dict.fromkeys(("tis_620", "iso_8859_11", "iso8859_11", "windows_874"), "cp874")
CODECS |= {"unicode_1_1_utf_7": "utf_7", "unicode_1_1_utf_8": "utf_8", "cp_850": "cp850", "x_mac_roman": "mac_roman"}

# Names that say no more than "some octets" (RFC 1428 §3), and ASCII, which is often an untrue claim: see `guessed`.
CODECS |= dict.fromkeys(("us_ascii", "ascii", "unknown_8bit", "x_unknown", "unknown", "8bit", "binary"), "ascii")

_NAME = re.compile(r"[^a-z0-9]+")
_CAN_GIVE_SURROGATES = {"utf_7", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"}


def codec(charset: str) -> str | None:
    """Python's codec for a charset, whatever it is called; None for one that is unknown.

    >>> codec("ISO-8859-1"), codec("x-klingon")
    ('cp1252', None)
    """
    return _codec(charset) if len(charset) < 60 else None


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    return CODECS.get(_NAME.sub("_", charset.lower()).strip("_"))


def decoded(octets: bytes, charset: str) -> str:
    """The text that *octets* are in *charset*; what is no text in it becomes U+FFFD.

    Of an unknown charset, of none (an empty name) and of ASCII that is not, the best guess.
    """
    name = codec(charset)
    if name is None or name == "ascii":
        return guessed(octets)
    if name == "utf_16" and octets[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        # RFC 2781 §4.3 says big-endian; what is sent without a mark is the sender's own order, so look at it.
        name = "utf_16_be" if octets[:1] == b"\0" else "utf_16_le"
    text = octets.decode(name, "replace").removeprefix("\ufeff")
    return without_surrogates(text) if name in _CAN_GIVE_SURROGATES else text


def guessed(octets: bytes) -> str:
    """UTF-8 if it is that, else Windows' Latin-1: what most octets without a label turn out to be."""
    try:
        return octets.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def without_surrogates(text: str) -> str:
    """*text*, with U+FFFD for each half of a character (UTF-7 can spell those)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
