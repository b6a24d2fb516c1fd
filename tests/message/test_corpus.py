"""The corpus: what is read of odd messages, and that its list is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailtrap.message.facts import facts
from mailtrap.message.parse import Part, parse
from mailtrap.message.text import html, text

CORPUS = Path(__file__).parent.parent / "corpus"
ROW = re.compile(r"^\| `(?P<name>[a-z0-9-]+)` \| (?P<odd>.+?) \| (?P<defects>.*?) ?\|$", re.MULTILINE)


def listed() -> dict[str, list[str]]:
    """The defects that the list of the corpus names, by message."""
    rows = ROW.finditer((CORPUS / "README.md").read_text("utf-8"))
    return {row["name"]: re.findall("`(.+?)`", row["defects"]) for row in rows}


def octets(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


def outline(part: Part) -> str:
    """The tree in short: ``mixed(plain, pdf)``."""
    kind = part.type.partition("/")[2]
    return f"{kind}({', '.join(map(outline, part.children))})" if part.children else kind


def test_the_list_of_the_corpus_has_every_file() -> None:
    assert sorted(listed()) == sorted(file.stem for file in CORPUS.glob("*.eml"))


@pytest.mark.parametrize(("name", "defects"), listed().items(), ids=listed())
def test_the_defects_are_those_that_the_list_names(name: str, defects: list[str]) -> None:
    assert list(facts(octets(name)).defects) == defects


@pytest.mark.parametrize(
    ("name", "subject", "preview"),
    [
        ("empty", "", ""),
        ("no-headers", "", "Dear Bob, this is a letter, and no message."),
        ("no-headers-with-colon", "", "Dear Bob: it is late so this is short."),
        ("only-headers-unfinished", "cut in the mid", ""),
        ("body-without-header", "", "The empty line comes first."),
        ("missing-blank-line", "no empty line", "And only here is an empty line."),
        ("bare-lf", "Unix line ends", "first second third"),
        ("bare-cr", "", ""),
        ("mixed-line-ends", "all three", "CRLF LF CR CR CRLF LF CR end"),
        ("dots", "dots", ". .. ... .a ..b ."),
        ("eight-bit-without-charset", "Grüße", "Schöne Grüße aus Köln."),
        ("latin-1-without-charset", "Grüße", "Schöne Grüße aus Köln."),
        ("latin-1-declared-utf-8", "wrong charset", "Sch\ufffdne Gr\ufffd\ufffde aus K\ufffdln."),
        ("unknown-charset", "nuqneH", "nuqneH, Jürgen"),
        ("unknown-transfer-encoding", "packed", "left as it is"),
        ("duplicate-headers", "first", "Two of everything."),
        ("header-without-colon", "odd lines", "body"),
        ("folded-weirdly", "folded before   and after", "body"),
        ("mbox-from-line", "out of a mailbox file", "From here on it is text. >From the archive. From bob@example.com"),
        ("word-split-in-character", "Größe ☃", "body"),
        ("emoji-subject", "👩‍👩‍👧‍👦 Family 🏳️‍🌈 5️⃣ stars", "body"),
        ("broken-words", "=?utf-8?q?caf=C3=A9 a b =?utf-8?x?abc?= caf\ufffd\ufffd =?=", "body"),
        ("words-of-many-charsets", "日本語です汉字приветété", "body"),
        ("utf-8-header", "Füße 📬", "grün"),
        ("right-to-left", "שלום \u202eevil\u202c \u200fمرحبا", "שלום עולם, 123 \u2067مرحبا\u2069."),
        ("base64-with-garbage", "garbage", "Hello, Bob. Bye."),
        ("quoted-printable-broken", "soft breaks", "one two =ZZ three=3 four é five é = six= seven"),
        ("uuencoded-in-text", "uu inside", "See the note. begin 644 note.txt"),
        ("boundary-empty", "empty boundary", "-- after two hyphens ---- after four"),
        ("multipart-without-boundary", "no boundary", "--b text --b--"),
        ("multipart-closed-at-once", "closed", "preamble --b-- epilogue"),
        ("multipart-empty-parts", "empty parts", "the fifth"),
        ("nested-12-deep", "twelve", "text at the bottom"),
        ("boundary-in-text", "where?", "text with --=_b in it"),
        ("digest", "digest", ""),
        ("calendar-invite", "Invitation: Stand-up", "Stand-up on 1 December, 9:00 UTC."),
        ("delivery-status", "Undelivered Mail Returned to Sender", "I could not deliver your message to nobody@exam"),
        ("inline-images", "pictures", "Two dots:"),
        ("alternative-html-only", "only HTML", "Preheader Café & crêpe: 1 < 2. Second line"),
        ("html-only", "a code", "Your code is 482913. Größe One & two left right"),
        ("html-broken", "broken HTML", "1 < 2 and bold never closed link twice cell cell"),
        (
            "format-flowed",
            "flowed",
            "A paragraph that flows on in the next line. > quoted once and flowing >> quoted tw",
        ),
        ("iso-2022-jp", "注文確認のお知らせ", "ご注文ありがとうございます。 確認コード: 482913"),
        ("shift-jis", "表示ソフト", "表示ソフト ①"),
        ("gb18030", "验证码 𠀀", "您的验证码是 482913，镕 𠀀"),
        ("utf-16", "UTF-16", "Grüße ☃"),
        ("utf-7", "Hi Mom ☺", "Grüße, half: \ufffd."),
        ("winmail-dat", "rich text", "It’s rich — elsewhere."),
        ("smime-signed", "signed", "Signed, not sealed."),
        ("smime-enveloped", "sealed", ""),
    ],
)
def test_what_a_list_shows_of_it(name: str, subject: str, preview: str) -> None:
    found = facts(octets(name))

    assert found.subject == subject
    assert found.preview[: len(preview) or None] == preview  # its beginning, of a long one


@pytest.mark.parametrize(
    ("name", "tree"),
    [
        ("bare-lf-multipart", "alternative(plain, html)"),
        ("multipart-unclosed", "mixed(plain, pdf)"),
        ("multipart-without-boundary", "mixed"),
        ("multipart-without-parts", "mixed"),
        ("multipart-closed-at-once", "mixed"),
        ("multipart-empty-parts", "mixed(plain, plain, html, plain, plain)"),
        ("multipart-base64", "mixed(plain)"),
        ("nested-12-deep", "mixed(" * 12 + "plain" + ")" * 12),
        ("boundary-empty", "mixed"),
        ("boundary-prefix-of-another", "mixed(alternative(plain, html), pdf)"),
        ("boundary-in-text", "mixed(plain, plain)"),
        ("boundary-same-nested", "mixed(alternative(plain), plain)"),
        ("inner-unclosed", "mixed(alternative(plain), pdf)"),
        ("message-in-message", "mixed(plain, rfc822(rfc822(plain)))"),
        ("message-base64", "mixed(plain, rfc822)"),
        ("digest", "digest(rfc822(plain), rfc822(plain))"),
        ("bad-content-types", "mixed(plain, plain, plain, plain, plain)"),
        ("calendar-invite", "mixed(alternative(plain, html, calendar), ics)"),
        ("delivery-status", "report(plain, delivery-status, rfc822-headers)"),
        ("inline-images", "mixed(related(png, html, png), pdf)"),
        ("parameters-odd", "mixed(plain, octet-stream, x-odd)"),
        ("smime-signed", "signed(plain, pkcs7-signature)"),
    ],
)
def test_its_parts(name: str, tree: str) -> None:
    assert outline(parse(octets(name)).root) == tree


@pytest.mark.parametrize(
    ("name", "count", "filenames"),
    [
        ("attachment-names", 5, ("../../etc/passwd", "X: y\0.html", "invoice\u202efdp.exe")),
        ("calendar-invite", 1, ("invite.ics",)),
        ("delivery-status", 1, ()),
        ("digest", 2, ()),
        ("inline-images", 1, ("dot.png", "dot.png", "terms.pdf")),
        ("message-in-message", 1, ("middle.eml",)),
        ("parameters-continued", 1, ("Rechnung für März 2026.pdf",)),
        ("parameters-odd", 2, ("C:\\temp\\new.bin", "not closed.bin")),
        ("utf-8-header", 0, ("größe.txt",)),
        ("uuencoded-part", 1, ("note.txt",)),
        ("winmail-dat", 1, ("winmail.dat",)),
    ],
)
def test_its_attachments(name: str, count: int, filenames: tuple[str, ...]) -> None:
    found = facts(octets(name))

    assert (found.attachments, found.filenames) == (count, filenames)


def test_odd_addresses() -> None:
    found = facts(octets("odd-addresses"))

    assert [(each, each.name) for each in found.from_] == [("ann@shop.test", "O'Neil, Ann")]
    assert [(each, each.name) for each in found.to] == [
        ("bob@example.com", ""),
        ("dora@example.com", 'Dora "D" Doe'),
        ("carl@example.com", "Carl"),
        ("eve@example.com", ""),
        ('"quoted local"@example.com', ""),
        ("frank@[192.0.2.1]", ""),
        ("root", ""),
        ("juergen@bücher.example", "Jürgen"),
        ("closing@example.com", "missing"),
    ]
    assert found.cc == ()


def test_every_one_of_many_recipients_is_there() -> None:
    found = facts(octets("recipients-300"))

    assert (len(set(found.to)), len(set(found.cc))) == (200, 100)
    assert [(each, each.name) for each in found.cc[-2:]] == [
        ("eve298@example.com", "Eve 298"),
        ("frank299@example.com", "Frank 299"),
    ]


def test_the_html_of_related_parts_is_the_one_that_start_names() -> None:
    message = octets("inline-images")

    assert html(message, parse(message)).startswith("<p>Two dots:")
    assert text(message, parse(message)) == "Two dots:"
