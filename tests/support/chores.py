"""What the writer of a store does in quiet moments, brought about."""

from __future__ import annotations

from mailtrap.store.sqlite import SqliteStore


def reclaim(store: SqliteStore) -> None:
    """Let all go of which nobody is to know any more."""
    while store._reclaim.due:
        store._writer.submit(store._reclaim).result()
    store._writer.submit(lambda _: None).result()  # what the writer did by itself is committed, too
