"""A certification authority: made, kept or given, it issues a certificate for any name."""

from __future__ import annotations

import os
import re
import socket
import ssl
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from mailtrap.errors import BadSettings
from mailtrap.quantities import certificate_names

if TYPE_CHECKING:
    import trustme
    from cryptography import x509

CA_FILE, KEY_FILE = "ca.pem", "ca-key.pem"
"""In the data directory: the certificate for others to trust; it and its key, for us alone."""

LOCAL = ("localhost", "127.0.0.1", "::1")

BACK, AHEAD = timedelta(days=1), timedelta(days=800)
"""How long certificates are valid. Apple takes none that is for more than 825 days."""

ISSUER = "mailtrap-sandbox"

_PEM = re.compile(rb"(-----BEGIN ([A-Z ]+)-----.*?-----END \2-----\s*)", re.DOTALL)


class Authority:
    """A certification authority.

    >>> Authority.new().certificate.splitlines()[0]
    b'-----BEGIN CERTIFICATE-----'
    """

    def __init__(self, ca: trustme.CA) -> None:
        self._ca = ca
        self.certificate = ca.cert_pem.bytes()

    @classmethod
    def new(cls) -> Authority:
        """One that nobody trusts yet."""
        import trustme

        return cls(trustme.CA(organization_name=ISSUER, organization_unit_name=f"CA of {socket.gethostname()}"[:64]))

    @classmethod
    def read(cls, certificate: bytes, key: bytes) -> Authority:
        """One that is written down, as PEM; raises `ValueError` if it is not, or cannot issue."""
        import trustme
        from cryptography import x509

        try:
            constraints = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(
                x509.BasicConstraints
            )
            authority = cls(trustme.CA.from_pem(certificate, key))
            authority.issue(*LOCAL)
        except Exception as error:  # many kinds, of a package that is not ours
            raise ValueError(f"not the certificate and the key of a CA: {error}") from error
        if not constraints.value.ca:  # nobody would take what it issues
            raise ValueError("not the certificate and the key of a CA: it must not issue any")
        return authority

    def pem(self) -> bytes:
        """Its key and its certificate."""
        return self._ca.private_key_pem.bytes() + self.certificate

    def issue(self, *names: str) -> ssl.SSLContext:
        """A context with a certificate for *names*."""
        return self._issued(names, -BACK, AHEAD)

    def issue_expired(self, *names: str) -> ssl.SSLContext:
        """One that was valid up to yesterday."""
        return self._issued(names, -AHEAD, -BACK)

    def _issued(self, names: Sequence[str], begins: timedelta, ends: timedelta) -> ssl.SSLContext:
        now = datetime.fromtimestamp(_now(), UTC)
        # RFC 6125 §6.4.4: subjectAltName is enough. fetchmail wants a common name besides; X.520 limits that to 64.
        known_as = names[0] if len(names[0]) <= 64 else None
        leaf = self._ca.issue_cert(
            *names, not_before=now + begins, not_after=now + ends, organization_name=ISSUER, common_name=known_as
        )
        context = bare()
        leaf.configure_cert(context)
        return context


def self_signed(*names: str) -> ssl.SSLContext:
    """A context with a certificate for *names* that nobody vouches for but its own key."""
    import trustme
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.fromtimestamp(_now(), UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, ISSUER)])
    built = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - BACK).not_valid_after(now + AHEAD)
    built = built.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    pem = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    as_pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = bare()
    trustme.LeafCert(key.private_bytes(*as_pem), pem, []).configure_cert(context)
    return context


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def kept(folder: Path) -> Authority:
    """The CA in *folder*, made if there is none; raises `BadSettings` if it is of no use."""
    file = folder / KEY_FILE
    try:
        if not file.exists():
            _keep(Authority.new().pem(), file)
        octets = file.read_bytes()
        authority = Authority.read(*_blocks(octets))
        (folder / CA_FILE).write_bytes(authority.certificate)
    except OSError as error:
        raise BadSettings(f"the CA cannot be kept in {folder}: {error.strerror}") from error
    except ValueError as error:
        raise BadSettings(f"{file} is {error}; without it a new one is made") from error
    return authority


def given(certificate: Path, key: Path) -> Authority:
    """The CA of two files; raises `BadSettings`, which names them."""
    loaded("ca_file", certificate, "ca_key", key)
    try:
        return Authority.read(certificate.read_bytes(), key.read_bytes())
    except ValueError as error:
        raise BadSettings(f"ca_file {certificate} and ca_key {key} are {error}") from error


def can_be_named(name: str) -> bool:
    """Whether a certificate can be for *name*.

    >>> [can_be_named(name) for name in ("mail.example", "::1", "xn--bcher-kva.example", "*.example", "a_b")]
    [True, True, True, False, False]
    """
    try:
        return len(certificate_names([name])) == 1
    except ValueError:
        return False


def loaded(its_setting: str, certificate: Path, keys_setting: str, key: Path) -> ssl.SSLContext:
    """A context with a certificate and its key, of files; raises `BadSettings`, which names them and their settings."""
    context = bare()
    for setting, file in ((its_setting, certificate), (keys_setting, key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise BadSettings(f"{setting} {file} cannot be read: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")  # else OpenSSL asks for one, at the terminal
    except (ssl.SSLError, ValueError):
        wanted = "a certificate and its key, as PEM and without a passphrase"
        raise BadSettings(f"{its_setting} {certificate} and {keys_setting} {key} are not {wanted}") from None
    return context


def bare() -> ssl.SSLContext:
    """Much faster than ``ssl.create_default_context``, which reads the CAs of the system: a server trusts nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _keep(pem: bytes, file: Path) -> None:
    """Write *pem* whole, for us alone, unless another process was faster."""
    descriptor, written = tempfile.mkstemp(dir=file.parent)  # for us alone to read
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(pem)
        try:
            os.link(written, file)
        except FileExistsError:
            return
        except OSError:  # there are file systems without links
            Path(written).replace(file)
    finally:
        Path(written).unlink(missing_ok=True)


def _blocks(pem: bytes) -> tuple[bytes, bytes]:
    """The certificate and the key that are in one file."""
    blocks = _PEM.findall(pem)
    certificates = [block for block, name in blocks if name == b"CERTIFICATE"]
    keys = [block for block, name in blocks if name.endswith(b"PRIVATE KEY")]
    if len(certificates) != 1 or len(keys) != 1:
        raise ValueError("not a certificate and a key")
    return certificates[0], keys[0]


def _now() -> float:
    """The time, also where a test has stopped the clock of the `time` and `datetime` modules: peers have their own."""
    clock = getattr(time, "clock_gettime", None)
    return float(clock(time.CLOCK_REALTIME)) if clock else time.time()
