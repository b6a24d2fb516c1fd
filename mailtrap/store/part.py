"""What the parts that a store is made of have in common: a moment to read, and the writer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from sqlite3 import Connection
from typing import TypeVar

from mailtrap.store.batch import Batch

T = TypeVar("T")


class Part(ABC):
    """A part of what `mailtrap.store.Store` says."""

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Connection]:
        """A connection that sees one moment of the store."""

    @abstractmethod
    def _submit(self, do: Callable[[Batch], T], size: int = 0) -> Future[T]:
        """Have it done by the writer."""

    def _write(self, do: Callable[[Batch], T], size: int = 0) -> T:
        """The same, when it is committed."""
        return self._submit(do, size).result()
