"""Measured work, side by side with peers: ``python -m benchmarks [NAME …]``.

Absolute figures move with the machine; the ratios are of one interleaved run.
"""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("smtp", "latency", "imap", "pop3", "wait", "startup", "fixture", "store", "transfer", "soak")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        import_module(f"benchmarks.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
