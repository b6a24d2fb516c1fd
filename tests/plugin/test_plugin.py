"""The plugin in runs of pytest: fixtures, options, warnings, what a report shows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_mailtrap import Server

ROOT = Path(__file__).parents[2]

Run = Callable[..., pytest.RunResult]

TAKES = "the mark mailtrap takes timeout=, auth=, tls=, profile=, size_limit="
CAN_STAND = "what can stand in it is {host}, {smtp_port}, {imap_port} and {pop3_port}"


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("mailtrap_timeout = soon", "mailtrap_timeout is 'soon', but must be a number of seconds"),
        ("mailtrap_timeout = -1", "mailtrap_timeout is '-1', but must be a number of seconds"),
        ("mailtrap_timeout = nan", "mailtrap_timeout is 'nan', but must be a number of seconds"),
        ("mailtrap_smtp_port = smtp", "mailtrap_smtp_port is 'smtp', but must be a port, or 0 for any free one"),
        ("mailtrap_smtp_port = 65536", "mailtrap_smtp_port is '65536', but must be a port"),
        ("mailtrap_django = on", "mailtrap_django is 'on', but must be auto or off"),
        ("mailtrap_strict_faults = maybe", "mailtrap_strict_faults must be true or false"),
        ("mailtrap_env = SMTP_HOST", "mailtrap_env has 'SMTP_HOST', which is not NAME=value"),
        ("mailtrap_env = A={hots}", f"mailtrap_env has 'A={{hots}}'; {CAN_STAND}"),
        ("mailtrap_env = A={", f"mailtrap_env has 'A={{'; {CAN_STAND}"),
    ],
)
def test_a_wrong_option_is_one_line(run: Run, pytester: pytest.Pytester, ini: str, said: str) -> None:
    pytester.makeini(f"[pytest]\n{ini}\n")

    result = run("def test_it(): pass")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}*"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("tiemout=3", f"{TAKES}, not tiemout= (did you mean timeout=?)"),
        ("3", f"{TAKES}, not 3"),
        ("timeout='soon'", "the mark mailtrap has timeout='soon', which is not a number of seconds"),
        ("auth='app'", "the mark mailtrap has auth='app', which is not user names with their passwords*\"s3cret\"}"),
        ("auth={'app': None}", "the mark mailtrap has auth={'app': None}, which is not user names with*"),
        ("auth={}", "the mark mailtrap has auth={}, which is not user names with*"),
        ("tls='ssl'", 'the mark mailtrap has tls=\'ssl\', which is not "starttls", "smtps" or True'),
        ("profile=1", "the mark mailtrap has profile=1, which is not the name of a profile"),
        ("profile='minimul'", "the mark mailtrap: there is no profile 'minimul'; did you mean minimal?*"),
        ("size_limit=True", "the mark mailtrap has size_limit=True, which is not a size such as *"),
        ("size_limit='big'", "the mark mailtrap: size_limit is 'big', but must be a size such as *"),
    ],
)
def test_a_wrong_mark_is_one_line(run: Run, mark: str, said: str) -> None:
    result = run(f"@pytest.mark.mailtrap({mark})\ndef test_it(inbox): pass")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*During handling*")


def test_a_wrong_setting_is_named(run: Run) -> None:
    result = run(
        """
        @pytest.fixture(scope="session")
        def mailtrap_settings():
            return {"size_limt": 1}

        def test_it(inbox): pass
        """
    )

    result.assert_outcomes(errors=1)
    assert "Traceback" not in result.stdout.str()
    result.stdout.fnmatch_lines(
        ["the mail server cannot be started: there is no setting 'size_limt'; did you mean size_limit?"]
    )


def test_every_test_has_a_world_of_its_own(run: Run) -> None:
    result = run(
        """
        @pytest.mark.parametrize("number", range(3))
        def test_it(inbox, number):
            assert len(inbox) == 0
            send(inbox, f"number {number}")
            assert inbox.one().subject == f"number {number}"
        """,
        "-W",
        "error",
    )

    result.assert_outcomes(passed=3)


def test_nothing_is_started_before_it_is_needed(run: Run) -> None:
    result = run(
        """
        import sys
        def test_it():
            assert not [each for each in sys.modules if each.split(".")[0] == "mailtrap"]
            assert "pytest_mailtrap.server" not in sys.modules
        """,
        subprocess=True,
    )

    result.assert_outcomes(passed=1)


def test_a_server_goes_on_though_pytest_has_forgotten_its_modules(
    server: Server, send: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    for name in [each for each in sys.modules if each.startswith("mailtrap.smtp.commands")]:
        monkeypatch.delitem(sys.modules, name)  # as it does after each run in its own process

    with server.inbox() as inbox:
        send()
        assert len(inbox) == 1


def test_settings_can_be_overridden(run: Run) -> None:
    result = run(
        """
        @pytest.fixture(scope="session")
        def mailtrap_settings():
            return {"size_limit": "1KiB"}

        def test_it(inbox):
            with pytest.raises(smtplib.SMTPResponseException):
                send(inbox, text="x" * 2000)
            [refusal] = inbox.rejected
            assert refusal.reply.startswith("552")
        """
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("option", ["ini", "mark"])
def test_the_timeout_is_set(run: Run, pytester: pytest.Pytester, option: str) -> None:
    pytester.makeini(f"[pytest]\nmailtrap_timeout = {0.02 if option == 'ini' else 600}\n")
    mark = "@pytest.mark.mailtrap(timeout=0.02)\n" if option == "mark" else ""

    result = run(f"{mark}def test_it(inbox): inbox.wait()")

    result.stdout.fnmatch_lines(["*MailNotFound: no mail within 0.02 s (nothing arrived)"])


def test_an_inbox_of_a_wider_scope_shares_its_world_with_the_test(run: Run) -> None:
    result = run(
        """
        @pytest.fixture(scope="module")
        def all_mail(mailtrap_server):
            with mailtrap_server.inbox() as inbox:
                send(inbox, "of the module")
                yield inbox

        def test_first(all_mail, inbox):
            send(inbox, "first")
            assert inbox.one().subject == "first"

        def test_second(all_mail, inbox):
            send(inbox, "second")
            assert inbox.one().subject == "second"

        def test_third(all_mail):
            assert [mail.subject for mail in all_mail] == ["of the module", "first", "second"]
        """
    )

    result.assert_outcomes(passed=3)


def test_a_failure_shows_the_line_of_the_test_and_why(run: Run) -> None:
    result = run(
        """
        def test_it(inbox):
            send(inbox, "Your digset")
            assert inbox.one(subject=re.compile("digest"), to="ann@example.com")
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*assert inbox.one(subject=re.compile(*",
            "E*MailNotFound: no mail with subject=/digest/ to='ann@example.com' (1 arrived)",
            "E * nearest #1 (1 of 2 hold): subject: wanted /digest/, got 'Your digset'",
            "E *#1 *:*:*.* shop@shop.test -> ann@example.com 'Your digset'",
            "",
            "test_*.py:*: MailNotFound",
            "*- captured mail -*",
            "1 arrived",
            "#1 *:*:*.* shop@shop.test -> ann@example.com 'Your digset'",
            "-- the text of #1",
            "    Hi Ann",
            "-- SMTP session, begun * from 127.0.0.1*",
            "* C mail FROM:<shop@shop.test>*",
        ]
    )
    assert "pytest_plugin" not in result.stdout.str()


def test_mail_that_came_too_late_is_in_the_failure(run: Run) -> None:
    result = run(
        """
        def test_it(inbox):
            with smtplib.SMTP(**inbox.smtp()) as smtp:
                smtp.ehlo()
                smtp.mail("shop@shop.test")
                smtp.rcpt("ann@example.com")
                late = threading.Timer(0.02, lambda: smtp.data(b"Subject: late\\r\\n\\r\\n"))
                late.start()
                try:
                    inbox.one()
                finally:
                    late.join()
        """
    )

    result.stdout.fnmatch_lines(["E * note: one more came * s after one(): use wait()"])


def test_failures_of_set_up_have_their_mail_and_passed_tests_do_not(run: Run) -> None:
    result = run(
        """
        @pytest.fixture
        def account(inbox):
            send(inbox, "Welcome")
            raise LookupError

        def test_it(account): pass

        def test_other(inbox): send(inbox, "Other")
        """,
        "-rA",
    )

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["*- captured mail -*", "1 arrived", "#1 * 'Welcome'"])
    result.stdout.no_fnmatch_line("*'Other'*")


def test_a_report_is_bounded(run: Run) -> None:
    result = run(
        """
        def test_it(inbox):
            for number in range(100):
                send(inbox, "long " * 100, text=("x" * 900 + "\\n") * 100)
            assert 0
        """,
        "--tb=line",
    )

    section = result.stdout.str().partition("captured mail")[2]
    assert len(section) < 40_000
    result.stdout.fnmatch_lines(["100 arrived", "… 80 before these", "    … 80 lines more"])


def test_artifacts_are_written_for_failed_tests(run: Run, pytester: pytest.Pytester) -> None:
    result = run(
        """
        @pytest.mark.parametrize("what", ["../a b", "ok"])
        def test_it(inbox, what):
            send(inbox, "first")
            send(inbox, "second")
            assert what == "ok"
        """,
        "--mailtrap-artifacts=out/mail",
    )

    folder = pytester.path / "out" / "mail"
    [text] = folder.glob("*.txt")
    assert sorted(each.name for each in folder.iterdir()) == [f"{text.stem}-1.eml", f"{text.stem}-2.eml", text.name]
    assert b"Subject: first\n" in (folder / f"{text.stem}-1.eml").read_bytes()
    assert "::test_it[../a b]" in text.read_text("utf-8")
    assert "C data" in text.read_text("utf-8")
    result.stdout.fnmatch_lines([f"written to *out/mail/{text.name}, its mail beside it"])


def test_artifacts_that_cannot_be_written_do_no_harm(run: Run, pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("out").write_text("a file")

    result = run("def test_it(inbox): assert 0", "--mailtrap-artifacts=out")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["could not be written to *out: *"])


def test_a_test_that_stops_the_server_still_fails_as_it_did(run: Run) -> None:
    result = run(
        """
        def test_it(inbox, mailtrap_server):
            try:
                inbox.one()
            finally:
                mailtrap_server.stop()
        """
    )

    result.stdout.fnmatch_lines(["E * no mail (nothing arrived)"])
    result.stdout.no_fnmatch_line("INTERNALERROR*")


STRAY = """
    import pytest
    @pytest.fixture
    def background(request, mailtrap_server):
        yield
        with smtplib.SMTP(*mailtrap_server.address("smtp")) as smtp:
            smtp.sendmail("job@shop.test", "ann@example.com", b"Subject: much too late\\r\\n\\r\\n")

    def test_one(background, inbox): pass

    def test_two(inbox):
        assert len(inbox) == 0

    def test_three(mailtrap_server):
        with smtplib.SMTP(*mailtrap_server.address("smtp")) as smtp:
            smtp.sendmail("me@shop.test", "ann@example.com", b"Subject: mine\\r\\n\\r\\n")
        assert [mail.subject for mail in mailtrap_server.messages()] == ["mine"]
    """


@pytest.mark.parametrize("filters", ["default", "error"])
def test_mail_between_tests_warns_in_the_one_that_ended(run: Run, filters: str) -> None:
    result = run(STRAY, "-W", filters)

    result.assert_outcomes(passed=3, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*::test_one",
            "  *:*: MailWarning: a mail came when this test had ended, so no test has it:",
            "  #1 *:*:*.* job@shop.test -> ann@example.com 'much too late'",
            "  * C mail FROM:<job@shop.test>*",
        ]
    )


def test_the_warning_can_be_turned_off(run: Run) -> None:
    result = run(STRAY, "-W", "ignore::pytest_mailtrap.MailWarning")

    result.assert_outcomes(passed=3, warnings=0)


def test_mail_after_the_last_test_is_warned_of(run: Run) -> None:
    result = run(STRAY, "-k", "test_one")

    result.assert_outcomes(passed=1, deselected=2, warnings=1)


def test_a_transaction_that_goes_on_is_warned_of(run: Run) -> None:
    source = """
        @pytest.fixture(scope="session")
        def smtp(mailtrap_server):
            with smtplib.SMTP(*mailtrap_server.address("smtp")) as smtp:
                yield smtp

        def test_it(inbox, smtp):
            smtp.ehlo()
            smtp.mail("shop@shop.test")
        """
    run(source, "-W", "default").assert_outcomes(passed=1, warnings=1)
    result = run(source, "-W", "error")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "E * pytest_mailtrap.*MailWarning: a client was still sending when this inbox was closed; *:",
            "E * C mail FROM:<shop@shop.test>",
        ]
    )


CONFTEST = """
import os
HOST, PORT = os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])
"""


def test_variables_are_set_before_the_settings_of_the_app_are_read(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_HOST", "mx.example.com")
    monkeypatch.delenv("SMTP_PORT", raising=False)
    pytester.makeini('[pytest]\nmailtrap_env = SMTP_HOST={host} SMTP_PORT={smtp_port} "SITE=the shop"\n')
    pytester.makeconftest(CONFTEST)

    result = run(
        """
        import os
        from conftest import HOST, PORT

        def test_it(inbox):
            assert inbox.smtp() == {"host": HOST, "port": PORT}
            assert os.environ["SITE"] == "the shop"
            send(inbox)
            inbox.one()
        """
    )

    result.assert_outcomes(passed=1)
    assert os.environ["SMTP_HOST"] == "mx.example.com"
    assert "SMTP_PORT" not in os.environ


def test_settings_that_come_too_late_are_refused(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmailtrap_env = SMTP_PORT={smtp_port}\n")

    result = run(
        """
        @pytest.fixture(scope="session")
        def mailtrap_settings():
            return {"size_limit": "1KiB"}

        def test_it(inbox): pass
        """
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["mailtrap_env starts the mail server before any fixture, so mailtrap_settings *"])


def test_the_port_can_be_fixed(run: Run, pytester: pytest.Pytester) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pytester.makeini(f"[pytest]\nmailtrap_smtp_port = {port}\n")

    result = run(f"def test_it(inbox): assert inbox.smtp()['port'] == {port}")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("env", ["", "mailtrap_env = SMTP_PORT={smtp_port}"])
def test_a_port_in_use_is_one_line(run: Run, pytester: pytest.Pytester, env: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        pytester.makeini(f"[pytest]\nmailtrap_smtp_port = {other.getsockname()[1]}\n{env}\n")

        result = run("def test_it(inbox): pass")

    said = result.stderr.str() + result.stdout.str()
    assert "the mail server cannot be started: " in said
    assert "Traceback" not in said


@pytest.mark.needs("xdist")
def test_a_fixed_port_is_not_for_several_workers(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmailtrap_smtp_port = 2525\n")

    result = run("def test_it(inbox): pass", "-p", "xdist.plugin", "-n", "1")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: mailtrap_smtp_port is 2525, but each xdist worker needs a port of its own*"])


@pytest.mark.needs("xdist")
def test_each_worker_has_a_server(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmailtrap_env = SMTP_HOST={host} SMTP_PORT={smtp_port}\n")
    pytester.makeconftest(CONFTEST)

    result = run(
        """
        import os
        @pytest.mark.parametrize("number", range(6))
        def test_it(inbox, number):
            assert inbox.smtp()["port"] == int(os.environ["SMTP_PORT"])
            send(inbox, f"number {number}")
            assert inbox.one().subject == f"number {number}"

        def test_fails(inbox):
            send(inbox, "of the worker")
            inbox.one(subject="x")
        """,
        *("-p", "xdist.plugin", "-n", "2", "--mailtrap-artifacts=out"),
        subprocess=True,
    )

    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*- captured mail -*", "#1 * 'of the worker'"])
    assert len(list(pytester.path.glob("out/*.eml"))) == 1


def test_a_server_is_whole_where_pytest_has_run_within_a_test(run: Run) -> None:
    """As tests of plug-ins do: pytester takes all modules away again that were imported within."""
    result = run(
        """
        import smtplib
        import mailtrap.sandbox
        pytest_plugins = "pytester"
        def test_within(pytester):
            pytester.makepyfile(
                "import poplib, smtplib\\n"
                "def test_it(inbox):\\n"
                "    smtplib.SMTP(**inbox.smtp()).quit()\\n"
                "    with inbox.pop3(): pass\\n"
            )
            pytester.runpytest_inprocess("-p", "pytest_mailtrap.plugin").assert_outcomes(passed=1)
        def test_behind(inbox):
            with smtplib.SMTP(**inbox.smtp()) as smtp:
                smtp.login("ann@example.com", "secret")
            with inbox.pop3():
                pass
        """,
        *("-p", "no:randomly"),
        subprocess=True,
    )

    result.assert_outcomes(passed=2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_forked_child_sends_but_opens_no_inbox(run: Run) -> None:
    result = run(
        """
        import os
        def test_it(inbox, mailtrap_server):
            child = os.fork()
            if not child:
                send(inbox, "from the child")
                try:
                    with mailtrap_server.inbox():
                        os._exit(1)
                except RuntimeError as error:
                    os._exit("forked" not in str(error))
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert inbox.one().subject == "from the child"
        """,
        subprocess=True,
    )

    result.assert_outcomes(passed=1)


def test_the_fixtures_options_and_the_mark_say_what_they_are(run: Run) -> None:
    run("", "--fixtures").stdout.fnmatch_lines(["inbox*", "*A mail world of this test's own*"])
    run("", "--markers").stdout.fnmatch_lines(["@pytest.mark.mailtrap(timeout=5.0, auth=*): *"])
    run("", "--help").stdout.fnmatch_lines(["*--mailtrap-artifacts=DIR*", "*mailtrap_timeout (string):*"])


@pytest.mark.parametrize("blocked", [False, True])
def test_installed_it_is_there_and_can_be_turned_off(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, blocked: bool
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    installed = pytester.mkdir("installed.dist-info")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(
        f"[pytest11]\nmailtrap = {project['entry-points']['pytest11']['mailtrap']}\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{pytester.path}{os.pathsep}{os.environ['PYTHONPATH']}")

    result = run("def test_it(inbox): pass", *(["-p", "no:mailtrap"] if blocked else []), plugin=None, subprocess=True)

    if blocked:
        result.stdout.fnmatch_lines(["*fixture 'inbox' not found"])
    else:
        result.assert_outcomes(passed=1)


def test_loading_the_plugin_imports_next_to_nothing() -> None:
    program = """if True:
        import sys, pytest
        before = set(sys.modules)
        import pytest_mailtrap.plugin
        print(*sorted(set(sys.modules) - before))
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert {each for each in done.stdout.split() if not each.startswith("pytest_mailtrap")} <= {"__future__"}
