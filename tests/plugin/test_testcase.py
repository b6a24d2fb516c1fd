"""An inbox for unittest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = """
import smtplib, unittest
from pytest_mailtrap import MailtrapMixin

class TestShop(MailtrapMixin, unittest.TestCase):
    def setUp(self):
        with smtplib.SMTP(**self.inbox.smtp()) as smtp:
            smtp.sendmail("shop@shop.test", ["ann@example.com"], b"Subject: Welcome\\r\\n\\r\\n")

    def test_first(self):
        self.assertEqual(self.inbox.one().subject, "Welcome")

    def test_second(self):
        self.assertEqual(len(self.inbox), 1)

class TestLater(MailtrapMixin, unittest.IsolatedAsyncioTestCase):
    async def test_third(self):
        self.inbox.deliver(subject="hi", to="ann@example.com")
        self.assertEqual((await self.inbox.async_wait()).subject, "hi")

    def test_fails(self):
        self.inbox.one(subject="x")
"""


FAULTS = """
import smtplib, unittest
from pytest_mailtrap import MailtrapMixin

class TestFaults(MailtrapMixin, unittest.TestCase):
    def test_happened(self):
        self.inbox.faults.data().reject(451).times(1)
        with smtplib.SMTP(**self.inbox.smtp()) as smtp, self.assertRaises(smtplib.SMTPDataError):
            smtp.sendmail("shop@shop.test", ["ann@example.com"], b"Subject: Welcome\\r\\n\\r\\n")

    def test_never_happened(self):
        self.inbox.faults.data().reject(451)

    def test_fails_itself(self):
        self.inbox.faults.data().reject(452)
        self.fail("for another reason")

    def test_in_parts(self):
        self.inbox.faults.data().reject(453)
        with self.subTest("a part"):
            self.fail("in part")
"""


def test_it_is_the_fixture_under_pytest(run: Callable[..., pytest.RunResult]) -> None:
    result = run(SOURCE)

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["E*MailNotFound: no mail with subject='x' (nothing arrived)", "*- captured mail -*"])


def test_unittest_alone_starts_a_server_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(SOURCE)

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest", "-v", "test_shop"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert "FAILED (failures=1)" in done.stderr, done.stderr
    assert "Ran 4 tests" in done.stderr
    assert "MailNotFound: no mail with subject='x' (nothing arrived)" in done.stderr


def test_a_fault_that_never_happened_fails_the_test_under_pytest(run: Callable[..., pytest.RunResult]) -> None:
    result = run(FAULTS, "-k", "not parts")

    result.assert_outcomes(passed=1, failed=2, deselected=1)
    result.stdout.fnmatch_lines(["fault #1 smtp.data: reject 451 (hit never; test_*.py:*)"])
    result.stdout.no_fnmatch_line("fault #1 smtp.data: reject 452 (hit never; *")


def test_a_fault_that_never_happened_fails_the_test_of_unittest(tmp_path: Path) -> None:
    (tmp_path / "test_faults.py").write_text(FAULTS)

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest", "test_faults"], cwd=tmp_path, capture_output=True, text=True
    )

    assert "FAILED (failures=3)" in done.stderr, done.stderr
    assert "FaultNotHit: fault #1 smtp.data: reject 451 (hit never; test_faults.py:" in done.stderr
    assert done.stderr.count("FaultNotHit: fault") == 1
