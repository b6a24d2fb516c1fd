"""What a server announces, as faults have it announced."""

from __future__ import annotations

from collections.abc import Iterable

from mailtrap.faults.actions import Action, Hide, Offer

Told = tuple[Hide | Offer, ...]
"""How capabilities are told otherwise than they are."""


def told(actions: Iterable[Action]) -> Told:
    """Those of *actions* that concern capabilities."""
    return tuple(each for each in actions if isinstance(each, Hide | Offer))


def altered(names: Iterable[str], changes: Iterable[Hide | Offer]) -> list[str]:
    """Capabilities as faults have them told, one change after the other; each is named by its first word.

    >>> altered(["UIDL", "SASL PLAIN"], (Hide("SASL"), Offer("IDLE"), Offer("UIDL")))
    ['UIDL', 'IDLE']
    """
    found = list(names)
    for change in changes:
        others = [name for name in found if name.partition(" ")[0].upper() != change.keyword]
        if isinstance(change, Hide):
            found = others
        elif others == found:
            found.append(change.keyword)
    return found
