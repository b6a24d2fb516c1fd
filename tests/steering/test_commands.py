"""``mailtrap fault`` and ``mailtrap clock``, at a sandbox that runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import click
import pytest
from smtp_client import SmtpClient

from mailtrap.commands import commands
from mailtrap.errors import MailtrapError, NotFound, StoreUnavailable
from mailtrap.faults import Rule
from mailtrap.sandbox import Sandbox

Run = Callable[..., str]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(http=0) as running:
        yield running


@pytest.fixture
def run(sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command at the sandbox; gives what it says."""
    sandbox.faults.clear()
    monkeypatch.setenv("MAILSANDBOX_SERVER", sandbox.url)

    def run(*arguments: str) -> str:
        assert commands.main(list(arguments), prog_name="mailtrap", standalone_mode=False) == 0
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fault", "add", "smtp.rcpt"], "'smtp.rcpt' is not written name=value"),
        (["fault", "add", "at=smtp.rcpt"], "do: a fault needs it"),
        (["fault", "add", "at=smtp.rcpt", "at=smtp.mail"], "at is given twice"),
        (["fault", "add", "at=smtp.rcpt", "do=rejetc"], "did you mean reject?"),
        (["fault", "add", "at=smtp.rcpt do='reject"], "No closing quotation"),
        (["clock", "advance", "soon"], "'soon' is not a time above 0"),
        (["clock", "--server", "example"], "is not an address such as"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anybody_is_asked(arguments: list[str], says: str) -> None:
    with pytest.raises(click.ClickException) as caught:
        commands.main(arguments, standalone_mode=False)

    assert says in caught.value.format_message()


def test_what_the_sandbox_refuses_is_said(run: Run) -> None:
    with pytest.raises(NotFound, match="there is no fault 4711"):
        run("fault", "remove", "4711")
    with pytest.raises(MailtrapError, match="there is no project 'nowhere'"):
        run("fault", "add", "at=smtp.rcpt", "do=drop", "project=nowhere")
    with pytest.raises(StoreUnavailable, match="does not answer"):
        run("fault", "list", "--server", "http://127.0.0.1:9")


def test_a_rule_is_added_acts_is_listed_and_removed(run: Run, sandbox: Sandbox) -> None:
    assert run("fault", "list") == "nothing goes wrong on purpose\n"
    added = run("fault", "add", "at=smtp.rcpt", "do=reject 451 4.7.1 try later", "rcpt=*@slow.test", "times=1")
    [rule] = sandbox.faults.rules()
    assert (rule.do, rule.times, rule.project) == ("reject 451 4.7.1 try later", 1, sandbox.current.project)
    written = f"{rule.id}: at=smtp.rcpt do='reject 451 4.7.1 try later' rcpt='*@slow.test' project=default times=1"
    assert added == f"{written}, 0 hits\n"

    with SmtpClient(sandbox.address("smtp")) as client:
        client.command(b"MAIL FROM:<app@shop.test>", "250")
        client.command(b"RCPT TO:<ann@slow.test>", "451 4.7.1 try later")
    assert run("fault", "list") == f"{written}, 1 hit, spent\n"
    assert run("fault", "remove", rule.id) == f"{written}, 1 hit, spent\n"
    assert sandbox.faults.rules() == []


def test_a_rule_is_taken_as_it_stands_in_the_settings_too(run: Run, sandbox: Sandbox) -> None:
    run("fault", "add", "at=imap.FETCH do='no SERVERBUG' expires=1h")

    [rule] = sandbox.faults.rules()
    assert (rule.at, rule.do, rule.expires) == ("imap.FETCH", "no SERVERBUG", 3600)


def test_all_rules_are_taken_away(run: Run, sandbox: Sandbox) -> None:
    sandbox.faults.add(Rule("imap.FETCH", "no"))
    run("fault", "add", "at=smtp.rcpt", "do=drop")

    assert run("fault", "clear") == "removed: 2\n"
    assert sandbox.faults.rules() == []


def test_the_clock_is_told_and_advanced(run: Run, sandbox: Sandbox) -> None:
    ahead = sandbox.clock.ahead
    told = run("clock")
    advanced = run("clock", "advance", "90m")

    assert told[:20] <= advanced[:20]
    assert advanced.endswith(f", {ahead + 5400:g} seconds ahead\n")
    assert sandbox.clock.ahead == ahead + 5400


def test_a_script_gets_json(run: Run) -> None:
    added = json.loads(run("fault", "add", "at=smtp.rcpt", "do=drop", "--json"))
    assert added["at"] == "smtp.rcpt"
    assert [each["do"] for each in json.loads(run("fault", "list", "--json"))] == ["drop"]
    assert [each["id"] for each in json.loads(run("fault", "remove", added["id"], "--json"))] == [added["id"]]
    assert json.loads(run("fault", "clear", "--json")) == {"removed": 0}
    assert json.loads(run("clock", "--json")).keys() == {"time", "ahead"}
    assert json.loads(run("clock", "advance", "1s", "--json"))["ahead"] >= 1
