"""Which accounts are configured, and for whom no mail is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from messages import new_message

from mailtrap.configured import Accounts, Configured, Refusal, State
from mailtrap.store.sqlite import SqliteStore

ANN = "ann@example.com"


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    with closing(SqliteStore()) as opened:
        yield opened


@pytest.fixture
def project(store: SqliteStore) -> int:
    return store.new_project().id


def test_nothing_is_configured_at_first() -> None:
    accounts = Accounts()

    assert not accounts.any
    assert accounts.find(1, ANN) is None
    assert accounts.refusal(1, ANN) is None
    assert not accounts.remove(1, ANN)


@pytest.mark.parametrize("name", [ANN, "Ann@EXAMPLE.com"])
def test_an_account_is_found_in_any_letter_case_in_its_project_alone(name: str) -> None:
    accounts = Accounts()
    accounts.put(1, Configured(name, "s3cret"))

    assert accounts.find(1, "ANN@example.com") == Configured(ANN, "s3cret")
    assert accounts.find(2, ANN) is None
    assert accounts.find(1, "ann+news@example.com") is None


def test_passwords_are_in_no_representation() -> None:
    assert "s3cret" not in repr(Configured(ANN, "s3cret"))


def test_what_the_settings_have_comes_first_and_is_not_kept(store: SqliteStore, project: int) -> None:
    accounts = Accounts(store)
    accounts.put(project, Configured(ANN, "kept"))
    accounts.give(project, Configured("ANN@example.com", "given"))
    accounts.give_password(project, "given")
    accounts.set_password(project, "kept")

    assert accounts.find(project, ANN) == Configured(ANN, "given")
    assert accounts.is_given(project, ANN)
    assert accounts.password_of(project) == "given"
    assert accounts.every(project) == [Configured(ANN, "given")]
    again = Accounts(store)
    assert again.every(project) == [Configured(ANN, "kept")]
    assert again.password_of(project) == "kept"


def test_what_is_removed_is_configured_no_more(store: SqliteStore, project: int) -> None:
    accounts = Accounts(store)
    accounts.put(project, Configured(ANN))

    assert accounts.remove(project, "Ann@Example.com")
    assert not accounts.remove(project, ANN)
    assert not accounts.every(project)
    assert not Accounts(store).every(project)


@pytest.mark.parametrize("password", ["new", None])
def test_what_was_kept_under_a_name_with_needless_quotes_holds_for_the_one_without(
    store: SqliteStore, project: int, password: str | None
) -> None:
    store.configure(project, Configured('"ann"@example.com', "old"))
    if password is not None:
        store.configure(project, Configured(ANN, password))

    for _ in range(2):
        assert Accounts(store).every(project) == [Configured(ANN, password or "old")]
    assert Accounts(store).remove(project, '"ann"@example.com')
    assert not Accounts(store).every(project)


def test_a_project_that_is_gone_has_nothing_configured() -> None:
    accounts = Accounts()
    accounts.put(1, Configured(ANN))
    accounts.set_password(1, "s3cret")

    accounts.forget(1)

    assert not accounts.any


@pytest.mark.parametrize(("policy", "known"), [("required", False), ("known", True)])
def test_a_rule_for_all_is_something_to_look_at(policy: str, known: bool) -> None:
    assert Accounts(policy=policy, known_recipients=known).any  # type: ignore[arg-type]  # of two


@pytest.mark.parametrize(
    ("rcpt_to", "refusal"),
    [
        (ANN, None),
        ("ANN@example.com", None),
        ("ann+news@example.com", None),
        ("full@example.com", Refusal.FULL),
        ("full+news@example.com", Refusal.FULL),
        ("Suspended@example.com", Refusal.SUSPENDED),
        ("suspended+x@example.com", Refusal.SUSPENDED),
        ("bob@example.com", None),
    ],
)
@pytest.mark.parametrize("known_recipients", [False, True])
def test_mail_is_taken_by_the_state_of_who_it_is_for(
    rcpt_to: str, refusal: Refusal | None, known_recipients: bool
) -> None:
    accounts = Accounts(known_recipients=known_recipients)
    for state, name in zip(State, ("ann", "suspended", "full"), strict=True):
        accounts.put(1, Configured(f"{name}@example.com", state=state))

    is_unknown = known_recipients and rcpt_to.startswith("bob")
    assert accounts.refusal(1, rcpt_to) == (Refusal.UNKNOWN if is_unknown else refusal)


@pytest.mark.parametrize("name", ["postmaster", "Postmaster@example.com"])
def test_everybody_knows_the_postmaster(name: str) -> None:
    assert Accounts(known_recipients=True).refusal(1, name) is None
    assert Accounts(known_recipients=True).refusal(1, f"x{name}") is Refusal.UNKNOWN


def test_a_quota_counts_what_is_in_all_mailboxes_and_what_is_announced(store: SqliteStore, project: int) -> None:
    accounts = Accounts(store)
    accounts.put(project, Configured(ANN, quota=1000))
    assert accounts.refusal(project, ANN, 1001) is Refusal.FULL
    assert accounts.refusal(project, ANN, 1000) is None

    store.add(new_message(project, b"x" * 400, rcpt_to=(ANN,))).result()
    store.append(store.open_mailbox(project, ANN, "Sent").id, new_message(project, b"x" * 500))
    assert accounts.used(project, ANN) == 900
    assert accounts.refusal(project, ANN, 101) is Refusal.FULL
    assert accounts.refusal(project, ANN) is None
    store.add(new_message(project, b"x" * 100, rcpt_to=(ANN,))).result()
    assert accounts.refusal(project, ANN) is Refusal.FULL
