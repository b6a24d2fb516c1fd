"""From the settings to what is configured in a store."""

from __future__ import annotations

from mailtrap.configured import Accounts, Policy
from mailtrap.settings import Settings
from mailtrap.store import DEFAULT_PROJECT, Store
from mailtrap.store.retention import Limits


def configured(store: Store, settings: Settings) -> Accounts:
    """What is configured: by the settings, whose projects are made here, and what *store* keeps of earlier."""
    policy: Policy = "required" if settings.auth == "required" else "known"
    accounts = Accounts(
        store, policy=policy, known_recipients=settings.known_recipients, own_sender=settings.own_sender
    )
    for each in settings.project:
        project = store.project(each.name).id
        if each.password is not None:
            accounts.give_password(project, each.password)
        if each.has_limits:
            store.limit(project, Limits(each.keep_messages, each.keep_bytes, each.keep_age))
    for given in settings.account:
        accounts.give(store.project(given.project or DEFAULT_PROJECT).id, given.configured)
    return accounts
