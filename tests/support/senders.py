"""Programs and libraries that send mail: what each is told to send, and nothing that it has a default for."""

from __future__ import annotations

import functools
import os
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import quote

from loops import run_and_hang_up
from parts import JARS, is_there, node_modules

PROGRAMS = Path(__file__).parent.parent / "interop" / "programs"
JAKARTA = ("jakarta-mail.jar", "jakarta-activation.jar")
PATIENCE = 60.0


class NotSent(Exception):
    """The client says that it could not send."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be sent, and where; what is empty here is left to the client's defaults."""

    port: int
    to: tuple[str, ...]
    octets: bytes
    host: str = "localhost"
    mail_from: str = "app@shop.test"
    user: str = ""
    password: str = ""
    mechanism: str = ""
    tls: str = ""
    """``starttls`` or ``at once``."""
    ca: str = ""
    """The only one that is trusted; without it, those that the system trusts."""
    notify: str = ""
    ret: str = ""
    envid: str = ""
    orcpt: str = ""
    timeout: str = ""
    """Seconds after which the client gives up."""

    @property
    def trust(self) -> ssl.SSLContext:
        """What Python is told of that."""
        return ssl.create_default_context(cafile=self.ca or None)


Send = Callable[[Errand, Path], str]


@dataclass(frozen=True, slots=True)
class Sender:
    """A client: what it needs on this machine, which mechanisms it knows, and what it can do."""

    name: str
    needs: tuple[str, ...]
    mechanisms: tuple[str, ...]
    tls: bool
    in_plaintext: bool
    """It gives its password away without TLS if nobody says how it is to log in."""
    adds: bytes
    """What it puts behind a message that is whole already."""
    run: Send

    def __call__(self, errand: Errand, home: Path) -> str:
        """Send; gives what the client says, and raises `NotSent`."""
        return self.run(errand, home)


SENDERS: dict[str, Sender] = {}


def sender(
    name: str, *needs: str, mechanisms: str = "", tls: bool = True, in_plaintext: bool = True, adds: bytes = b""
) -> Callable[[Send], Send]:
    """Register how *name* is told to send."""

    def register(run: Send) -> Send:
        SENDERS[name] = Sender(name, needs, tuple(mechanisms.split()), tls, in_plaintext, adds, run)
        return run

    return register


def run(command: Sequence[str | Path], home: Path, given: bytes = b"", **environ: str) -> str:
    """What a program says that has *given* as its input."""
    words = [str(word) for word in command]
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environ}
    done = subprocess.run(words, env=environ, cwd=home, input=given, capture_output=True, timeout=PATIENCE)
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode:
        raise NotSent(f"{words} gave {done.returncode}\n{said}")
    return said


def file_of(octets: bytes, home: Path) -> Path:
    """Where *octets* are."""
    (home / "mail.eml").write_bytes(octets)
    return home / "mail.eml"


def words_of(errand: Errand, home: Path) -> list[str]:
    """The arguments of our programs in other languages."""
    plain = {each.name: getattr(errand, each.name) for each in fields(errand) if each.name != "octets"}
    plain |= {"from": errand.mail_from, "to": ",".join(errand.to), "file": file_of(errand.octets, home)}
    return [f"{name}={value}" for name, value in plain.items()]


@sender("smtplib", mechanisms="PLAIN LOGIN CRAM-MD5")
def with_smtplib(errand: Errand, home: Path) -> str:
    kind = functools.partial(smtplib.SMTP_SSL, context=errand.trust) if errand.tls == "at once" else smtplib.SMTP
    try:
        with kind(errand.host, errand.port, timeout=float(errand.timeout or PATIENCE)) as client:
            if errand.tls == "starttls":
                client.starttls(context=errand.trust)
            if errand.mechanism:
                client.user, client.password = errand.user, errand.password
                client.ehlo()
                client.auth(errand.mechanism, getattr(client, "auth_" + errand.mechanism.lower().replace("-", "_")))
            elif errand.user:
                client.login(errand.user, errand.password)
            return str(client.sendmail(errand.mail_from, errand.to, errand.octets, _esmtp(errand)))
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(str(error)) from error


def _esmtp(errand: Errand) -> list[str]:
    return [f"RET={errand.ret}", f"ENVID={errand.envid}"] if errand.notify else []


@sender("aiosmtplib", "aiosmtplib", mechanisms="PLAIN LOGIN CRAM-MD5 XOAUTH2")
def with_aiosmtplib(errand: Errand, home: Path) -> str:
    import aiosmtplib

    async def send() -> str:
        settings: dict[str, object] = {"use_tls": True} if errand.tls == "at once" else {}
        settings |= {"cert_bundle": errand.ca} if errand.ca else {}
        settings |= {"start_tls": True} if errand.tls == "starttls" else {}
        settings |= {"timeout": float(errand.timeout)} if errand.timeout else {}
        async with aiosmtplib.SMTP(hostname=errand.host, port=errand.port, **settings) as client:  # type: ignore[arg-type]
            await client.ehlo()
            if errand.mechanism:
                log_in = getattr(client, "auth_" + errand.mechanism.lower().replace("-", ""))
                await log_in(errand.user, errand.password)
            elif errand.user:
                await client.login(errand.user, errand.password)
            return str(await client.sendmail(errand.mail_from, list(errand.to), errand.octets))

    try:
        return run_and_hang_up(send())
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotSent(str(error)) from error


@sender("swaks", "swaks", mechanisms="PLAIN LOGIN CRAM-MD5", adds=b"\r\n")
def with_swaks(errand: Errand, home: Path) -> str:
    file = file_of(errand.octets, home)
    command = ["swaks", "--server", errand.host, "--port", str(errand.port), "--from", errand.mail_from]
    command += ["--to", ",".join(errand.to), "--data", f"@{file}"]
    command += {"": [], "starttls": ["-tls"], "at once": ["-tlsc"]}[errand.tls]
    command += ["--tls-verify"] if errand.tls else []
    command += ["--tls-ca-path", errand.ca] if errand.ca else []
    if errand.user:
        command += ["--auth", *([errand.mechanism] if errand.mechanism else [])]
        command += ["--auth-user", errand.user, "--auth-password", errand.password]
    command += ["--timeout", errand.timeout] if errand.timeout else []
    return run(command, home)


@sender("msmtp", "msmtp", mechanisms="PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER SCRAM-SHA-256", in_plaintext=False)
def with_msmtp(errand: Errand, home: Path) -> str:
    lines = ["account default", f"host {errand.host}", f"port {errand.port}", f"from {errand.mail_from}"]
    lines += ["tls on"] if errand.tls else []
    lines += ["tls_starttls off"] if errand.tls == "at once" else []
    lines += [f"tls_trust_file {errand.ca}"] if errand.ca else []
    if errand.user:
        lines += [f"auth {errand.mechanism.lower() or 'on'}", f"user {errand.user}", f"password {errand.password}"]
    if errand.notify:
        returned = {"HDRS": "headers", "FULL": "full"}[errand.ret]
        lines += [f"dsn_notify {errand.notify.lower()}", f"dsn_return {returned}"]
    lines += [f"timeout {errand.timeout}"] if errand.timeout else []
    (home / "msmtprc").write_text("\n".join([*lines, ""]))
    (home / "msmtprc").chmod(0o600)
    return run(["msmtp", "-C", home / "msmtprc", "--", *errand.to], home, errand.octets)


@sender("s-nail", "s-nail", mechanisms="PLAIN LOGIN CRAM-MD5 XOAUTH2")
def with_s_nail(errand: Errand, home: Path) -> str:
    """It writes the header itself, of which it is given a subject; so only the text is what it was."""
    account = f"{quote(errand.user, '')}:{quote(errand.password, '')}@" if errand.user else ""
    protocol = "smtps" if errand.tls == "at once" else "smtp"
    settings = ["v15-compat", "nosave", "sendcharsets=utf-8", "mime-encoding=8bit"]
    settings += [f"mta={protocol}://{account}{errand.host}:{errand.port}"]
    settings += ["smtp-use-starttls"] if errand.tls == "starttls" else []
    settings += [f"tls-ca-file={errand.ca}"] if errand.ca else []
    mechanism = "oauthbearer" if errand.mechanism == "XOAUTH2" else errand.mechanism.lower()  # its name for that
    settings += [f"smtp-auth={mechanism}"] if mechanism else []
    settings += [] if errand.user else ["smtp-auth=none"]
    options = [word for each in settings for word in ("-S", each)]
    text = errand.octets.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n")
    return run(["s-nail", "-n", *options, "-r", errand.mail_from, "-s", "Hello", *errand.to], home, text)


@sender("curl", "curl", mechanisms="PLAIN LOGIN CRAM-MD5 OAUTHBEARER")
def with_curl(errand: Errand, home: Path) -> str:
    protocol = "smtps" if errand.tls == "at once" else "smtp"
    command = ["curl", "-sSv", f"{protocol}://{errand.host}:{errand.port}", "--mail-from", errand.mail_from]
    command += [word for each in errand.to for word in ("--mail-rcpt", each)]
    command += ["--ssl-reqd"] if errand.tls == "starttls" else []
    command += ["--cacert", errand.ca] if errand.ca else []
    if errand.mechanism == "OAUTHBEARER":
        command += ["--user", errand.user, "--oauth2-bearer", errand.password]
    elif errand.user:
        command += ["--user", f"{errand.user}:{errand.password}"]
    command += ["--login-options", f"AUTH={errand.mechanism}"] if errand.mechanism else []
    command += ["--max-time", errand.timeout] if errand.timeout else []
    return run([*command, "-T", file_of(errand.octets, home)], home)


@sender("smtp-source", "smtp-source", tls=False, adds=b"\r\n")
def with_smtp_source(errand: Errand, home: Path) -> str:
    file = file_of(errand.octets.replace(b"\r\n", b"\n"), home)
    command = ["smtp-source", "-4", "-f", errand.mail_from, "-t", errand.to[0], "-F", file]
    return run([*command, f"inet:{errand.host}:{errand.port}"], home)


@sender("Nodemailer", "node", "nodemailer", mechanisms="PLAIN LOGIN CRAM-MD5 XOAUTH2")
def with_nodemailer(errand: Errand, home: Path) -> str:
    words = [word for word in words_of(errand, home) if not word.endswith("=")]
    trust = {"NODE_EXTRA_CA_CERTS": errand.ca} if errand.ca else {}
    return run(["node", PROGRAMS / "send.js", *words], home, NODE_PATH=node_modules(), **trust)


@sender("Jakarta Mail", "java", "javac", *JAKARTA, mechanisms="PLAIN LOGIN CRAM-MD5 XOAUTH2")
def with_jakarta_mail(errand: Errand, home: Path) -> str:
    jars = os.pathsep.join(str(JARS / jar) for jar in JAKARTA)
    classes = home.parent / "classes"
    if not classes.exists():
        run(["javac", "-cp", jars, "-d", classes, PROGRAMS / "Send.java"], home)
    java = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{classes}{os.pathsep}{jars}"]
    return run([*java, "Send", *words_of(errand, home)], home)


if is_there("go"):  # large, so CI does not install it: a client more where it is

    @sender("Go", mechanisms="PLAIN CRAM-MD5")
    def with_go(errand: Errand, home: Path) -> str:
        trust = {"SSL_CERT_FILE": errand.ca} if errand.ca else {}
        program = home.parent / "send"
        if not program.exists():
            build = ["go", "build", "-o", str(program), str(PROGRAMS / "send.go")]
            subprocess.run(build, check=True, cwd=home, env={**os.environ, "CGO_ENABLED": "0"})
        return run([program, *words_of(errand, home)], home, **trust)
