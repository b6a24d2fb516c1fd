"""A mail that is yet to come: what ``with inbox.expect(…) as mail`` gives."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from mailtrap.message.captured import Message
from pytest_mailtrap.asking import Question

if TYPE_CHECKING:
    from pytest_mailtrap.arrived import Arrived
    from pytest_mailtrap.criteria import Wanted


class Coming(Message):
    """A message that becomes itself when it has come."""

    def __init__(self, method: str) -> None:
        self._method = method

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no {name} yet: the mail of {self._method}() is there when its block has ended")

    def __repr__(self) -> str:
        return "<Message yet to come>"

    def become(self, message: Message) -> None:
        """Be *message* from now on."""
        self.__dict__ = vars(message)
        self.__class__ = Message  # type: ignore[assignment]  # it has nothing else, and knows no more than that


class Expecting:
    """Takes what comes inside its block: ``with``, or ``async with`` in a coroutine."""

    def __init__(self, mail: Arrived, method: str, wanted: Wanted, timeout: float | None) -> None:
        self._mail = mail
        self._method = method
        self._wanted = wanted
        self._timeout = timeout

    def __enter__(self) -> Message:
        since = self._mail.inbox.server.store.cursor()
        self._question = Question(self._mail, self._method, self._wanted, since)
        self._coming = Coming(self._method)
        return self._coming

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if kind is None:
            self._coming.become(self._question.several(1, self._timeout)[-1])

    async def __aenter__(self) -> Message:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if kind is None:
            self._coming.become((await self._question.async_several(1, self._timeout))[-1])
