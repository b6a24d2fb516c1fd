"""What can go wrong, in the words of the domain; each protocol translates it in one table."""

from collections.abc import Iterable
from datetime import datetime


class MailtrapError(Exception):
    """Anything this package raises on purpose."""


class NotFound(MailtrapError):
    """No such message, account, mailbox, project or session."""


class Gone(NotFound):
    """The message was here, and was deleted or expired; the record of that is still kept."""

    def __init__(self, message_id: str, when: datetime, why: str) -> None:
        super().__init__(f"message {message_id} was {why} at {when.isoformat()}")
        self.when = when
        self.why = why


class ProjectGone(NotFound):
    """The project was here, and was deleted: nothing can be put there any more."""

    def __init__(self) -> None:
        super().__init__("the project was deleted")


class AlreadyExists(MailtrapError):
    """A name or id is taken."""


class TakenElsewhere(AlreadyExists):
    """An id is taken, by a message of another project."""


class LoginRefused(MailtrapError):
    """Nobody gets in so."""


class WrongPassword(LoginRefused):
    """What was shown does not fit the name, or nobody of that name gets in."""

    pause = 0.0
    """Seconds that the answer must wait, because it is not the first."""


class Suspended(LoginRefused):
    """The password may be right, but the account is suspended."""


class BadQuery(MailtrapError):
    """A search query does not parse; *position* is the offset of the character to look at."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} (character {position + 1})")
        self.reason = reason
        self.position = position


class BadSettings(MailtrapError):
    """A setting is unknown or has a value it cannot have."""


class BadFault(MailtrapError):
    """A fault's rule does not parse; *member* is the word of the rule to look at: ``do``, ``at``, ``times``, …"""

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(f"{member}: {reason}" if member else reason)
        self.member = member
        self.reason = reason


class CannotListen(MailtrapError):
    """A port cannot be opened: in use, not allowed, or at an address that is not this machine's."""


class StoreUnavailable(MailtrapError):
    """The store cannot take or give anything right now: disk full, locked, damaged or closed."""


class StoreInUse(StoreUnavailable):
    """Another process holds the data directory."""


def nearest(name: str, names: Iterable[str], prefix: str = "") -> str:
    """What to say behind an unknown name, if a known one is like it."""
    from difflib import get_close_matches  # late: only mistakes need it

    found = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; did you mean {prefix}{found[0]}?" if found else ""
