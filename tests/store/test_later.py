"""What is put off: remembered over a restart, in its order, until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.store.conftest import Open


def test_what_is_put_off_is_remembered_until_it_is_done(reopen: Open) -> None:
    store = reopen()
    first, second = store.remember("first").result(), store.remember("zweites ✓").result()
    store = reopen()
    third = store.remember("third").result()

    assert store.remembered() == {first: "first", second: "zweites ✓", third: "third"}
    store.forget(second).result()
    store.forget(second).result()
    assert list(reopen().remembered()) == [first, third]
