"""Well-formed mail is read as the standard library reads it, where that is right."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.header import Header, decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, compat32
from email.utils import format_datetime, formataddr, getaddresses, parsedate_to_datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.headers import addresses, date, decoded, parameterised
from mailtrap.message.parse import parse
from mailtrap.message.text import content

WORDS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)
PHRASES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
ASCII_PHRASES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
LOCALS = st.from_regex(r"[a-z0-9]{1,10}([.+_-][a-z0-9]{1,10})?", fullmatch=True)
CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "koi8-r", "iso-2022-jp", "gb18030"])


@given(PHRASES, CHARSETS)
def test_encoded_words(text: str, charset: str) -> None:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    written = Header(text, charset, header_name="Subject").encode()

    assert decoded(written.encode()) == str(make_header(decode_header(written))) == text


@given(st.lists(st.tuples(st.one_of(st.just(""), PHRASES, ASCII_PHRASES), LOCALS), min_size=1, max_size=4))
def test_addresses(people: list[tuple[str, str]]) -> None:
    written = ", ".join(formataddr((name, f"{local}@x.test")) for name, local in people)

    theirs = [(str(make_header(decode_header(name))), address) for name, address in getaddresses([written])]
    assert [(each.name, str(each)) for each in addresses(written.encode())] == theirs


@given(st.datetimes(datetime(1900, 1, 1), datetime(9998, 1, 1)), st.integers(-12 * 60, 14 * 60))
def test_dates(moment: datetime, minutes: int) -> None:
    written = format_datetime(moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))))

    assert date(written.encode()) == parsedate_to_datetime(written)


@given(WORDS, st.sampled_from(["attachment", "inline"]))
def test_parameters(name: str, disposition: str) -> None:
    message = EmailMessage(SMTP)
    message.add_header("Content-Disposition", disposition, filename=name)
    written = message.as_bytes().partition(b":")[2].rstrip()

    assert parameterised(written) == (disposition, {"filename": name})


@given(
    text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])),
    files=st.lists(st.binary(max_size=300), max_size=3),
    cte=st.sampled_from(["base64", "quoted-printable", "8bit"]),
)
def test_contents_and_types(text: str, files: list[bytes], cte: str) -> None:
    message = EmailMessage(SMTP.clone(cte_type="8bit"))
    message.set_content(text, cte=cte)
    message.add_alternative(f"<p>{text}</p>", subtype="html", cte=cte)
    for number, octets in enumerate(files):
        message.add_attachment(octets, maintype="application", subtype="x", filename=f"{number}.bin")
    octets = message.as_bytes()

    theirs = [part for part in message_from_bytes(octets, policy=compat32).walk() if not part.is_multipart()]
    ours = [part for part in parse(octets).parts() if not part.children]
    assert [part.type for part in ours] == [part.get_content_type() for part in theirs]
    assert [part.filename or None for part in ours] == [part.get_filename() for part in theirs]
    assert [content(octets, part) for part in ours] == [part.get_payload(decode=True) for part in theirs]
    assert parse(octets).defects == []


WELL_FORMED = """
    alternative-html-only boundary-in-text boundary-prefix-of-another calendar-invite digest
    format-flowed gb18030 inline-images iso-2022-jp list-mail message-in-message nested-12-deep parameters-continued
    shift-jis smime-enveloped smime-signed utf-16 winmail-dat
""".split()


def test_structures_of_the_corpus() -> None:
    for name in WELL_FORMED:
        octets = (Path(__file__).parent.parent / "corpus" / f"{name}.eml").read_bytes()

        theirs = list(message_from_bytes(octets, policy=compat32).walk())
        ours = list(parse(octets).parts())
        assert [part.type for part in ours] == [part.get_content_type() for part in theirs], name
        for our, their in zip(ours, theirs, strict=True):
            if not their.is_multipart():
                assert content(octets, our) == their.get_payload(decode=True), name
