"""Certificates: kept, given, and for every name that can have one."""

from __future__ import annotations

import asyncio
import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailtrap.authority import Authority, kept
from mailtrap.errors import BadSettings
from mailtrap.pausing import Wrong
from mailtrap.tls import NAMES, Tls


def handshake(tls: Tls, name: str | None, *, ca: bytes | None = None) -> dict[str, object]:
    """The certificate that a client sees who asks for *name* and trusts *ca*, as it is if that is not given."""
    server_context = asyncio.run(tls.context())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = bool(name)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # what Python's default context does from 3.13 on
    context.load_verify_locations(cadata=(ca or tls.ca_pem()).decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for each in tuple(waiting):
            try:
                each.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(each)
    return dict(client.getpeercert() or {})


def names(certificate: dict[str, object]) -> list[str]:
    found: object = certificate["subjectAltName"]
    assert isinstance(found, tuple)
    return [value for _, value in found]


@pytest.fixture(scope="module")
def tls() -> Tls:
    return Tls(names=("mail.example", "192.0.2.7"))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_kept_ca_of_no_use_is_named(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("ca-key.pem").write_text(text)

    with pytest.raises(BadSettings, match=r"ca-key.pem is not .* without it a new one is made"):
        Tls(folder=tmp_path).ca_pem()


def test_a_given_ca_of_no_use_is_named(tmp_path: Path) -> None:
    one, other = Authority.new(), Authority.new()
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    certificate.write_bytes(one.certificate)
    key.write_bytes(other.pem())

    with pytest.raises(BadSettings, match=r"ca.pem and ca_key .*key.pem are not a certificate and its key"):
        Tls(ca_file=certificate, ca_key=key)


def test_a_certificate_that_is_no_ca_cannot_be_one(tmp_path: Path) -> None:
    import trustme

    certificate = tmp_path / "leaf.pem"
    trustme.CA().issue_cert("x.example").private_key_and_cert_chain_pem.write_to_path(certificate)

    with pytest.raises(BadSettings, match=r"leaf.pem .* are not the certificate and the key of a CA"):
        Tls(ca_file=certificate, ca_key=certificate)


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    tmp_path.joinpath("both.pem").write_bytes(locked + Authority.new().certificate)

    with pytest.raises(BadSettings, match="without a passphrase"):
        Tls(cert_file=tmp_path / "both.pem")


@pytest.mark.parametrize("name", ["*.example", "a_b.example", "x" * 64, "-x.example"])
def test_a_name_that_cannot_have_a_certificate_gets_the_one_for_nobody_in_particular(tls: Tls, name: str) -> None:
    with pytest.raises((ssl.SSLCertVerificationError, ValueError)):
        handshake(tls, name)
    assert "localhost" in names(handshake(tls, None))


@pytest.mark.parametrize("name", ["mail.some.example", "MX", "xn--bcher-kva.example"])
def test_any_name_asked_for_has_a_certificate(tls: Tls, name: str) -> None:
    assert names(handshake(tls, name)) == [name.lower()]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "192.0.2.7"])
def test_the_addresses_of_this_machine_and_those_named_have_one(tls: Tls, address: str) -> None:
    assert {"localhost", "127.0.0.1", "mail.example"} <= set(names(handshake(tls, address)))


def test_names_are_remembered_up_to_a_bound(tls: Tls) -> None:
    for number in range(NAMES + 5):
        handshake(tls, f"n{number}.example")

    by_name = asyncio.run(tls.context()).sni_callback
    assert len(by_name._issued) == NAMES
    assert "n0.example" not in by_name._issued


def test_a_certificate_is_valid_no_longer_than_apple_allows(tls: Tls) -> None:
    certificate = handshake(tls, "mail.example")
    began, ends = (ssl.cert_time_to_seconds(str(certificate[each])) for each in ("notBefore", "notAfter"))

    assert ends - began <= 825 * 86400


def test_a_ca_is_kept_for_us_alone_and_its_certificate_for_everybody(tmp_path: Path) -> None:
    first = Tls(folder=tmp_path).ca_pem()
    tmp_path.joinpath("ca.pem").unlink()

    assert Tls(folder=tmp_path).ca_pem() == first == tmp_path.joinpath("ca.pem").read_bytes()
    assert stat.S_IMODE(tmp_path.joinpath("ca-key.pem").stat().st_mode) == 0o600
    assert handshake(Tls(folder=tmp_path), "localhost", ca=first)
    assert {each.name for each in tmp_path.iterdir()} == {"ca.pem", "ca-key.pem"}


def test_all_who_make_a_ca_at_the_same_time_have_the_same(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(kept(tmp_path).certificate)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_given_ca_issues(tmp_path: Path) -> None:
    ca = Authority.new()
    tmp_path.joinpath("ca.pem").write_bytes(ca.certificate)
    tmp_path.joinpath("key.pem").write_bytes(ca.pem())
    tls = Tls(ca_file=tmp_path / "ca.pem", ca_key=tmp_path / "key.pem")

    assert tls.ca_pem() == ca.certificate
    assert names(handshake(tls, "mail.example", ca=ca.certificate)) == ["mail.example"]


def test_nothing_of_it_is_imported_before_it_is_needed() -> None:
    program = "import sys; from mailtrap.sandbox import Sandbox\nwith Sandbox(smtp=0, imaps=0): print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert {"trustme", "cryptography", "mailtrap.imap.session", "mailtrap.pop3.session"} & set(found) == set()


@pytest.mark.parametrize("wrong", ["expired", "other-name", "self-signed"])
def test_a_wrong_certificate_is_made_once_and_the_right_one_is_another(tls: Tls, wrong: Wrong) -> None:
    made = asyncio.run(tls.context(wrong))

    assert made is asyncio.run(tls.context(wrong)) is not asyncio.run(tls.context())
    assert names(handshake(tls, "mail.some.example")) == ["mail.some.example"]


def test_who_has_a_certificate_of_their_own_can_show_a_wrong_one_and_no_ca_is_kept_for_it(tmp_path: Path) -> None:
    import trustme

    certificate, folder = tmp_path / "cert.pem", tmp_path / "data"
    folder.mkdir()
    trustme.CA().issue_cert("x.example").private_key_and_cert_chain_pem.write_to_path(certificate)
    tls = Tls(folder=folder, cert_file=certificate)

    assert asyncio.run(tls.context("expired")) is not asyncio.run(tls.context())
    assert list(folder.iterdir()) == []
