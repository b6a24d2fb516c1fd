"""Octets that are nearly mail: what a parser of messages is likely to stumble over, in any order."""

from __future__ import annotations

from hypothesis import strategies as st

_NAMES = (
    b"Subject From To Cc Bcc Date Sender Reply-To Message-ID Content-Type Content-Transfer-Encoding "
    b"Content-Disposition Content-ID X-Odd X-\xff"
).split()
_VALUES = [
    b"multipart/mixed; boundary=b",
    b'multipart/alternative; boundary="b1"',
    b"multipart/related; boundary=b; start=<a>",
    b"multipart/digest; boundary=--",
    b"multipart/signed; boundary=\xc3\xa9",
    b"multipart/mixed; boundary=\xe9",
    b"message/rfc822",
    b"text/html; charset=utf-7",
    b"text/plain; charset=utf-16; format=flowed; delsp=yes; name=a.txt",
    b"text/plain; charset*0*=utf-8''x%; charset*1=y",
    b"text/plain; charset=iso-2022-jp",
    b"image/png; name==?utf-8?b?w==?=",
    b"base64",
    b"quoted-printable",
    b"x-uuencode",
    b"8bit",
    b"attachment; filename*=utf-16''%d8%00",
    b'inline; filename="a\\"\n b',
    b"<a>",
    b"Mon, 31 Feb 99 25:61:61 +9959",
    b"1 Jan 0000 00:00 -0000",
    b"31 Dec 9999 23:59:60 -2359",
    b'"Ann \\" (x" <ann@(c)x.test>, g: b@x.test;, <@r:c@x.test',
    b"((((a@b) <",
    b"=?utf-8?q?=c3?= =?utf-8?q?=a9?= =?utf-7?b?2D0?= =?x?q?y?=",
    b"=?utf-8?b?====?==?utf-16?q?=d8=00?=",
    b"=?hz?q?~{?= =?iso-2022-kr?b?Gw==?=",
]
_BODIES = [
    b"--b",
    b"--b--",
    b"--b1",
    b"--b1--",
    b"----",
    b"----- ",
    b"--\xc3\xa9",
    b"--\xe9",
    b"begin 644 x",
    b"#86%T",
    b"end",
    b"R8O1aXM=",
    b"=C3=A9=",
    b"= \t",
    b"=ZZ",
    b"> > quoted ",
    b"-- ",
    b"<p>a<b><!-- c",
    b"<a href='x>",
    b"</script><script>&#" + b"9" * 5000 + b";",
    b"&#xd800;&nbsp;&unknown;<<<",
    b'\x1b$B$"\x1b(B',
    b"\xff\xfe\x00\xd8",
    b"+2D0-",
    b"\0",
]
_LINES = st.one_of(
    st.tuples(st.sampled_from(_NAMES), st.sampled_from([b": ", b":", b" : "]), st.sampled_from(_VALUES)).map(b"".join),
    st.sampled_from(_BODIES),
    st.sampled_from([b"", b"", b" ", b"\tfolded", b"no colon", b": no name", b"From ann Mon Nov 23", b"."]),
    st.binary(max_size=20),
)
_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])

OCTETS = st.one_of(
    st.binary(max_size=200),
    st.lists(st.tuples(_LINES, _ENDS).map(b"".join), max_size=30).map(b"".join),
    st.lists(st.one_of(st.sampled_from(_VALUES), st.sampled_from(_BODIES)), max_size=6).map(b" ".join),
)
"""Any octets, and such as look like mail."""

TEXTS = st.one_of(st.text(max_size=100), OCTETS.map(lambda octets: octets.decode("latin-1")))
"""Any text, and such as looks like mail."""
