"""The mechanisms by themselves: what is shown, what it proves, and what is refused."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import md5, pbkdf2_hmac, sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtrap.sasl import MECHANISMS, BadExchange, Cancelled, Claim, begin, decoded, offered, scram

ANN = b"ann@example.com"
PASSWORD = "s\u00e9cret"
RIGHT = PASSWORD.encode()


class Knows:
    """Who knows the password of one account; there is none for others."""

    def passwords(self, user: str) -> Sequence[str]:
        return (PASSWORD,) if user == "ann@example.com" else ()


Answer = bytes | Callable[[bytes], bytes]


def played(name: str, *answers: Answer, initial: bool = False) -> tuple[Claim, list[bytes]]:
    """What comes of an exchange in which the client says *answers*, and the challenges."""
    exchange = begin(name, Knows(), initial=initial)
    challenges = [next(exchange)]
    for answer in answers:
        try:
            challenges.append(exchange.send(answer if isinstance(answer, bytes) else answer(challenges[-1])))
        except StopIteration as end:
            return end.value, challenges
    raise AssertionError(f"it is not over after {challenges}")


def cram(user: bytes, password: bytes) -> Answer:
    return lambda challenge: user + b" " + hmac.new(password, challenge, md5).hexdigest().encode()


def bearer(start: bytes, token: bytes) -> bytes:
    return start + b"\x01host=localhost\x01port=143\x01auth=Bearer " + token + b"\x01\x01"


@pytest.mark.parametrize("password", [b"", b"wrong", RIGHT[:-1], RIGHT])
@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("PLAIN", lambda password: [b"\0" + ANN + b"\0" + password]),
        ("LOGIN", lambda password: [ANN, password]),
        ("CRAM-MD5", lambda password: [cram(ANN, password)]),
        ("XOAUTH2", lambda password: [b"user=" + ANN + b"\x01auth=Bearer " + password + b"\x01\x01"]),
        ("OAUTHBEARER", lambda password: [bearer(b"n,a=" + ANN + b",", password)]),
    ],
)
def test_a_password_is_proved_by_itself_alone(name: str, answers: Any, password: bytes) -> None:
    claim, _ = played(name, *answers(password))

    assert claim.user == "ann@example.com"
    assert claim.proves(PASSWORD) is (password == RIGHT)
    assert RIGHT.decode() not in repr(claim)


def test_who_is_acted_for_is_whose_password_counts() -> None:
    claim, _ = played("PLAIN", ANN + b"\0root\0" + RIGHT)

    assert claim.user == "ann@example.com"


def test_a_token_has_an_explanation_for_when_it_is_refused_and_a_password_has_none() -> None:
    claim, _ = played("OAUTHBEARER", bearer(b"n,a=" + ANN + b",", b"old"))
    assert claim.explanation == b'{"status":"invalid_token","scope":"mail"}'
    claim, _ = played("XOAUTH2", b"user=" + ANN + b"\x01auth=Bearer old\x01\x01")
    assert claim.explanation.startswith(b'{"status":"400"')
    claim, _ = played("PLAIN", b"\0" + ANN + b"\0old")
    assert claim.explanation == b""


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("PLAIN", [b""]),
        ("PLAIN", [b"ann\0secret"]),
        ("PLAIN", [b"\0\0secret"]),
        ("PLAIN", [b"\0ann\0secret\0"]),
        ("CRAM-MD5", [b""]),
        ("CRAM-MD5", [b"ann"]),
        ("CRAM-MD5", [b" 0123"]),
        ("XOAUTH2", [b"auth=Bearer x\x01\x01"]),
        ("OAUTHBEARER", [bearer(b"n,,", b"x")]),
        ("OAUTHBEARER", [bearer(b"p=x,a=ann,", b"x")]),
        ("SCRAM-SHA-256", [b""]),
        ("SCRAM-SHA-256", [b"n,,n=,r=abc"]),
        ("SCRAM-SHA-256", [b"n,,n=a=b,r=abc"]),
        ("SCRAM-SHA-256", [b"n,,n=ann"]),
        ("SCRAM-SHA-256", [b"n,,m=1,n=ann,r=abc"]),
        ("SCRAM-SHA-256", [b"p=tls-unique,,n=ann,r=abc"]),
        ("SCRAM-SHA-256", [b"n,a=bob,n=ann,r=abc"]),
        ("SCRAM-SHA-256", [b"n,,n=ann,r=abc", b""]),
        ("SCRAM-SHA-256", [b"n,,n=ann,r=abc", b"c=biws,r=abc,p=AAAA"]),
    ],
)
def test_what_a_mechanism_has_not_in_that_place_is_refused(name: str, answers: list[bytes]) -> None:
    with pytest.raises(BadExchange):
        played(name, *answers)


def test_nothing_is_said_before_the_server_where_it_speaks_first() -> None:
    with pytest.raises(BadExchange):
        begin("CRAM-MD5", Knows(), initial=True)


def test_scram_is_offered_only_where_somebody_has_a_password() -> None:
    assert offered(has_passwords=False) == ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"]
    assert offered(has_passwords=True) == list(MECHANISMS)


class Scram:
    """A client of SCRAM (RFC 5802 §3), written from the RFC's formulas."""

    def __init__(self, user: bytes, password: bytes, header: bytes = b"n,,", hash_: Any = sha256) -> None:
        self.bare = b"n=" + user + b",r=rOprNGfwEbeRWgbNEkqO"
        self.header, self.password, self.hash = header, password, hash_

    def first(self, _: bytes) -> bytes:
        return self.header + self.bare

    def final(self, challenge: bytes) -> bytes:
        nonce, salt, count = (part[2:] for part in challenge.split(b","))
        salted = pbkdf2_hmac(self.hash().name, self.password, decoded(salt), int(count))
        client = hmac.digest(salted, b"Client Key", self.hash)
        rest = b"c=" + b64encode(self.header) + b",r=" + nonce
        message = self.bare + b"," + challenge + b"," + rest
        signature = hmac.digest(self.hash(client).digest(), message, self.hash)
        self.verifier = hmac.digest(hmac.digest(salted, b"Server Key", self.hash), message, self.hash)
        return rest + b",p=" + b64encode(bytes(a ^ b for a, b in zip(client, signature, strict=True)))


@pytest.mark.parametrize("header", [b"n,,", b"y,,", b"n,a=ann@example.com,"])
def test_scram_shows_the_client_too_that_the_password_is_known(header: bytes) -> None:
    client = Scram(ANN, RIGHT, header)

    claim, challenges = played("SCRAM-SHA-256", client.first, client.final, b"")
    assert challenges[2] == b"v=" + b64encode(client.verifier)
    assert claim.user == "ann@example.com"
    assert claim.proves(PASSWORD)
    assert not claim.proves("another")


@pytest.mark.parametrize(("user", "password"), [(ANN, b"wrong"), (b"nobody", RIGHT)])
def test_scram_proves_nothing_to_who_does_not_know(user: bytes, password: bytes) -> None:
    client = Scram(user, password)

    claim, challenges = played("SCRAM-SHA-256", client.first, client.final)
    assert len(challenges) == 2
    assert not claim.proves(PASSWORD)
    assert claim.needs_password


def test_scram_computes_what_the_rfc_computes() -> None:
    salt = decoded(b"W22ZaJ0SNY7soEsUEjb6gQ==")  # RFC 7677 §3
    nonce = b"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    message = b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=%b,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=%b" % (nonce, nonce)
    keys = scram.Keys.of("sha256", "pencil", salt)

    assert not keys.proven(message, b"")
    assert keys.proven(message, decoded(b"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
    assert b64encode(keys.signature(message)) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_cram_computes_what_the_rfc_computes() -> None:
    challenge = b"<1896.697170952@postoffice.reston.mci.net>"  # RFC 2195 §2

    assert cram(b"tim", b"tanstaaftanstaaf")(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"  # type: ignore[operator]


def test_cram_takes_a_password_that_was_prepared_and_one_that_was_not() -> None:
    for key in ("a\u00a0b".encode(), b"a b"):
        claim, _ = played("CRAM-MD5", cram(ANN, key))

        assert claim.proves("a\u00a0b")


def test_a_line_is_base64_or_an_end() -> None:
    with pytest.raises(Cancelled):
        decoded(b"*")
    with pytest.raises(BadExchange):
        decoded(b"YW5u\n")
    assert (decoded(b"="), decoded(b""), decoded(b"YW5u")) == (b"", b"", b"ann")


@pytest.mark.parametrize("name", MECHANISMS)
@given(answers=st.lists(st.binary() | st.sampled_from([b"n,,n=ann@example.com,r=abc", b"user=ann@example.com\x01"])))
def test_any_octets_are_a_claim_or_a_bad_exchange(name: str, answers: list[bytes]) -> None:
    exchange = begin(name, Knows(), initial=False)
    next(exchange)
    claim = None
    try:
        for answer in answers:
            assert isinstance(exchange.send(answer), bytes)
    except StopIteration as end:
        claim = end.value
    except BadExchange:
        pass
    assert claim is None or not claim.proves(PASSWORD)
