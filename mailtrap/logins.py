"""Who a log-in name means: an account of a project. Nothing is configured yet, so any password passes."""

from __future__ import annotations

from dataclasses import dataclass

from mailtrap.accounts import CATCHALL, account_name
from mailtrap.current import Current
from mailtrap.errors import NotFound
from mailtrap.store import Store


@dataclass(frozen=True, slots=True)
class Login:
    """Whose mail a session reads. The account need not be there: mail for it may still come."""

    project: int
    account: str


def log_in(store: Store, current: Current, name: str) -> Login:
    """The account called *name*: of the current project, or of the one that is named before a ``/``.

    A project's name alone is its catch-all. Raises `NotFound` for no name at all.
    """
    if not name:
        raise NotFound("there is no account without a name")
    before, _, rest = name.partition("/")
    project = store.find_project(before)
    if project is None:
        return Login(current.project, account_name(name))
    return Login(project.id, account_name(rest) or CATCHALL)
