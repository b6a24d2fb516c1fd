"""Which programs, modules and libraries this machine has."""

from __future__ import annotations

import functools
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

JARS = Path("/usr/share/java")
"""Where Debian puts Java's libraries."""


def is_there(part: str) -> bool:
    """Whether there is a program, a Python module, a Java library, or (``ipv6``) a second loopback address."""
    if part == "ipv6":
        return _has_ipv6()
    if part == "nodemailer":
        return shutil.which("npm") is not None and (Path(node_modules()) / part).exists()
    if part.endswith(".jar"):
        return (JARS / part).exists()
    return shutil.which(part) is not None or find_spec(part) is not None


@functools.cache
def node_modules() -> str:
    """Where ``npm install --global`` puts what it installs."""
    return subprocess.run(["npm", "root", "--global"], check=True, capture_output=True, text=True).stdout.strip()


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
