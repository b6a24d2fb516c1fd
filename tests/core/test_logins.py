"""What a log-in name means: an account, and the project that it is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext

import pytest

from mailtrap.attempts import LONGEST, MOST, PAUSES, Attempts
from mailtrap.configured import Accounts, Configured, Policy, State
from mailtrap.current import Current
from mailtrap.errors import LoginRefused, Suspended, WrongPassword
from mailtrap.logins import Login, Logins
from mailtrap.sasl import Claim, said
from mailtrap.store.sqlite import SqliteStore

ANN = "ann@example.com"
RIGHT = "s3cret"


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    with closing(SqliteStore()) as opened:
        yield opened


@pytest.fixture
def current(store: SqliteStore) -> Current:
    return Current(store.project("default").id)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def logins(store: SqliteStore, current: Current, accounts: Accounts) -> Logins:
    return Logins(store, current, accounts)


@pytest.fixture
def team(store: SqliteStore) -> int:
    return store.project("team-a").id


def log_in(logins: Logins, name: str, password: str = "any", peer: str = "192.0.2.1:4711") -> Login:
    return logins.log_in(said(name.encode("utf-8", "surrogateescape"), password.encode()), peer)


def test_no_name_is_nobody(logins: Logins) -> None:
    with pytest.raises(LoginRefused):
        log_in(logins, "")


@pytest.mark.parametrize(
    ("name", "account"),
    [
        (ANN, ANN),
        ("Ann@XN--BCHER-KVA.example", "ann@bücher.example"),
        ("CatchAll", "catchall"),
        ("job-4711", "job-4711"),
        ("nobody/ann@example.com", "nobody/ann@example.com"),
        ("/ann@example.com", "/ann@example.com"),
        ("Team-A", "team-a"),  # a project's name is as it is
        ("a\udc80\0b", "a\udc80\0b"),
    ],
)
@pytest.mark.usefixtures("team")
def test_a_name_is_an_account_of_the_current_project(
    store: SqliteStore, current: Current, logins: Logins, name: str, account: str
) -> None:
    with current.set_to(store.new_project().id):
        assert log_in(logins, name) == Login(current.project, account)
    assert log_in(logins, name) == Login(store.project("default").id, account)


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("team-a", "catchall"),
        ("team-a/", "catchall"),
        ("team-a/catchall", "catchall"),
        ("team-a/Ann@example.com", ANN),
        ("team-a/a/b", "a/b"),
        ("team-a/team-a", "team-a"),
    ],
)
def test_a_project_is_named_before_a_slash_or_alone(logins: Logins, team: int, name: str, account: str) -> None:
    assert log_in(logins, name) == Login(team, account, named=True)


def test_a_log_in_makes_nothing(store: SqliteStore, logins: Logins) -> None:
    before = store.cursor(), store.projects()
    login = log_in(logins, "new@example.com")
    log_in(logins, "no-project/new@example.com")

    assert (store.cursor(), store.projects()) == before
    assert store.mailboxes(login.project, login.account) == []


@pytest.mark.parametrize("password", ["", "s3cre", "s3cret ", "S3CRET"])
def test_who_has_a_password_needs_it(logins: Logins, accounts: Accounts, password: str) -> None:
    accounts.put(logins.current.project, Configured(ANN, RIGHT))

    with pytest.raises(WrongPassword):
        log_in(logins, "Ann@Example.com", password)
    assert log_in(logins, "Ann@Example.com", RIGHT).account == ANN


@pytest.mark.parametrize("name", ["bob@example.com", "catchall", "ann+news@example.com"])
@pytest.mark.parametrize("policy", ["known", "required"])
def test_others_get_in_with_any_password_unless_all_must_be_configured(
    store: SqliteStore, current: Current, name: str, policy: Policy
) -> None:
    accounts = Accounts(policy=policy)
    logins = Logins(store, current, accounts)
    accounts.put(current.project, Configured(ANN, RIGHT))
    accounts.put(current.project, Configured("open@example.com"))

    if policy == "required":
        with pytest.raises(WrongPassword, match="configured"):
            log_in(logins, name)
    else:
        assert log_in(logins, name).account == name
    assert log_in(logins, "open@example.com").account == "open@example.com"
    assert log_in(logins, ANN, RIGHT).account == ANN


@pytest.mark.parametrize("name", ["bob@example.com", "open@example.com"])
def test_a_proof_of_a_password_is_none_where_there_is_no_password(
    logins: Logins, accounts: Accounts, name: str
) -> None:
    accounts.put(logins.current.project, Configured(ANN, RIGHT))
    accounts.put(logins.current.project, Configured("open@example.com"))
    claim = Claim(name, lambda _: False, needs_password=True)

    with pytest.raises(WrongPassword):
        logins.log_in(claim)
    assert log_in(logins, name).account == name


@pytest.mark.parametrize("password", ["any", RIGHT])
def test_a_suspended_account_is_told_so_by_the_right_password_alone(
    logins: Logins, accounts: Accounts, password: str
) -> None:
    accounts.put(logins.current.project, Configured(ANN, RIGHT, State.SUSPENDED))

    with pytest.raises(Suspended if password == RIGHT else WrongPassword):
        log_in(logins, ANN, password)


def test_a_full_account_can_be_read(logins: Logins, accounts: Accounts) -> None:
    accounts.put(logins.current.project, Configured(ANN, state=State.FULL))

    assert log_in(logins, ANN).account == ANN


@pytest.mark.parametrize(
    ("name", "password", "gets_in"),
    [
        ("team-a", "any", False),
        ("team-a", "of the project", True),
        ("team-a/bob@example.com", "any", False),
        ("team-a/bob@example.com", "of the project", True),
        ("team-a/ann@example.com", "any", False),
        ("team-a/ann@example.com", RIGHT, True),
        ("team-a/ann@example.com", "of the project", True),
        ("team-a/bob@example.com", RIGHT, False),
    ],
)
@pytest.mark.parametrize("policy", ["known", "required"])
def test_who_names_a_project_needs_its_password_or_the_accounts(
    store: SqliteStore, current: Current, team: int, name: str, password: str, gets_in: bool, policy: Policy
) -> None:
    accounts = Accounts(policy=policy)
    accounts.set_password(team, "of the project")
    accounts.put(team, Configured(ANN, RIGHT))

    logins = Logins(store, current, accounts)
    with nullcontext() if gets_in else pytest.raises(WrongPassword):
        assert log_in(logins, name, password).project == team


def test_wrong_passwords_keep_waiting_who_goes_on_and_nobody_else(logins: Logins, accounts: Accounts) -> None:
    accounts.put(logins.current.project, Configured(ANN, RIGHT))
    accounts.put(logins.current.project, Configured("bob@example.com", RIGHT))

    def pause(name: str = ANN, peer: str = "192.0.2.1:4711") -> float:
        with pytest.raises(WrongPassword) as caught:
            log_in(logins, name, "wrong", peer)
        return caught.value.pause

    assert [pause() for _ in range(6)] == [*PAUSES, PAUSES[-1]]
    assert pause(peer="192.0.2.1:4712") == PAUSES[-1]  # another port is the same host
    assert pause(peer="192.0.2.2:4711") == 0
    assert pause("bob@example.com") == 0
    log_in(logins, ANN, RIGHT)
    assert pause() == 0


def test_failures_are_remembered_within_bounds() -> None:
    attempts = Attempts()
    for number in range(MOST + 1):
        attempts.failed((1, str(number), ""))

    assert attempts.failed((1, "0", "")) == 0
    assert attempts.failed((1, str(MOST), "")) > 0


def test_long_names_are_told_apart_by_their_beginnings() -> None:
    attempts, beginning = Attempts(), "n" * LONGEST
    attempts.failed((1, beginning + "x" * 60_000, ""))

    assert attempts.failed((1, beginning + "y", "")) > 0
    attempts.succeeded((1, beginning + "z", ""))
    assert attempts.failed((1, beginning + "x" * 60_000, "")) == 0
