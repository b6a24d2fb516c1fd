"""What all IMAP sessions of a server have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailtrap.clock import Clock
from mailtrap.configured import Accounts
from mailtrap.current import Current
from mailtrap.faults import Faults
from mailtrap.imap.recent import Recents
from mailtrap.imap.wire import LINE
from mailtrap.logins import Logins
from mailtrap.store import Store


@dataclass(frozen=True, slots=True)
class World:
    """What all sessions of a server have in common. Sizes are octets, times are seconds."""

    store: Store
    current: Current
    hostname: str = "sandbox.localhost"
    size_limit: int = 50 << 20
    line_limit: int = LINE
    literal_limit: int = 1 << 16
    """Of the literals of a command other than APPEND, together."""
    idle: float = 1800.0
    starttls: bool = False
    """STARTTLS is offered where the connection is not secured."""
    login_disabled: bool = False
    """Nobody logs in before the connection is secured (LOGINDISABLED)."""
    recents: Recents = field(default_factory=Recents)
    faults: Faults = field(default_factory=lambda: Faults(Clock()))
    accounts: Accounts = field(default_factory=Accounts)

    @property
    def logins(self) -> Logins:
        """The way in."""
        return Logins(self.store, self.current, self.accounts)
