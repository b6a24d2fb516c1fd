"""Where a name and what a client has shown for it become an account of a project; for all protocols."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from mailtrap.accounts import CATCHALL, account_name
from mailtrap.configured import Accounts, State
from mailtrap.current import Current
from mailtrap.errors import LoginRefused, Suspended, WrongPassword
from mailtrap.pausing import Pausing
from mailtrap.peers import parts
from mailtrap.sasl import Claim
from mailtrap.store import Store


@dataclass(frozen=True, slots=True)
class Login:
    """Whose mail a session reads, or sends. The account need not be there: mail for it may still come."""

    project: int
    account: str
    named: bool = False
    """The project was named: a session stays in it, whichever is current."""


@dataclass(frozen=True, slots=True)
class Logins:
    """The way in. It may be used from any thread."""

    store: Store
    current: Current
    accounts: Accounts

    def whose(self, name: str) -> Login:
        """The account called *name*: of the current project, or of the one that is named before a ``/``.

        A project's name alone is its catch-all. Raises `LoginRefused` for no name at all.
        """
        if not name:
            raise LoginRefused("there is no account without a name")
        before, _, rest = name.partition("/")
        project = self.store.find_project(before)
        if project is None:
            return Login(self.current.project, account_name(name))
        return Login(project.id, account_name(rest) or CATCHALL, named=True)

    def passwords(self, user: str) -> tuple[str, ...]:
        """Each of these lets *user* in: the account's, and that of the project that was named."""
        return self._passwords(self.whose(user)) if self.accounts.any and user else ()

    def log_in(self, claim: Claim, peer: str = "", *, known: bool = False) -> Login:
        """Whose account it is; *peer* is who asks. Raises `WrongPassword`, `Suspended` or another `LoginRefused`.

        *known*: who is not configured does not get in, though elsewhere anybody may.
        """
        login = self.whose(claim.user)
        if not self.accounts.any:
            return login
        key = login.project, login.account, parts(peer)[0]
        try:
            self._check(login, claim, known=known)
        except WrongPassword as error:
            error.pause = self.accounts.attempts.failed(key)
            raise
        self.accounts.attempts.succeeded(key)
        return login

    def log_in_after_pause(self, claim: Claim, session: Pausing, peer: str) -> Generator[bytes, None, Login]:
        """The same for a *session* without sockets, which waits before it says that a password is wrong."""
        try:
            return self.log_in(claim, peer)
        except WrongPassword as error:
            session.pause = error.pause
            yield b""
            raise

    def _check(self, login: Login, claim: Claim, *, known: bool = False) -> None:
        configured = self.accounts.find(login.project, login.account)
        passwords = self._passwords(login)
        proven = [claim.proves(password) for password in passwords]  # all of them: it takes the same time
        if not any(proven) and (passwords or claim.needs_password):
            raise WrongPassword("the user name or the password is wrong")
        if configured is None and not passwords and (known or self.accounts.policy == "required"):
            raise WrongPassword("nobody of that name is configured, and only who is gets in")
        if configured is not None and configured.state is State.SUSPENDED:
            raise Suspended("this account is suspended")

    def _passwords(self, login: Login) -> tuple[str, ...]:
        configured = self.accounts.find(login.project, login.account)
        own = configured.password if configured else None
        project = self.accounts.password_of(login.project) if login.named else None
        return tuple(each for each in (own, project) if each is not None)
