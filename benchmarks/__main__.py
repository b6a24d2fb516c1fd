"""Measured work, side by side with peers: ``python -m benchmarks [NAME …] [--quick | --large] [--write]``.

Absolute figures move with the machine; the ratios are of one interleaved run.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from benchmarks.report import Effort, Row

NAMES = ("smtp", "latency", "visibility", "wait", "startup", "scale", "imap", "pop3", "fixture", "transfer")
ALONE = ("store", "growth", "soak")
"""Only when named: what `scale` has in it, and what takes long."""


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all; with ``--write`` put the figures into the manual."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n\n")[1])
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *NAMES, *ALONE], help=", ".join(NAMES + ALONE))
    parser.add_argument("--quick", action="store_true", help="little of everything: shows that it runs")
    parser.add_argument("--large", action="store_true", help="1,000,000 messages stored, 100,000 exported")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    options = parser.parse_args(arguments)
    rows = [row for name in options.names or NAMES for row in _run(name, Effort(options.quick, options.large))]
    if options.write:
        from benchmarks.report_page import write

        write(rows, " ".join(["python -m benchmarks", *arguments]))
    return 0


def _run(name: str, effort: Effort) -> list[Row]:
    print(f"-- {name}", flush=True)
    began = time.monotonic()
    rows = []
    for row in import_module(f"benchmarks.{name}").run(effort) or ():
        print(row, flush=True)
        rows.append(row)
    print(f"-- {name}: {time.monotonic() - began:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
