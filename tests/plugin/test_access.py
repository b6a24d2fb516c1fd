"""How the SMTP server is to one test: what a mark asks for, and nobody else gets."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme  # before pytest runs in pytest, which forgets modules, and this one cannot be imported twice

from mailtrap.errors import BadSettings
from pytest_mailtrap import Server

Run = Callable[..., pytest.RunResult]
Send = Callable[..., None]

MAIL = "Subject: hi\r\n\r\nhello\r\n"


def settings(inbox: Any) -> dict[str, Any]:
    return dict(inbox.smtp())


def test_what_cannot_be_is_refused_and_leaves_nothing(server: Server, send: Send) -> None:
    with pytest.raises(BadSettings, match="there is no profile 'minimul'"), server.inbox(profile="minimul"):
        pass

    with server.inbox() as inbox:
        send()
        assert len(inbox) == 1


def test_only_who_knows_the_password_may_send(server: Server) -> None:
    with server.inbox(auth={"app": "s3cret", "other": "hidden"}) as inbox:
        where = settings(inbox)
        with smtplib.SMTP(where["host"], where["port"]) as client:
            with pytest.raises(smtplib.SMTPSenderRefused, match=r"5\.7\.0"):
                client.sendmail("app@shop.test", "ann@x.test", MAIL)
            for name, password in (("app", "wrong"), ("nobody", "s3cret")):
                with pytest.raises(smtplib.SMTPAuthenticationError, match=r"5\.7\.8"):
                    client.login(name, password)
            client.login(where["username"], where["password"])
            client.sendmail("app@shop.test", "ann@x.test", MAIL)

        for account in ("app", "ann@x.test"):
            with inbox.imap(account) as imap:
                assert imap.select()[1] == [b"1"]
        assert (where["username"], where["password"]) == ("app", "s3cret")
        assert inbox.one().envelope is not None
        assert inbox.one().envelope.user == "app"  # type: ignore[union-attr]  # it is there


def test_a_client_may_begin_tls_and_must_before_it_logs_in(server: Server) -> None:
    with server.inbox(auth={"app": "s3cret"}, tls="starttls") as inbox:
        where = settings(inbox)
        with smtplib.SMTP(where["host"], where["port"]) as client:
            client.ehlo()
            assert (client.has_extn("starttls"), client.has_extn("auth")) == (True, False)
            client.starttls(context=where["context"])
            client.login(where["username"], where["password"])
            client.sendmail("app@shop.test", "ann@x.test", MAIL)

        mail = inbox.one()
        assert mail.envelope is not None
        assert (mail.envelope.tls, mail.envelope.user) == ("TLSv1.3", "app")


def test_tls_from_the_first_octet_has_a_port_of_its_own(server: Server) -> None:
    with server.inbox(tls="smtps") as inbox:
        where = settings(inbox)
        context = ssl.create_default_context(cafile=where["ca_file"])
        with smtplib.SMTP_SSL(where["host"], where["port"], context=context) as client:
            client.sendmail("app@shop.test", "ann@x.test", MAIL)

        assert where["port"] != server.smtp_port
        assert inbox.one().envelope is not None
        assert inbox.one().envelope.tls == "TLSv1.3"  # type: ignore[union-attr]  # it is there


def test_a_server_offers_little_and_takes_little(server: Server, send: Send) -> None:
    with server.inbox(profile="minimal", size_limit="1KiB") as inbox:
        with smtplib.SMTP(**inbox.smtp()) as client:
            client.ehlo()
            assert client.esmtp_features == {"size": "1024"}
        with pytest.raises(smtplib.SMTPResponseException):
            send(message=b"x" * 1025)
        send()

        assert [each.reply[:3] for each in inbox.rejected] == ["552"]
        assert len(inbox) == 1


def test_others_are_served_as_ever(server: Server, send: Send) -> None:
    with server.inbox(auth={"app": "s3cret"}, tls=True, profile="minimal", size_limit=100):
        pass
    with server.inbox() as inbox:
        assert inbox.smtp() == {"host": "127.0.0.1", "port": server.smtp_port}
        with smtplib.SMTP(**inbox.smtp()) as client:
            client.ehlo()
            assert (client.has_extn("pipelining"), client.has_extn("starttls")) == (True, False)
            client.login("app", "any password")
        send()
        assert len(inbox) == 1


def test_an_inbox_inside_a_wider_one_adds_to_what_that_asks_for(server: Server) -> None:
    with server.inbox(size_limit=1000) as outer:
        with server.inbox(profile="minimal") as inner, smtplib.SMTP(**inner.smtp()) as client:
            client.ehlo()
            assert client.esmtp_features == {"size": "1000"}
        with smtplib.SMTP(**outer.smtp()) as client:
            client.ehlo()
            assert client.esmtp_features["size"] == "1000"
            assert client.has_extn("pipelining")


def test_the_mark_of_a_test_comes_before_that_of_its_class(run: Run) -> None:
    result = run(
        """
        @pytest.mark.mailtrap(auth={"app": "s3cret"}, size_limit=1000)
        class TestShop:
            @pytest.mark.mailtrap(size_limit=2000)
            def test_it(self, inbox):
                where = inbox.smtp()
                with smtplib.SMTP(where["host"], where["port"]) as smtp:
                    smtp.login(where["username"], where["password"])
                    assert smtp.esmtp_features["size"] == "2000"

        def test_other(inbox):
            send(inbox)
            assert inbox.one().subject == "Welcome"
        """
    )

    result.assert_outcomes(passed=2)


def test_certificates_can_be_overridden(run: Run, tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.private_key_pem.write_to_path(tmp_path / "ca.key")

    result = run(
        f"""
        from pathlib import Path

        @pytest.fixture(scope="session")
        def mailtrap_tls():
            return {{"ca_file": {str(tmp_path / "ca.pem")!r}, "ca_key": {str(tmp_path / "ca.key")!r}}}

        @pytest.mark.mailtrap(tls="smtps")
        def test_it(inbox):
            where = inbox.smtp()
            with smtplib.SMTP_SSL(where["host"], where["port"], context=where["context"]) as smtp:
                smtp.sendmail("a@x.test", "b@x.test", "Subject: hi")
            assert inbox.one().envelope.tls
            assert Path(where["ca_file"]).read_bytes() == Path({str(tmp_path / "ca.pem")!r}).read_bytes()
        """
    )

    result.assert_outcomes(passed=1)


def test_what_is_no_certificate_is_no_override(run: Run) -> None:
    result = run(
        """
        @pytest.fixture(scope="session")
        def mailtrap_tls():
            return {"ca": "ca.pem"}

        def test_it(inbox): pass
        """
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["mailtrap_tls gives ca_file, ca_key, cert_file, key_file, tls_names, not ca"])
