import pytest
from shop import Outbox, create_app


@pytest.fixture
def outbox(inbox):
    return Outbox(**inbox.smtp(), delays=(0, 0, 0))


@pytest.fixture
def order(outbox):
    client = create_app(outbox).test_client()
    return lambda email: client.post("/orders", data={"email": email, "item": "a teapot"})


def test_an_order_is_confirmed(inbox, order):
    assert order("ann@example.com").status_code == 202

    mail = inbox.wait(to="ann@example.com")
    assert mail.subject == "Your order"
    assert "a teapot" in mail.text


def test_the_customer_does_not_wait_for_the_mail_server(inbox, order):
    inbox.faults.connect().delay(1)

    assert order("ann@example.com").status_code == 202
    inbox.never(within=0)
    inbox.wait(to="ann@example.com")  # or else it would come in another test


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data", "dot"])
def test_what_fails_for_now_is_tried_again(inbox, order, outbox, stage):
    getattr(inbox.faults, stage)().reject(421 if stage == "connect" else 451).times(2)

    order("ann@example.com")

    inbox.wait(to="ann@example.com")
    assert outbox.given_up.empty()


def test_a_connection_that_breaks_is_no_end(inbox, order):
    inbox.faults.data().drop(after_bytes=20).times(1)

    order("ann@example.com")

    inbox.wait(to="ann@example.com")


def test_a_reply_that_is_lost_means_a_second_mail(inbox, order):
    inbox.faults.stored().drop().times(1)

    order("ann@example.com")

    first, second = inbox.wait_all(count=2, to="ann@example.com")
    assert first.raw == second.raw  # a Message-ID of the shop's own would let readers notice


def test_what_fails_for_good_is_not_tried_again(inbox, order, outbox):
    inbox.faults.rcpt("bob@example.com").reject(550, "5.1.1", "no such user").times(1)

    order("bob@example.com")
    order("ann@example.com")

    message, error = outbox.given_up.get(timeout=5)
    assert message["To"] == "bob@example.com"
    assert error.recipients["bob@example.com"] == (550, b"5.1.1 no such user")
    inbox.wait(to="ann@example.com")


def test_there_is_an_end_to_trying(inbox, order, outbox):
    inbox.faults.rcpt("bob@example.com").reject(451).times(4)

    order("bob@example.com")

    outbox.given_up.get(timeout=5)
    assert len(inbox.rejected) == 4
    inbox.never(within=0)
