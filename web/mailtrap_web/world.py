"""What the web half needs of the sandbox around it. Importing this costs nothing: Flask comes later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mailtrap.clock import Clock
from mailtrap.configured import Accounts
from mailtrap.current import Current
from mailtrap.faults import Faults
from mailtrap.store import Store

HEAD_LIMIT = 64 << 10
"""The most octets of a request's line and header fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The store, the project that is current, where the sandbox can be reached, and its limits."""

    store: Store
    current: Current
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Host and port to connect to, by protocol: ``{"smtp": ("127.0.0.1", 1025)}``. What is off is not in it.

    Of a Unix socket they are its path and 0.
    """
    accounts: Accounts = field(default_factory=Accounts)
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=lambda: Faults(Clock()))
    ca_pem: Callable[[], bytes] | None = None
    """Gives the certificate of the CA to trust; raises `NotFound` where there is none."""
    url: str | None = None
    """Where people find the inspector, if that is behind a proxy."""
    hostname: str = ""
    """What the sandbox calls itself; browsers may, too."""
    allowed_hosts: tuple[str, ...] = ()
    json_limit: int = 1 << 20
    import_limit: int = 50 << 20
    connections: int = 4000
    patience: float = 30.0
    """Seconds that a client may take for half a request: a head begun, a body that stalls."""
