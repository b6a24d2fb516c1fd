"""What can be set: in pytest.ini or pyproject.toml, on the command line, and by a mark."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from pytest_mailtrap.server import Server

MARK = (
    'mailtrap(timeout=5.0, auth={"app": "s3cret"}, tls="starttls", profile="minimal", size_limit="1MiB"): '
    "for this test, how long its inbox waits for mail, in seconds; and how the SMTP server is: who logs in, "
    "TLS by starttls or smtps, what it offers (common, full, minimal, helo), and the largest message."
)

TLS = ("ca_file", "ca_key", "cert_file", "key_file", "tls_names")
"""Settings that are about certificates."""

PLACEHOLDERS = "{host}, {smtp_port}, {imap_port} and {pop3_port}"


def add(parser: pytest.Parser) -> None:
    """Make all options known."""
    parser.addini("mailtrap_timeout", "Seconds that an inbox waits for mail.", default="5")
    parser.addini(
        "mailtrap_env",
        "Variables to set before conftest files are loaded, as in SMTP_HOST={host} SMTP_PORT={smtp_port}; "
        "the mail server is then started at once.",
        type="args",
    )
    parser.addini(
        "mailtrap_smtp_port", "Port of the mail server, for an app that runs elsewhere; 0 is any free one.", default="0"
    )
    parser.addini(
        "mailtrap_django",
        "auto: where Django's tests keep mail in memory, an inbox has it sent to the mail server; off: never.",
        default="auto",
    )
    parser.addini(
        "mailtrap_strict_faults",
        "Whether a fault that is hit fewer times than asked for, or never, fails the test.",
        type="bool",
        default=True,
    )
    parser.getgroup("mailtrap").addoption(
        "--mailtrap-artifacts", metavar="DIR", help="Write the mail of failed tests to this directory: .eml and .txt."
    )


def check(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` for what cannot be."""
    timeout(config)
    strict_faults(config)
    points_django(config)
    if smtp_port(config) and (hasattr(config, "workerinput") or config.getoption("dist", "no") != "no"):
        raise pytest.UsageError(
            f"mailtrap_smtp_port is {smtp_port(config)}, but each xdist worker needs a port of its own: "
            "leave it at 0, or run without -n"
        )
    folder = artifacts(config)
    if folder is not None:  # workers are told the same, and may run elsewhere
        config.option.mailtrap_artifacts = str(config.invocation_params.dir / folder)


def timeout(config: pytest.Config) -> float:
    """Seconds that an inbox waits."""
    given = config.getini("mailtrap_timeout")
    try:
        return _seconds(float(given))
    except ValueError:
        raise pytest.UsageError(f"mailtrap_timeout is {given!r}, but must be a number of seconds") from None


def tls(given: Mapping[str, object]) -> Mapping[str, object]:
    """The settings that the fixture mailtrap_tls gives."""
    unknown = [str(name) for name in given if name not in TLS]
    if unknown:
        pytest.fail(f"mailtrap_tls gives {', '.join(TLS)}, not {', '.join(unknown)}", pytrace=False)
    return given


def strict_faults(config: pytest.Config) -> bool:
    """Whether faults that do not happen fail a test."""
    try:
        return bool(config.getini("mailtrap_strict_faults"))
    except (ValueError, pytest.UsageError):  # the one in older versions
        raise pytest.UsageError("mailtrap_strict_faults must be true or false") from None


def smtp_port(config: pytest.Config) -> int:
    """The port of the mail server; 0 is any."""
    given = config.getini("mailtrap_smtp_port")
    port = int(given) if given.isdecimal() else -1
    if not 0 <= port < 65536:
        raise pytest.UsageError(f"mailtrap_smtp_port is {given!r}, but must be a port, or 0 for any free one")
    return port


def points_django(config: pytest.Config) -> bool:
    """Whether Django's mail settings are pointed at the mail server."""
    given = config.getini("mailtrap_django")
    if given not in ("auto", "off"):
        raise pytest.UsageError(f"mailtrap_django is {given!r}, but must be auto or off")
    return bool(given == "auto")


def has_environment(config: pytest.Config) -> bool:
    """Whether there are variables to set."""
    return bool(config.getini("mailtrap_env"))


def environment(config: pytest.Config, server: Server) -> dict[str, str]:
    """The variables to set for the app under test."""
    places = _Places(server)
    variables = {}
    for each in config.getini("mailtrap_env"):
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise pytest.UsageError(f"mailtrap_env has {each!r}, which is not NAME=value")
        try:
            variables[name] = value.format_map(places)
        except (KeyError, ValueError, IndexError, AttributeError):
            raise pytest.UsageError(f"mailtrap_env has {each!r}; what can stand in it is {PLACEHOLDERS}") from None
    return variables


class _Places(dict[str, str | int]):
    """What can stand in a variable; a port that is asked for is opened."""

    def __init__(self, server: Server) -> None:
        super().__init__(host=server.address("smtp")[0])
        self._server = server

    def __missing__(self, name: str) -> int:
        protocol, underscore, port = name.partition("_")
        if protocol not in ("smtp", "imap", "pop3") or underscore + port != "_port":
            raise KeyError(name)
        return self._server.listen(protocol)[1]


def artifacts(config: pytest.Config) -> Path | None:
    """Where the mail of failed tests is written."""
    folder = config.getoption("mailtrap_artifacts")
    return Path(folder) if folder else None


def demands(node: pytest.Item) -> dict[str, Any]:
    """What the marks of a test ask for, of each thing the nearest: arguments of `Server.inbox`."""
    found: dict[str, Any] = {}
    for mark in node.iter_markers("mailtrap"):
        unknown = [repr(each) for each in mark.args]
        unknown += [f"{name}={_meant(name)}" for name in mark.kwargs if name not in DEMANDS]
        if unknown:
            _wrong(f"takes {'=, '.join(DEMANDS)}=, not {', '.join(unknown)}")
        found = {**mark.kwargs, **found}
    for name, value in found.items():
        wanted, will_do = DEMANDS[name]
        if not will_do(value):
            _wrong(f"has {name}={value!r}, which is not {wanted}")
    return found


def _wrong(text: str) -> NoReturn:
    pytest.fail(f"the mark mailtrap {text}", pytrace=False)


def _meant(name: str) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, DEMANDS, n=1)
    return f" (did you mean {nearest[0]}=?)" if nearest else ""


def _is_seconds(value: Any) -> bool:
    try:
        _seconds(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_auth(value: Any) -> bool:
    return (
        isinstance(value, Mapping) and bool(value) and all(isinstance(each, str) for each in (*value, *value.values()))
    )


DEMANDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "timeout": ("a number of seconds", _is_seconds),
    "auth": ('user names with their passwords, as in {"app": "s3cret"}', _is_auth),
    "tls": ('"starttls", "smtps" or True', lambda value: value is True or value in ("starttls", "smtps")),
    "profile": ("the name of a profile", lambda value: isinstance(value, str)),
    "size_limit": ('a size such as "1MiB" or 1048576', lambda value: type(value) in (str, int)),
}
"""What the mark takes, what each must be, and whether a value is that; the rest is said by whoever uses it."""


def _seconds(value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return value
