"""The structure of a message: its parts, where they lie, and their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.message.limits import LIMITS
from mailtrap.message.parse import Structure, parse


def multipart(*parts: bytes, boundary: bytes = b"b", kind: bytes = b"mixed") -> bytes:
    """A well-formed multipart, each of its parts with its own header."""
    delimited = b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts)
    return b"Content-Type: multipart/%b; boundary=%b\r\n\r\n%b--%b--\r\n" % (kind, boundary, delimited, boundary)


def bodies(octets: bytes) -> list[bytes]:
    return [octets[part.body : part.end] for part in parse(octets).parts() if not part.children]


def paths(octets: bytes) -> dict[str, str]:
    return {part.path: part.type for part in parse(octets).parts()}


def codes(structure: Structure) -> list[str]:
    return [each.code for each in structure.defects]


def test_nothing_is_a_part_of_plain_text() -> None:
    [part] = parse(b"").parts()

    assert (part.path, part.type, part.start, part.body, part.end) == ("1", "text/plain", 0, 0, 0)
    assert (part.encoding, part.disposition, part.parameters, part.filename) == ("7bit", "", {}, "")


@pytest.mark.parametrize(
    ("octets", "body"),
    [
        (b"no field here\r\n\r\ntext", b"no field here\r\n\r\ntext"),
        (b" folded: onto nothing\r\n\r\ntext", b" folded: onto nothing\r\n\r\ntext"),
        (b"\rSubject: a\r\n\r\ntext", b"\rSubject: a\r\n\r\ntext"),
        (b"\r\ntext", b"text"),
        (b"\ntext", b"text"),
        (b"Subject: a", b""),
        (b"Subject: a\r\n", b""),
        (b"Subject: a\r\n\r\n", b""),
        (b"Subject: a\r\n\r\n\r\ntext", b"\r\ntext"),
        (b"Subject: a\n\ntext\r\n\r\nmore", b"text\r\n\r\nmore"),
        (b"Subject: a\r\n\ntext", b"text"),
        (b"Subject: a\n\r\ntext\n\n", b"text\n\n"),
        (b"Subject: a\r\r\ntext", b""),
        (b"From a@b Mon\nSubject: a\n\ntext", b"text"),
        (b"From a@b Mon\n\ntext", b"text"),
        (b"From here to there\nit is far\n\ntext", b"From here to there\nit is far\n\ntext"),
    ],
)
def test_the_body_begins_behind_the_first_empty_line(octets: bytes, body: bytes) -> None:
    assert bodies(octets) == [body]


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"--c\r\n\r\none\r\n--c--\r\n", []),
        (b"--b--\r\n", []),
        (b"x--b\r\n\r\none\r\n--b--\r\n", []),
        (b" --b\r\n\r\none\r\n --b--\r\n", []),
        (b"--b", [b""]),
        (b"--b\r\n", [b""]),
        (b"--b\r\n\r\n--b--", [b""]),
        (b"--b\r\n\r\n\r\n--b--", [b""]),
        (b"--b\r\n\r\n\r\n\r\n--b--", [b"\r\n"]),
        (b"--b\r\n--b\r\n--b--", [b"", b""]),
        (b"--b\r\nX: no empty line\r\n--b--", [b""]),
        (b"--b\r\nno header\r\n--b--", [b"no header"]),
        (b"--b\r\n\r\none", [b"one"]),
        (b"--b\r\n\r\none\r\n", [b"one\r\n"]),
        (b"--b\r\n\r\none\r\n--bc\r\n--b --\r\n--b-\r\n--b--x\r\n--b--", [b"one\r\n--bc\r\n--b --\r\n--b-\r\n--b--x"]),
        (b"preamble\r\n--b\r\n\r\none\r\n--b--\r\nepilogue\r\n--b\r\n\r\ntwo", [b"one"]),
        (b"--b \t\r\n\r\none\r\n--b-- \r\n", [b"one"]),
        (b"--b\n\none\n--b\n\ntwo\n--b--\n", [b"one", b"two"]),
        (b"--b\r\n\r\none\n--b\n\ntwo\r\n\r\n--b--", [b"one", b"two\r\n"]),
        (b"--b\r\n\r\none\r\r\n--b--", [b"one\r"]),
    ],
)
def test_a_delimiter_is_a_whole_line_and_takes_the_line_end_before_it(body: bytes, parts: list[bytes]) -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body

    root = parse(octets).root
    assert [octets[part.body : part.end] for part in root.children] == parts


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Type: multipart/mixed",
        b"Content-Type: multipart/mixed; boundary=",
        b'Content-Type: multipart/mixed; boundary=""',
        b'Content-Type: multipart/mixed; boundary=" "',
        b"Content-Type: text/plain; boundary=b",
        b"Content-Type: multipart; boundary=b",
        b"X-Content-Type: multipart/mixed; boundary=b",
    ],
)
def test_without_a_boundary_there_are_no_parts(field: bytes) -> None:
    root = parse(field + b"\r\n\r\n--b\r\n\r\none\r\n--b--\r\n").root

    assert root.children == []


@pytest.mark.parametrize(
    "boundary",
    [b"--", b"b--", b"a b", b"a:b", b"'()+_,-./:=?", b"=_b", b"\xc3\xa9", b"\xe9", b"x" * 500, b'a\\"b'],
)
def test_a_boundary_may_be_anything(boundary: bytes) -> None:
    line = boundary.replace(b'\\"', b'"')
    octets = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n\r\none\r\n--%b\r\n\r\ntwo\r\n--%b--\r\n'

    assert bodies(octets % (boundary, line, line, line)) == [b"one", b"two"]


def test_the_first_of_two_content_types_counts() -> None:
    octets = b"Content-Type: text/html\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b--"

    assert paths(octets) == {"1": "text/html"}


def test_parts_are_numbered_as_in_imap() -> None:
    # RFC 9051 §6.4.5
    inner = multipart(b"\r\nx", b"Content-Type: text/html\r\n\r\ny", boundary=b"i", kind=b"alternative")
    octets = multipart(
        b"\r\none",
        b"Content-Type: message/rfc822\r\n\r\nSubject: of one part\r\n\r\ntwo",
        b"Content-Type: message/rfc822\r\n\r\n" + inner,
        inner,
    )

    assert paths(octets) == {
        "": "multipart/mixed",
        "1": "text/plain",
        "2": "message/rfc822",
        "2.1": "text/plain",
        "3": "message/rfc822",
        "3.TEXT": "multipart/alternative",
        "3.1": "text/plain",
        "3.2": "text/html",
        "4": "multipart/alternative",
        "4.1": "text/plain",
        "4.2": "text/html",
    }
    with pytest.raises(KeyError):
        parse(octets).part("5")


def test_a_message_that_is_a_message_has_part_1() -> None:
    assert paths(b"Content-Type: message/rfc822\r\n\r\n\r\nx") == {"1": "message/rfc822", "1.1": "text/plain"}


def test_the_parts_of_a_digest_are_messages() -> None:
    octets = multipart(b"\r\nSubject: a\r\n\r\nx", b"Content-Type: text/plain\r\n\r\ny", kind=b"digest")

    assert paths(octets) == {"": "multipart/digest", "1": "message/rfc822", "1.1": "text/plain", "2": "text/plain"}


def test_a_delimiter_of_an_outer_multipart_ends_all_that_is_open_in_it() -> None:
    message = b"Content-Type: message/rfc822\r\n\r\n" + multipart(b"\r\nx", boundary=b"i").removesuffix(b"--i--\r\n")
    octets = multipart(message, b"\r\ny")

    structure = parse(octets)
    assert paths(octets) == {
        "": "multipart/mixed",
        "1": "message/rfc822",
        "1.TEXT": "multipart/mixed",
        "1.1": "text/plain",
        "2": "text/plain",
    }
    assert [octets[part.body : part.end] for part in structure.parts() if not part.children] == [b"x\r\n", b"y"]
    assert codes(structure) == ["unclosed-multipart"]


def test_what_a_part_says_of_itself() -> None:
    octets = multipart(
        b"Content-Type: Image/PNG (a picture); Name=a.png\r\nContent-Transfer-Encoding: BASE64 (really)\r\n"
        b"content-disposition: Inline; filename=b.png\r\nContent-ID: <c@x>\r\n\r\n"
    )

    part = parse(octets).part("1")
    assert (part.type, part.parameters, part.encoding) == ("image/png", {"name": "a.png"}, "base64")
    assert (part.disposition, part.disposition_parameters) == ("inline", {"filename": "b.png"})
    assert (part.content_id, part.filename) == ("c@x", "b.png")


def test_what_is_said_of_a_part_cannot_be_changed_in_others_like_it() -> None:
    octets = multipart(b"Content-Type: text/html; charset=utf-8\r\n\r\n")

    with pytest.raises(TypeError):
        parse(octets).part("1").parameters["charset"] = "x"  # type: ignore[index]  # that is what must fail
    assert parse(octets).part("1").parameters == {"charset": "utf-8"}


def nested(depth: int, innermost: bytes = b"\r\nbottom\r\n") -> bytes:
    """So many multiparts, one in the other; RFC 2046 has no limit."""
    headers = [b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (each, each) for each in range(depth)]
    return b"".join(headers) + innermost + b"".join(b"--%d--\r\n" % each for each in reversed(range(depth)))


def test_nesting_ends_at_a_depth_and_says_so() -> None:
    structure = parse(nested(LIMITS.depth + 50))

    assert len(list(structure.parts())) == LIMITS.depth
    assert codes(structure) == ["too-deep"]
    assert codes(parse(nested(LIMITS.depth - 1))) == []


def test_messages_in_messages_end_at_a_depth_and_say_so() -> None:
    structure = parse(b"Content-Type: message/rfc822\r\n\r\n" * 1000)

    assert len(list(structure.parts())) == LIMITS.depth
    assert codes(structure) == ["too-deep"]


def test_parts_end_at_a_number_and_say_so() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * (LIMITS.parts + 5)

    structure = parse(octets)
    assert len(list(structure.parts())) == LIMITS.parts
    assert codes(structure) == ["too-many-parts"]
    assert octets[list(structure.parts())[-1].end :].startswith(b"\r\n--b\r\n")


@given(
    st.recursive(
        st.binary(max_size=40).map(lambda octets: octets.replace(b"-", b"_").rstrip(b"\r")),
        lambda inner: st.lists(inner, min_size=1, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from([b"\r\n", b"\n"]),
)
def test_what_is_put_together_is_taken_apart_exactly(tree: object, end: bytes) -> None:
    leaves: list[bytes] = []

    def written(node: object, depth: int = 0) -> bytes:
        if isinstance(node, bytes):
            leaves.append(node)
            return end + node
        assert isinstance(node, list)
        header = b"Content-Type: multipart/mixed; boundary=b%d" % depth + end + end
        inner = [b"--b%d" % depth + end + written(each, depth + 1) + end for each in node]
        return header + b"".join(inner) + b"--b%d--" % depth

    octets = written(tree)

    assert bodies(octets) == leaves
