import pytest
from django.core.management import call_command
from outbox import queue
from outbox.models import Mail

pytestmark = pytest.mark.django_db


def put(to="ann@example.com"):
    return Mail.objects.create(to=to, subject="Welcome", text="Hi!")


def state(mail):
    mail.refresh_from_db()
    return mail.state, mail.attempts, mail.error


def test_what_is_due_is_sent(inbox):
    mail = put()
    call_command("send_due")

    assert inbox.one().to == ["ann@example.com"]
    assert state(mail) == ("sent", 0, "")


def test_a_temporary_failure_is_tried_again_later(inbox):
    inbox.faults.data().reject(451, "4.3.0", "try later").times(2)
    mail = put()

    queue.send_due(inbox.clock.now)
    assert state(mail) == ("waiting", 1, "451 4.3.0 try later")
    queue.send_due(inbox.clock.now)  # not due yet
    assert state(mail)[1] == 1

    for minutes in (1, 5):
        inbox.clock.advance(minutes=minutes)
        queue.send_due(inbox.clock.now)
    assert state(mail) == ("sent", 2, "")
    assert len(inbox) == 1


def test_a_permanent_failure_is_given_up_and_delays_nobody_else(inbox):
    inbox.faults.rcpt("bob@example.com").reject(550, "5.1.1", "no such user").times(1)
    bob, ann = put("bob@example.com"), put("ann@example.com")

    for _ in range(2):
        queue.send_due(inbox.clock.now)
        inbox.clock.advance(minutes=1)

    assert state(bob) == ("given up", 0, "550 5.1.1 no such user")
    assert state(ann)[0] == "sent"


def test_who_is_greylisted_waits(inbox):
    inbox.faults.rcpt().greylist(minutes=5)
    mail = put()

    for minutes in (1, 5, 30):
        queue.send_due(inbox.clock.now)
        inbox.clock.advance(minutes=minutes)

    assert state(mail)[:2] == ("sent", 2)
    assert len(inbox) == 1


def test_a_connection_that_breaks_in_the_data_is_no_end(inbox):
    inbox.faults.data().drop(after_bytes=50).times(1)
    mail = put()

    queue.send_due(inbox.clock.now)
    assert state(mail)[0] == "waiting"
    inbox.clock.advance(minutes=1)
    queue.send_due(inbox.clock.now)

    assert state(mail)[0] == "sent"


def test_after_a_day_there_is_no_hope(inbox):
    inbox.faults.connect().reject(421)
    mail = put()

    for _ in range(10):
        queue.send_due(inbox.clock.now)
        inbox.clock.advance(days=1)

    assert state(mail)[:2] == ("given up", 5)
    assert len(inbox) == 0
