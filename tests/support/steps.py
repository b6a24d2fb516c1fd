"""What a job costs the database, in steps of its machine: they are the same on every computer."""

from __future__ import annotations

from collections.abc import Callable

from mailtrap.store.batch import Batch
from mailtrap.store.sqlite import SqliteStore


def steps(store: SqliteStore, do: Callable[[Batch], object]) -> int:
    """How often SQLite's machine made ten steps for a job."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    def counted(batch: Batch) -> None:
        batch.db.set_progress_handler(step, 10)
        try:
            do(batch)
        finally:
            batch.db.set_progress_handler(None, 0)

    store._writer.submit(counted).result()
    return count
