"""Bound ports: one number on every address asked for, and enough descriptors for who connects."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from weakref import WeakSet

from mailtrap import unix
from mailtrap.errors import CannotListen

BACKLOG = 1024
ATTEMPTS = 20
"""How often a free port of the first address is looked for that is free on the others too."""

MODES = {"owner": 0o600, "group": 0o660, "all": 0o666}
"""Of a Unix socket: whoever may write there may connect."""

_listening: WeakSet[socket.socket] = WeakSet()

NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)


def listen(hosts: Sequence[str], port: int | Path, setting: str, access: str = "owner") -> list[socket.socket]:
    """A listening socket for every address of *hosts*, all with the same port; any free one for port 0.

    If *port* is a path it is one Unix socket, and *access* says who may connect.
    An IPv6 address that this machine does not have is left out, unless nothing else remains.
    Raises `CannotListen`, which names *setting*.
    """
    if isinstance(port, Path):
        return [_ours(unix.listen(port, setting, MODES[access], BACKLOG))]
    for _ in range(ATTEMPTS if port == 0 else 1):
        try:
            return _listen(hosts, port)
        except OSError as error:
            failure = error
            if error.errno != errno.EADDRINUSE:
                break
    raise CannotListen(_explain(failure, port, setting))


def address(sock: socket.socket) -> tuple[str, int]:
    """Where *sock* listens: host and port; of a Unix socket, its path and 0, as `smtplib.LMTP` takes them."""
    name = sock.getsockname()
    return (name, 0) if isinstance(name, str) else name[:2]


def raise_descriptor_limit() -> None:
    """Let this process open as many files as the system allows it: a connection is one."""
    if sys.platform == "win32":  # has no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # macOS calls the limit infinite and takes at most OPEN_MAX
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 10240)), hard))


def _listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    with ExitStack() as undo:
        for host in hosts:
            try:
                opened.append(undo.enter_context(_open(host, port)))
            except OSError as error:
                error.filename = host
                missing = ":" in host and error.errno in NOT_HERE
                if not missing or (host == hosts[-1] and not opened):
                    raise
            else:
                port = opened[-1].getsockname()[1]
        undo.pop_all()
    return opened


def _open(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY for whoever is let in.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two processes share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return _ours(sock)


def _ours(sock: socket.socket) -> socket.socket:
    _listening.add(sock)
    return sock


def _close_inherited() -> None:
    """A forked child (a worker, a live server) must not keep our ports open after we are gone."""
    for sock in list(_listening):
        sock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)


def _explain(error: OSError, port: int, setting: str) -> str:
    where = f"port {port} of {error.filename}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{where} is in use by another program: stop that one, or set {setting} to another port (0: any free one)"
        )
    if error.errno == errno.EACCES:
        return f"{where} is not for this user to open: set {setting} to a port above 1023"
    if error.errno in NOT_HERE:
        return f"{where} cannot be opened, because this machine does not have that address: set host to one it has"
    return f"{where}, for {setting}, cannot be opened: {error.strerror}"
