"""Everybody hears of every event, and one that fails harms nobody else."""

import logging

import pytest

from mailtrap.bus import Bus, Event


def test_a_failing_subscriber_keeps_nobody_else_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()
    heard: list[Event] = []

    def fail(event: Event) -> None:
        raise RuntimeError("no")

    bus.subscribe(fail)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(Event(project=1, modseq=7))

    assert heard == [Event(project=1, modseq=7)]
    assert "a subscriber failed" in caplog.text


def test_who_unsubscribed_hears_no_more() -> None:
    bus = Bus()
    heard: list[Event] = []
    end = bus.subscribe(heard.append)
    end()
    end()
    bus.publish(Event(project=1, modseq=1))

    assert heard == []
