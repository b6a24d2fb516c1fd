"""How far a message is looked into. What is behind is kept, and given as it came."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Limits:
    """One for the process: which parts a message has must be the same for everybody who asks."""

    depth: int = 100
    """Parts in one another."""
    parts: int = 10_000
    header: int = 1 << 20
    """Octets of one header whose fields are read."""
    addresses: int = 10_000
    """Addresses of one field."""

    def become(self, *, depth: int, parts: int, header: int, addresses: int) -> None:
        """These hold from now on, for whatever is looked into."""
        self.depth, self.parts, self.header, self.addresses = depth, parts, header, addresses


LIMITS = Limits()
"""Those that hold."""
