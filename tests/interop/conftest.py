"""What the tests with real clients and servers use: the program as a process, and Dovecot beside it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import dovecot
import pytest
from process import Process, Start, spawn, starter, until_ready
from reading import Account, Server

SERVERS = ["ours", *(["dovecot"] if os.environ.get("MAILSANDBOX_TEST_DOVECOT") else [])]
"""Whose mail is read: with this variable the tests of readers are held against Dovecot as well."""


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a ``mailtrap`` and wait until it is ready; all are stopped at the end of the test."""
    yield from starter()


@pytest.fixture(scope="module")
def mailtrap() -> Iterator[Process]:
    """One ``mailtrap`` for the tests of a file; each uses addresses of its own."""
    process = spawn([])
    with process.popen, process.session:
        try:
            until_ready(process)
            yield process
            process.stop()
        finally:
            process.popen.kill()


@pytest.fixture(scope="session", name="dovecot")
def a_dovecot() -> Iterator[dovecot.Dovecot]:
    """One Dovecot for the whole run, without TLS; each test uses accounts of its own."""
    if os.geteuid() != 0:
        pytest.skip("Dovecot has to be started as root")
    with dovecot.running() as server:
        yield server


@pytest.fixture(params=SERVERS)
def account(request: pytest.FixtureRequest, numbers: Iterator[int]) -> Account:
    """An account that nobody else uses, on the server whose readers are tested."""
    server: Server = request.getfixturevalue("mailtrap" if request.param == "ours" else request.param)
    return Account(server, f"reader{next(numbers)}@x.test", faithful=request.param == "ours")


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Never the same one twice."""
    return itertools.count(1)
