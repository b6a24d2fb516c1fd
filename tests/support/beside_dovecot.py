"""What is asked of ours and of Dovecot, and where the answers may differ: each difference with its reason."""

from side_by_side import Known

WHOLE = (
    "RFC822.SIZE",
    "INTERNALDATE",
    "FLAGS",
    "UID",
    "ENVELOPE",
    "BODYSTRUCTURE",
    "BODY",
    "BODY.PEEK[]",
    "BODY.PEEK[HEADER]",
    "BODY.PEEK[TEXT]",
    "RFC822.HEADER",
    "BODY.PEEK[HEADER.FIELDS (From To Subject Date)]",
    "BODY.PEEK[HEADER.FIELDS (Received X-Absent)]",
    "BODY.PEEK[HEADER.FIELDS.NOT (Received subject To)]",
    "BODY.PEEK[]<0.100>",
    "BODY.PEEK[]<37.1000000>",
    "BODY.PEEK[]<1000000.1>",
    "BODY.PEEK[TEXT]<3.7>",
    "BODY.PEEK[HEADER]<0.20>",
    "BODY.PEEK[HEADER.FIELDS (Subject)]<5.10>",
    "BODY.PEEK[9]",
    "BODY.PEEK[9.MIME]",
)
"""What is asked of every message."""

PART = ("BODY.PEEK[{}]", "BODY.PEEK[{}.MIME]", "BODY.PEEK[{}]<2.9>")
"""What is asked of every part."""

SINGLE = ("BINARY.PEEK[{}]", "BINARY.SIZE[{}]", "BINARY.PEEK[{}]<1.5>")
"""What is asked of every part without parts: of others, Dovecot writes the header anew, which RFC 3516 leaves open."""

ENCLOSED = ("BODY.PEEK[{}.HEADER]", "BODY.PEEK[{}.TEXT]", "BODY.PEEK[{}.HEADER.FIELDS (Subject From)]")
"""What is asked of every enclosed message, too."""

QUERIES = r"""
ALL
ANSWERED
UNANSWERED
DELETED UNSEEN
UNDELETED
DRAFT
UNDRAFT
FLAGGED
UNFLAGGED SEEN
UNSEEN
KEYWORD work
UNKEYWORD work
KEYWORD $Forwarded
KEYWORD WORK
KEYWORD nowhere
1:10
5,7,9:11,70:*
*
*:5
UID 3:7,9
NOT 2:20
OR 1:3 SEEN
OR OR FLAGGED DRAFT ANSWERED
NOT (SEEN FLAGGED)
(1:50 (NOT SEEN))
NOT NOT SEEN
LARGER 1000
SMALLER 200
LARGER 300 SMALLER 400
BEFORE 1-Feb-2021
SINCE 1-Jan-2022
ON 18-Jun-2021
ON "5-Jan-2021"
NOT BEFORE 01-Jun-2021 BEFORE 1-Jan-2022
SENTBEFORE 23-Nov-2026
SENTON 23-Nov-2026
SENTSINCE 24-Nov-2026
SENTSINCE 1-Jan-2000 SENTBEFORE 1-Jan-2010
FROM ann
FROM "ANN@SHOP.TEST"
FROM "Ann <ann@shop.test>"
FROM shop.test
NOT FROM shop.test
TO bob@example.com
TO "list042"
CC example
BCC example
SUBJECT a
SUBJECT "digest"
SUBJECT "Größe"
SUBJECT "größe"
SUBJECT "grosse"
SUBJECT "CAFÉ"
SUBJECT "日本"
SUBJECT ""
HEADER Subject ""
SUBJECT "nothing  below"
SUBJECT "re:"
SUBJECT "=?utf-8"
HEADER Message-ID "@shop.test"
HEADER Message-ID ""
HEADER X-Absent ""
HEADER Received "by"
HEADER Content-Type multipart
HEADER Content-Type "boundary=b"
HEADER Subject "first"
HEADER Subject "second"
HEADER From "carl"
HEADER To "undisclosed"
HEADER References "<"
HEADER Reply-To "unicorn"
BODY body
BODY "deep inside"
BODY "Café"
BODY "CAFÉ"
BODY "Köln"
BODY "PDF"
BODY "VCALENDAR"
BODY "script"
BODY "--b"
BODY "日本"
BODY "short.\r\n"
BODY "a note"
TEXT hello
TEXT "shop.test"
TEXT "Message-ID"
TEXT "Hare and the Tortoise"
TEXT "2026"
TEXT "größe"
TEXT "attachment"
TEXT "nowhere to be found"
TEXT "x"
BODY "Hare" NOT FROM "Doug" OR LARGER 2000 SUBJECT "test"
OR FROM "Doug" TEXT "Stand-up"
OR (SUBJECT "digest" UNSEEN) (FROM "Mail Delivery" NOT DELETED)
NEW
OLD
RECENT
""".strip().splitlines()
"""One search a line."""

# -- where answers differ

STRUCTURE = "BODY|BODYSTRUCTURE"
ANY = ".*"

TOLD_OTHERWISE = (
    Known(
        "bare-cr mixed-line-ends stalwart__0049__049",
        ANY,
        "Dovecot keeps files with LF: of CR CR LF, and of CR at the end, one CR is lost",
    ),
    Known("nul every-octet stalwart__0091__005", "BODY.*|RFC822.HEADER", "Dovecot writes 0x80 for NUL"),
    Known(
        "duplicate-headers stalwart__0072__019",
        "ENVELOPE",
        "of a field that must not come twice we tell the first, Dovecot the last",
    ),
    Known(
        "folded-weirdly",
        "ENVELOPE",
        "unfolding takes CRLF out and nothing else (RFC 5322 §2.2.3); Dovecot makes one space of all that follows",
    ),
    Known(
        "no-address odd-addresses stalwart__0077__001 stalwart__0080__004 stalwart__0085__009 stalwart__0093__007",
        f"ENVELOPE|{STRUCTURE}",
        "what is missing of an address is empty; Dovecot says MISSING_DOMAIN and such",
    ),
    Known(
        "continuation-first no-headers no-headers-with-colon",
        ANY,
        "a first line that begins no field begins the body; Dovecot wants a header, up to the first empty line",
    ),
    Known(
        "message-base64 stalwart__0075__022 stalwart__0084__008",
        r"BODY.*|BINARY.*",
        "the same in an enclosed message that is none",
    ),
    Known(
        "boundary-empty boundary-in-text "
        "stalwart__0058__004 stalwart__0061__007 stalwart__0069__016 stalwart__0072__019",
        "BODY.*|BINARY.*",
        "a line that merely begins with a boundary is none (RFC 2046 §5.1.1); to Dovecot it is",
    ),
    Known(
        "boundary-same-nested stalwart__0093__007 stalwart__0094__008",
        "BODY.*",
        "the CRLF before a boundary belongs to it, also after a multipart that has ended (RFC 2046 §5.1.1)",
    ),
    Known(
        "multipart-empty-parts stalwart__0054__000 stalwart__0055__001 stalwart__0073__020 stalwart__0074__021 "
        "stalwart__0097__011 stalwart__0101__015",
        r"BODY.*(HEADER|MIME).*",
        "a header with no body below it keeps its line end, and the empty line if there is one, before a boundary",
    ),
    Known(
        "bad-content-types stalwart__0070__017",
        STRUCTURE,
        "a Content-Type that does not parse means text/plain (RFC 2045 §5.2)",
    ),
    Known(
        "multipart-closed-at-once multipart-without-boundary multipart-without-parts stalwart__0056__002",
        "BODY.*|BINARY.*",
        "a multipart without any part is told as one text, the whole of it; Dovecot tells an empty one",
    ),
    Known(
        "parameters-odd stalwart__0035__035 stalwart__0039__039 stalwart__0077__001",
        STRUCTURE,
        "backslashes of C:\\TEMP\\x.png stay, and a parameter that does not parse is told as it is",
    ),
    Known("stalwart__0090__004", STRUCTURE, "the encoding “8 bit” is told as it is; Dovecot mends it"),
    Known(
        "base64-with-garbage quoted-printable-broken uuencoded-part stalwart__0017__017 stalwart__0026__026 "
        "stalwart__0048__048 stalwart__0071__018 stalwart__0076__000 stalwart__0088__002 stalwart__0090__004 "
        "stalwart__0102__016 stalwart__0103__017 stalwart__0104__018 stalwart__0105__019",
        "BINARY.*",
        "what can be decoded is given; Dovecot says UNKNOWN-CTE, and to the size of any part, if one is broken",
    ),
    Known(
        "only-headers only-headers-unfinished",
        r".*HEADER\.FIELDS .*",
        "no empty line is made up where there is neither that nor a body (RFC 9051 §6.4.5)",
    ),
)
"""Of what FETCH tells."""

FOUND_BY_ONE = (
    Known("continuation-first", "(NOT )?(FROM|TO|SUBJECT|SENTON|HEADER).*", "it has no header, see above"),
    Known("*", "SENTBEFORE .*", "a message without a date was not sent before any; to Dovecot, in 1970"),
    Known("*", 'SUBJECT ""', "the empty string is in every subject, also in none"),
    Known("only-headers", 'SUBJECT "nothing  below"', "white space of any length is one space"),
    Known(
        "word-split-in-character",
        "(SUBJECT|TEXT) .*",
        "a character may be split between encoded words, as many mailers do (against RFC 2047 §5)",
    ),
    Known("latin-1-without-charset", 'BODY "Köln"', "octets that are no UTF-8 are taken for windows-1252"),
    Known("base64-with-garbage", "TEXT hello", "what can be decoded of broken base64 is found"),
    Known("*", 'BODY (body|"script"|"--b")', "HTML is searched as it is read, without its tags"),
    Known("no-headers-with-colon", 'BODY "short.*', "white space, that of line ends too, is one space"),
    Known("missing-blank-line", "TEXT hello", "a line of a header that is no field is in neither header nor body"),
    Known("*", 'TEXT ("attachment"|"größe"|"x"|"Message-ID"|hello)', "the headers of parts are not searched"),
)
"""Of what SEARCH finds."""
