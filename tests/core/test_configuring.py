"""What the settings configure: projects are made, accounts are theirs, and they come before what is kept."""

from __future__ import annotations

from pathlib import Path

from mailtrap.configured import Configured
from mailtrap.sandbox import Sandbox
from mailtrap.store.retention import Limits


def test_the_settings_make_projects_and_accounts() -> None:
    with Sandbox(
        account=["ann@example.com:s3cret", "name=bob@example.com project=team-a"],
        project=[{"name": "team-a", "password": "s3cret", "keep_messages": 10}, "team-b"],
        keep_messages=99,
    ) as sandbox:
        a, b = (sandbox.store.find_project(name) for name in ("team-a", "team-b"))
        assert a is not None
        assert b is not None

        assert sandbox.accounts.find(sandbox.current.project, "ann@example.com") == Configured(
            "ann@example.com", "s3cret"
        )
        assert sandbox.accounts.every(a.id) == [Configured("bob@example.com")]
        assert (sandbox.accounts.password_of(a.id), sandbox.accounts.password_of(b.id)) == ("s3cret", None)
        assert sandbox.store.limits(a.id) == Limits(messages=10)
        assert sandbox.store.limits(b.id) == Limits(messages=99)


def test_what_was_configured_later_is_there_after_a_restart_and_the_settings_come_first(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path) as sandbox:
        default = sandbox.current.project
        sandbox.accounts.put(default, Configured("ann@example.com", "later"))
        sandbox.accounts.put(default, Configured("bob@example.com", "later"))

    with Sandbox(data=tmp_path, account="ann@example.com:s3cret") as sandbox:
        assert sandbox.accounts.every(default) == [
            Configured("ann@example.com", "s3cret"),
            Configured("bob@example.com", "later"),
        ]


def test_a_sandbox_without_any_has_nothing_to_look_at(sandbox: Sandbox) -> None:
    assert not sandbox.accounts.any
