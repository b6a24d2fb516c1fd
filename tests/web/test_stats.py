"""Figures about the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask.testing import FlaskClient

from mailtrap.current import Current
from mailtrap.store import Store
from mailtrap.store.retention import Limits

if TYPE_CHECKING:
    from tests.web.conftest import Put


def test_it_says_how_much_there_is_and_how_much_is_kept(
    client: FlaskClient, store: Store, current: Current, put: Put
) -> None:
    put()
    put()
    assert client.get("/v1/stats").get_json()["keep"] == {"messages": None, "octets": None, "age": None}
    store.limit(current.project, Limits(messages=10, age=60.0))
    found = client.get("/v1/stats").get_json()

    assert found["messages"] == 2
    assert found["keep"] == {"messages": 10, "octets": None, "age": 60.0}
    assert 0 < found["disk"]["free"] < found["disk"]["total"]
    assert (found["disk"]["warning"] is None) == (found["disk"]["used"] < 0.8)
