"""Which project a request is about: the one whose name and password it has as Basic credentials, or the current one."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from hmac import compare_digest

from mailtrap_web.api.problems import Problem
from mailtrap_web.world import World

CHALLENGE = {"WWW-Authenticate": 'Basic realm="project", charset="UTF-8"'}
"""RFC 7617 §2 and §2.1."""


@dataclass(frozen=True, slots=True)
class Access:
    """A project, and whether the request named it; who did may not look beyond it."""

    project: int
    named: bool = False


class Refused(Problem):
    """The credentials are not right; *name* is whose they are."""

    def __init__(self, detail: str, name: str = "") -> None:
        super().__init__(401, "unauthorized", detail, headers=CHALLENGE)
        self.name = name


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Basic credentials say."""

    name: str
    password: str = field(repr=False)

    @classmethod
    def read(cls, authorization: str) -> Credentials:
        """Those of an `Authorization` field, as latin-1 has its octets; raises `Problem`."""
        scheme, _, encoded = authorization.strip().partition(" ")
        if scheme.lower() != "basic":
            raise Refused("Authorization must be Basic, with the name and the password of a project")
        try:
            name, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8
            name, colon, password = "", "", ""
        if not colon:
            raise Refused("the credentials cannot be read: they are base64 of name:password in UTF-8")
        return cls(name, password)


def access(world: World, path: str, authorization: str | None) -> Access:
    """What a request for *path* is about; raises `Problem`. Whoever may ask at all needs no credentials."""
    if not authorization or not path.startswith("/v1/"):
        return Access(world.current.project)
    given = Credentials.read(authorization)
    project = world.store.find_project(given.name)
    password = None if project is None else world.accounts.password_of(project.id)
    is_right = password is None or compare_digest(password.encode(), given.password.encode())
    if project is None or not is_right:
        raise Refused("the name or the password of the project is wrong", given.name)
    return Access(project.id, named=True)
