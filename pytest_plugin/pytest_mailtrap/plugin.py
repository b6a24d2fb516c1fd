"""Options, mark, hooks and fixtures. pytest loads this in every run: nothing heavy is imported before it is used."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_mailtrap import options
from pytest_mailtrap.run import Run

if TYPE_CHECKING:
    from pytest_mailtrap.inbox import Inbox
    from pytest_mailtrap.server import Server

RUN = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    _run(early_config)  # before the settings of the app are read
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", options.MARK)
    options.check(config)
    _run(config)


def _run(config: pytest.Config) -> Run:
    if RUN not in config.stash:
        config.stash[RUN] = Run(config)
        config.stash[RUN].set_environment()
    return config.stash[RUN]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    _run(item.config).begin_test(item)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    __tracebackhide__ = True
    result = yield
    _run(item.config).check_faults(getattr(item, "funcargs", {}).get("inbox"))  # only where the body passed
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    run = _run(item.config)
    if call.excinfo is not None:
        run.look_again(call.excinfo.value)
    report = yield
    if call.excinfo is not None:
        run.forgive_faults()
    if report.failed and report.when != "teardown":
        run.attach(report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    _run(session.config).warn_of_strays()


@pytest.fixture(scope="session")
def mailtrap_settings() -> Mapping[str, object]:
    """Options of the mail server, to be overridden: ``return {"size_limit": "1MiB"}``."""
    return {}


@pytest.fixture(scope="session")
def mailtrap_tls() -> Mapping[str, object]:
    """The certificates of the mail server, to be overridden: ``return {"ca_file": "ca.pem", "ca_key": "ca.key"}``.

    Or ``cert_file`` and ``key_file`` for one of your own. Without any, the server makes a CA for the run.
    """
    return {}


@pytest.fixture(scope="session")
def mailtrap_server(
    pytestconfig: pytest.Config, mailtrap_settings: Mapping[str, object], mailtrap_tls: Mapping[str, object]
) -> Iterator[Server]:
    """The mail server of this run, started when it is first needed; under xdist each worker has one.

    ``with mailtrap_server.inbox() as inbox:`` opens an inbox in a fixture of any scope.
    """
    with _run(pytestconfig).serving({**mailtrap_settings, **options.tls(mailtrap_tls)}) as server:
        yield server


@pytest.fixture
def inbox(request: pytest.FixtureRequest, mailtrap_server: Server) -> Iterator[Inbox]:
    """A mail world of this test's own: whatever is sent meanwhile, to anyone, is here, and nothing else is.

    Django's mail settings are pointed at it, unless the test also asks for mailoutbox.
    """
    __tracebackhide__ = True
    from pytest_mailtrap.django_settings import pointed_at

    with ExitStack() as opened:
        inbox = opened.enter_context(_run(request.config).opened(mailtrap_server, options.demands(request.node)))
        if options.points_django(request.config) and "mailoutbox" not in request.fixturenames:
            opened.enter_context(pointed_at(inbox))
        yield inbox
