"""Every option, once: its name, type, default and help. Flag, variable, TOML key and reference page derive from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailtrap import quantities as q
from mailtrap.errors import BadSettings, nearest
from mailtrap.given import GivenAccount, GivenProject, accounts, projects
from mailtrap.tables import tables

if TYPE_CHECKING:
    from mailtrap.faults import Rule

PREFIX = "MAILSANDBOX_"
"""Not ``MAILTRAP_``: the hosted service of that name and a Kubernetes Service called so set those."""


def _option(written: str | None, read: Callable[[object], object], metavar: str, text: str) -> Any:
    """*written* is the default as one would write it; None where there is none."""
    default = None if written is None else read(written)
    several = isinstance(default, tuple)
    row = {"read": read, "metavar": metavar, "help": text, "default": written or "", "several": several}
    return field(default=default, metadata=row)


def _port(written: str, what: str) -> Any:
    return _option(written, q.listener, "PORT", f"Port for {what}; 0 for any free one, off, or a Unix socket's path.")


def _switch(text: str, written: str = "off") -> Any:
    return _option(written, q.switch, "", text)


def _faults(value: object) -> tuple[Rule, ...]:
    if not value and isinstance(value, str | tuple):
        return ()
    from mailtrap.faults.rules import Rule, setting  # late: whoever only asks for a port starts without them

    return tables(setting, Rule)(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of one sandbox. Sizes are octets, times are seconds."""

    smtp: int | Path | None = _port("1025", "SMTP")
    submission: int | Path | None = _port("1587", "SMTP with STARTTLS")
    smtps: int | Path | None = _port("1465", "SMTP in TLS")
    lmtp: int | Path | None = _port("off", "LMTP")
    pop3: int | Path | None = _port("1110", "POP3")
    pop3s: int | Path | None = _port("1995", "POP3 in TLS")
    imap: int | Path | None = _port("1143", "IMAP")
    imaps: int | Path | None = _port("1993", "IMAP in TLS")
    http: int | Path | None = _port("8025", "the inspector and the REST API")
    host: tuple[str, ...] = _option(
        "127.0.0.1,::1",
        q.addresses,
        "ADDRESS",
        "IP addresses to listen on, or localhost. Anybody who can reach them can read all mail.",
    )
    socket_access: str = _option(
        "owner",
        q.one_of("owner", "group", "all"),
        "WHO",
        "Who may connect to Unix sockets: owner (the user that runs the sandbox), group (its group, too) or all.",
    )
    data: Path | None = _option(
        None,
        q.path,
        "DIR",
        "Keep everything in this directory. Without it the store is temporary and goes when the sandbox stops.",
    )
    durable: bool = _switch(
        "With data: answer only when the disk has written the message, so that it survives power loss too. "
        "Without it, it survives whatever happens to the program."
    )
    keep_messages: int | None = _option(
        None, q.count, "N", "So many messages are kept in a project, besides pinned ones: the oldest go."
    )
    keep_bytes: int | None = _option(
        None,
        q.size,
        "SIZE",
        "So much is kept in a project, besides pinned messages. "
        "A temporary store keeps 2GiB as a whole, or this, if it is more.",
    )
    keep_age: float | None = _option(
        None,
        q.duration,
        "TIME",
        "Messages are kept for so long, unless they are pinned; measured so that nobody's setting the clock counts.",
    )
    compress: bool = _switch(
        "Compress what is kept, in quiet moments. What comes out is what came in, whether it is on or off."
    )
    temp_dir: Path | None = _option(
        None, q.path, "DIR", "Where a temporary store is put; the system's own place for such files, if unset."
    )
    starttls: bool = _switch(
        "Offer STARTTLS at the ports for SMTP, POP3 and IMAP too: many clients then use it unasked, and must trust us."
    )
    login_needs_tls: bool = _switch("Take no user name and password in plaintext (LOGINDISABLED, in IMAP).")
    tls_names: tuple[str, ...] = _option(
        "",
        q.certificate_names,
        "NAME",
        "More names that the certificate is for, besides localhost, this machine's and hostname. "
        "Clients that say which name they want need none.",
    )
    ca_file: Path | None = _option(
        None, q.file, "FILE", "The certificate of a CA, as PEM. Without it the sandbox makes a CA of its own."
    )
    ca_key: Path | None = _option(None, q.file, "FILE", "The key of that CA.")
    cert_file: Path | None = _option(
        None, q.file, "FILE", "A certificate to use for all names, with its chain, as PEM; turns starttls on."
    )
    key_file: Path | None = _option(None, q.file, "FILE", "The key of that certificate, unless it is in the same file.")
    hostname: str = _option("sandbox.localhost", q.host_name, "NAME", "What the sandbox calls itself in greetings.")
    smtp_profile: str = _option(
        "common",
        q.one_of("common", "full", "minimal", "helo"),
        "NAME",
        "What SMTP offers: common (what most servers do), full (all there is), minimal (SIZE alone) or helo (not "
        "even EHLO).",
    )
    smtp_hide: tuple[str, ...] = _option("", q.keywords, "KEYWORD", "Extensions that SMTP shall not offer.")
    smtp_offer: tuple[str, ...] = _option("", q.keywords, "KEYWORD", "Extensions that SMTP shall offer, too.")
    strict: bool = _switch(
        "Refuse messages with a bare LF or CR (550), or with NUL, undeclared 8-bit, lines that are too long, a broken "
        "header, an unknown charset and the like (554). Without it they are kept as they came, and flagged."
    )
    trust_xclient: tuple[q.Network, ...] = _option(
        "",
        q.networks,
        "NETWORK",
        "Who may say by XCLIENT, in SMTP, for whom it speaks: addresses, or networks such as 10.0.0.0/8.",
    )
    proxy_protocol: tuple[q.Network, ...] = _option(
        "",
        q.networks,
        "NETWORK",
        "Who must say by the PROXY protocol, at the ports for SMTP, whose connection it passes on.",
    )
    size_limit: int = _option("50MiB", q.size, "SIZE", "The largest message that is accepted.")
    recipients_limit: int = _option("1000", q.count, "N", "The most recipients of one message.")
    mime_depth: int = _option("100", q.depth, "N", "So deep parts of a message are looked into, one in another.")
    mime_parts: int = _option("10000", q.count, "N", "So many parts of a message are looked into.")
    header_limit: int = _option("1MiB", q.size, "SIZE", "So much of a header is read; all of it is kept.")
    addresses_limit: int = _option("10000", q.count, "N", "So many addresses of one field are read.")
    line_limit: int | None = _option(
        None,
        q.line,
        "SIZE",
        "The longest command line. Without it, 12KiB in SMTP, 2KiB in POP3 and 64KiB in IMAP. "
        "AUTH, in SMTP and POP3, may have 12KiB anyway.",
    )
    literal_limit: int = _option(
        "64KiB", q.size, "SIZE", "The most octets of literals in a command of IMAP, APPEND apart; 4KiB before log-in."
    )
    connections: int = _option("2000", q.count, "N", "The most connections at a time, for each mail protocol.")
    smtp_timeout: float = _option("5m", q.duration, "TIME", "How long an SMTP client may be silent.")
    pop3_timeout: float = _option("10m", q.duration, "TIME", "How long a POP3 client may be silent.")
    imap_timeout: float = _option("30m", q.duration, "TIME", "How long an IMAP client may be silent, in IDLE too.")
    command_timeout: float = _option(
        "30s", q.duration, "TIME", "How long a client may take to finish a line it has begun, or a TLS handshake."
    )
    pop3_strict_stuffing: bool = _switch(
        "Double dots after CRLF alone, as the RFC has it, though lenient clients then end at others."
    )
    pop3_locking: bool = _switch(
        "Let one POP3 session at a time into a maildrop, as the RFC has it; the next is answered [IN-USE]."
    )
    http_connections: int = _option("4000", q.count, "N", "The most HTTP connections at a time.")
    allowed_host: tuple[str, ...] = _option(
        "",
        q.host_names,
        "NAME",
        "More names under which a browser may reach the inspector, besides this machine's and internal ones.",
    )
    url: str | None = _option(
        None, q.url, "URL", "Where people find the inspector, if that is behind a proxy: used in every link."
    )
    address_faults: bool = _switch(
        "Recipients at the domain fault.test are faults, as reject+550@fault.test is. Off: they are like any other.",
        "on",
    )
    fault: tuple[Rule, ...] = _option(
        "",
        _faults,
        "WORDS",
        "A rule that makes something go wrong: \"at=smtp.rcpt rcpt=*@slow.test do='reject 451' times=2\".",
    )
    account: tuple[GivenAccount, ...] = _option(
        "",
        accounts,
        "NAME:PASSWORD",
        'An account that needs this password. Or "name=ann@example.com password=s3cret state=full quota=10MiB '
        'project=team-a"; it is active, suspended or full.',
    )
    project: tuple[GivenProject, ...] = _option(
        "",
        projects,
        "NAME:PASSWORD",
        'A project, which is a world of its own, with this password. Or "name=team-a password=s3cret '
        'keep_messages=1000 keep_bytes=100MiB keep_age=7d".',
    )
    auth: str = _option(
        "known",
        q.one_of("known", "required"),
        "WHO",
        "Who gets in: known lets in everybody, but asks configured accounts for their passwords; required lets in "
        "nobody else, and takes no mail from who is not logged in.",
    )
    known_recipients: bool = _switch("Take mail for configured accounts only; others are unknown (550 5.1.1).")
    own_sender: bool = _switch(
        "Who logs in to SMTP as a configured account sends with its address in MAIL FROM, or is refused (553 5.7.1)."
    )
    json_limit: int = _option("1MiB", q.size, "SIZE", "The largest JSON request body.")
    import_limit: int = _option("50MiB", q.size, "SIZE", "The largest message taken by the REST API.")


@dataclass(frozen=True, slots=True)
class Option:
    """One row of `Settings`, as the flag, the variable, the key and the reference page need it."""

    name: str
    read: Callable[[object], object]
    metavar: str
    help: str
    default: str
    """As one would write it; empty where there is none."""
    several: bool
    """It is a list: the flag may be given more than once."""

    @property
    def is_switch(self) -> bool:
        """The flag has no value."""
        return not self.metavar

    @property
    def is_on(self) -> bool:
        """It is a switch that is on unless somebody turns it off."""
        return self.is_switch and self.default == "on"

    @property
    def flag(self) -> str:
        """``--size-limit``; for a switch that is on anyway, ``--no-address-faults``."""
        return ("--no-" if self.is_on else "--") + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """``MAILSANDBOX_SIZE_LIMIT``"""
        return PREFIX + self.name.upper()


OPTIONS = {each.name: Option(each.name, **each.metadata) for each in fields(Settings)}

OTHER_VARIABLES = {"SERVER", "PASSWORD", "TEST_CORPUS", "TEST_DOVECOT", "TEST_KILLS", "TEST_PYTHON"}
"""What is no setting, after the prefix: where commands ask and as whom, and what the project's own tests are given."""


def read(given: Mapping[str, object], label: Callable[[Option], str] = lambda option: option.name) -> dict[str, Any]:
    """The values of *given* as `Settings` takes them; raises `BadSettings`, calling an option what *label* says.

    >>> read({"smtp": "0", "size_limit": "1MiB"})
    {'smtp': 0, 'size_limit': 1048576}
    """
    values = {}
    for name, value in given.items():
        option = OPTIONS.get(name)
        if option is None:
            raise BadSettings(f"there is no setting {name!r}{nearest(name, OPTIONS)}")
        try:
            values[name] = option.read(value)
        except ValueError as error:
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else value
            raise BadSettings(f"{label(option)} is {shown!r}, but must be {error}") from None
        except BadSettings as error:
            raise BadSettings(f"{label(option)}: {error}") from None
    return values


def load(flags: Mapping[str, object], environ: Mapping[str, str], directory: Path) -> Settings:
    """The settings of the command line: flags before variables before *directory*'s TOML before defaults."""
    from_variables = {
        name: environ[option.variable] for name, option in OPTIONS.items() if environ.get(option.variable)
    }
    return Settings(
        **_from_toml(directory)
        | read(from_variables, lambda option: option.variable)
        | read(flags, lambda option: option.flag)
    )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """The ``MAILSANDBOX_*`` variables that mean nothing, each with the nearest one that does."""
    known = {option.variable.removeprefix(PREFIX) for option in OPTIONS.values()} | OTHER_VARIABLES
    names = sorted(name.removeprefix(PREFIX) for name in environ if name.startswith(PREFIX))
    return [PREFIX + name + nearest(name, known, PREFIX) for name in names if name not in known]


def _from_toml(directory: Path) -> dict[str, Any]:
    for file, names in (("mailtrap.toml", ()), ("pyproject.toml", ("tool", "mailtrap"))):
        table = _table(directory / file, names)
        if table is not None:
            try:
                return read(table)
            except BadSettings as error:
                raise BadSettings(f"{file}: {error}") from None
    return {}


def _table(file: Path, names: Iterable[str]) -> dict[str, object] | None:
    try:
        octets = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadSettings(f"{file.name} cannot be read: {error.strerror}") from None
    if names and b"mailtrap" not in octets:  # somebody's pyproject.toml that has nothing to do with us
        return None
    import tomllib

    try:
        table: Any = tomllib.loads(octets.decode())
    except ValueError as error:
        raise BadSettings(f"{file.name}: {error}") from None
    for name in names:
        table = table.get(name) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else None
