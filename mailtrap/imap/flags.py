"""Flags as a client writes them."""

from __future__ import annotations

from dataclasses import dataclass

from mailtrap.imap.errors import Bad, No
from mailtrap.imap.grammar import Reader
from mailtrap.imap.responses import SYSTEM_FLAGS
from mailtrap.store.records import Flag

LONGEST = 255
"""Characters of a keyword."""

MOST = 100
"""Keywords that are set at once, and so on a message."""

_SYSTEM = {name.decode().upper(): flag for flag, name in SYSTEM_FLAGS.items()}


@dataclass(frozen=True, slots=True)
class Flags:
    """System flags and keywords."""

    system: Flag = Flag(0)
    keywords: tuple[str, ...] = ()


def read_flags(args: Reader) -> Flags:
    """Flags in parentheses or, as RFC 3501 §9 (store-att-flags) allows it, without."""
    if args.peek() == b"(":
        return flags(args.flag_list())
    found = [args.flag()]
    while args.eat(b" "):
        found.append(args.flag())
    return flags(found)


def flags(names: list[str]) -> Flags:
    r"""What *names* are; raises `Bad` for a system flag that there is not, or that clients cannot set (``\Recent``)."""
    system, keywords = Flag(0), []
    for name in names:
        if not name.startswith("\\"):
            if len(name) > LONGEST:
                raise No(f"a keyword has at most {LONGEST} characters", "LIMIT")
            keywords.append(name)
        elif name.upper() in _SYSTEM:
            system |= _SYSTEM[name.upper()]
        else:
            raise Bad(f"there is no flag {name} that could be set")
    if len(keywords) > MOST:
        raise No(f"a message has at most {MOST} keywords", "LIMIT")
    return Flags(system, tuple(keywords))
