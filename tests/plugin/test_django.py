"""Django projects: their mail is sent to the sandbox, whatever runs their tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import django
import pytest

Run = Callable[..., pytest.RunResult]

OLD = 'EMAIL_HOST = "mx.example.com"\nEMAIL_HOST_USER = "app"\nEMAIL_USE_TLS = True\n'
NEW = 'MAILERS = {"default": {}, "news": {"OPTIONS": {"host": "mx.example.com", "use_tls": True}}}\n'

SETTINGS = [pytest.param(OLD, id="EMAIL")]
if django.VERSION >= (6, 1):
    SETTINGS.append(pytest.param(NEW, id="MAILERS"))

TESTS = """
from django.core import mail

def sign_up():
    mail.send_mail("Welcome", "Hi Ann", "shop@shop.test", ["ann@example.com"])

def test_inbox(inbox):
    sign_up()
    assert inbox.one().subject == "Welcome"
    assert mail.outbox == []

def test_both(mailoutbox, inbox):
    sign_up()
    assert len(mailoutbox) == 1
    inbox.one()

def test_neither():
    sign_up()
    assert len(mail.outbox) == 1
"""


@pytest.mark.parametrize("settings", SETTINGS)
def test_under_pytest_an_inbox_gets_the_mail(run: Run, pytester: pytest.Pytester, settings: str) -> None:
    pytester.makepyfile(settings=f"SECRET_KEY = 'x'\n{settings}")

    result = run(TESTS, "-p", "pytest_django.plugin", "--ds=settings", subprocess=True)

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * no mail (nothing arrived)",
            "E * note: nobody has connected *",
            "E * note: 1 mail is in django.core.mail.outbox: *",
        ]
    )


SECURE = """
import os

TRUSTED = os.environ.get("SSL_CERT_FILE")

@pytest.mark.mailtrap(auth={"app": "s3cret"}, tls="starttls")
def test_starttls(inbox):
    sign_up()
    assert (inbox.one().envelope.user, inbox.one().envelope.tls) == ("app", "TLSv1.3")

@pytest.mark.mailtrap(tls="smtps")
def test_smtps(inbox):
    sign_up()
    assert inbox.one().envelope.tls == "TLSv1.3"

def test_neither_afterwards(inbox):
    sign_up()
    assert inbox.one().envelope.tls is None
    assert os.environ.get("SSL_CERT_FILE") == TRUSTED
"""


@pytest.mark.parametrize("settings", SETTINGS)
def test_what_a_mark_asks_for_is_what_django_does(run: Run, pytester: pytest.Pytester, settings: str) -> None:
    pytester.makepyfile(settings=f"SECRET_KEY = 'x'\n{settings}")
    source = TESTS.partition("def test_inbox")[0] + SECURE

    result = run(source, "-p", "pytest_django.plugin", "--ds=settings", "-p", "no:randomly", subprocess=True)

    result.assert_outcomes(passed=3)


def test_it_can_be_turned_off(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(settings=f"SECRET_KEY = 'x'\n{OLD}")
    pytester.makeini("[pytest]\nmailtrap_django = off\n")

    result = run(TESTS, "-p", "pytest_django.plugin", "--ds=settings", "-k", "test_inbox", subprocess=True)

    result.assert_outcomes(failed=1, deselected=2)


@pytest.mark.parametrize("settings", SETTINGS)
def test_under_djangos_own_runner_a_testcase_gets_the_mail(tmp_path: Path, settings: str) -> None:
    (tmp_path / "settings.py").write_text(f"SECRET_KEY = 'x'\n{settings}")
    (tmp_path / "tests.py").write_text(
        """if True:
        from django.core import mail
        from django.test import SimpleTestCase
        from pytest_mailtrap import MailtrapMixin

        class TestShop(MailtrapMixin, SimpleTestCase):
            def test_sign_up(self):
                mail.send_mail("Welcome", "Hi Ann", "shop@shop.test", ["ann@example.com"])
                self.assertEqual(self.inbox.one().subject, "Welcome")

        class TestOther(SimpleTestCase):
            def test_sign_up(self):
                mail.send_mail("Welcome", "Hi Ann", "shop@shop.test", ["ann@example.com"])
                self.assertEqual(len(mail.outbox), 1)
        """
    )
    done = subprocess.run(
        [sys.executable, "-m", "django", "test", "--settings=settings"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}"},
        capture_output=True,
        text=True,
    )

    assert "Ran 2 tests" in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
