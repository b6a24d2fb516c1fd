"""Settings: one row each, read from flag, variable or TOML in that order; mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailtrap.configured import Configured, State
from mailtrap.errors import BadSettings
from mailtrap.faults import Rule
from mailtrap.given import GivenAccount, GivenProject
from mailtrap.settings import OPTIONS, Settings, load, read, unknown_variables


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"smtp": "70000"}, "smtp is '70000', but must be a port from 1 to 65535"),
        ({"smtp": "-1"}, "but must be a port"),
        ({"smtp": True}, "but must be a port"),
        ({"size_limit": "50 elephants"}, "but must be a size such as 50MiB"),
        ({"size_limit": "0"}, "but must be a size"),
        ({"line_limit": "511"}, "line_limit is '511', but must be a size such as 12KiB, and 512 at least"),
        ({"line_limit": "long"}, "but must be a size such as 12KiB"),
        ({"smtp_timeout": "soon"}, "but must be a time above 0"),
        ({"recipients_limit": "0"}, "but must be a whole number above 0"),
        ({"host": "mail.example"}, "names are never looked up"),
        ({"host": ""}, "but must be one or more IP addresses"),
        ({"host": 5}, "but must be text"),
        ({"hostname": "two words"}, "but must be a host name"),
        ({"hostname": "evil\r\n250 ok"}, "but must be a host name"),
        ({"url": "ci.example"}, "but must be an address such as"),
        ({"url": "http://[bad"}, "but must be an address such as"),
        ({"data": ""}, "but must be a directory"),
        ({"ca_file": ""}, "but must be a file"),
        ({"starttls": "perhaps"}, "but must be on or off"),
        ({"tls_names": "*.example"}, "but must be host names such as mail.example, or IP addresses"),
        ({"smpt": 1025}, "there is no setting 'smpt'; did you mean smtp?"),
        ({"zzzzzz": 1}, "there is no setting 'zzzzzz'"),
        ({"account": 5}, "account is 5, but must be tables, or lines such as"),
        ({"account": [5]}, "account: 5 is neither a table nor a line"),
        ({"account": ":s3cret"}, "account: name must be a name such as ann@example.com"),
        ({"account": "password=s3cret"}, "account: an account needs a name"),
        (
            {"account": "name=ann@x.test passwort=s3cret"},
            "account: an account has no 'passwort'; did you mean password?",
        ),
        ({"account": "name=ann@x.test password=s3 cret"}, "account: it is written name=ann@example.com password="),
        ({"account": {"name": "ann@x.test", "password": ""}}, "account: password must be text"),
        ({"account": {"name": "ann@x.test", "password": "a\ud800"}}, "account: password must be text"),
        (
            {"account": [{"name": "ann@x.test"}, {"name": "b", "state": "dead"}]},
            "account: number 2: state must be active,",
        ),
        ({"account": {"name": "ann@x.test", "quota": "much"}}, "account: quota must be a size such as"),
        ({"account": {"name": "ann@x.test", "project": "a/b"}}, "account: project must be a name such as team-a"),
        ({"project": "team@a:s3cret"}, "project: name must be a name such as team-a"),
        ({"project": "catchall"}, "project: name must be a name such as team-a"),
        ({"project": {"name": "a", "keep_age": "soon"}}, "project: keep_age must be a time above 0"),
        ({"auth": "perhaps"}, "auth is 'perhaps', but must be known or required"),
        ({"fault": 5}, "fault is 5, but must be tables, or lines such as"),
        ({"fault": [5]}, "fault: 5 is neither a table nor a line"),
        ({"fault": "do=reject"}, "fault: at: a fault needs it"),
        ({"fault": "at=smtp.rcpt do='reject"}, "No closing quotation"),
        ({"fault": "at=smtp.rcpt do"}, "'do' is not written name=value"),
        ({"fault": "at=smtp.rcpt do=drop do=hang"}, "do is given twice"),
        ({"fault": "at=smtp.rcpt do=drop tims=2"}, "fault: tims: a fault has no such word; did you mean times?"),
        ({"fault": [{"at": "imap.FETCH", "do": "no"}, {"at": "smtp.x", "do": "no"}]}, "fault: number 2: at: 'smtp.x'"),
    ],
)
def test_a_wrong_value_or_name_is_told_with_what_is_wanted(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read(given)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"smtp": "off"}, None),
        ({"smtp": False}, None),
        ({"smtp": None}, None),
        ({"smtp": 0}, 0),
        ({"smtp": "2525"}, 2525),
        ({"size_limit": "1.5 MB"}, 1_500_000),
        ({"size_limit": "10mib"}, 10 << 20),
        ({"size_limit": 1024}, 1024),
        ({"smtp_timeout": "250ms"}, 0.25),
        ({"smtp_timeout": 1.5}, 1.5),
        ({"host": "localhost"}, ("127.0.0.1", "::1")),
        ({"host": ["0.0.0.0", "[::]"]}, ("0.0.0.0", "::")),
        ({"host": "127.0.0.1,127.0.0.1"}, ("127.0.0.1",)),
        ({"allowed_host": "a.example b.example"}, ("a.example", "b.example")),
        ({"url": "https://ci.example/mail/"}, "https://ci.example/mail"),
        ({"data": "var/mail"}, Path("var/mail")),
        ({"ca_file": "ca.pem"}, Path("ca.pem")),
        ({"starttls": "on"}, True),
        ({"starttls": False}, False),
        ({"tls_names": "Mail.example ::1"}, ("mail.example", "::1")),
        ({"address_faults": "off"}, False),
        ({"fault": ""}, ()),
        ({"auth": "Required"}, "required"),
        ({"account": ""}, ()),
        ({"account": "ann@x.test:s3:cret"}, (GivenAccount(Configured("ann@x.test", "s3:cret")),)),
        (
            {"account": "ann@x.test:p\u00e4ss\u00a0\u65e5"},
            (GivenAccount(Configured("ann@x.test", "p\u00e4ss\u00a0\u65e5")),),
        ),
        ({"account": "ann@x.test"}, (GivenAccount(Configured("ann@x.test")),)),
        (
            {"account": "ann@x.test:a=b;;name=bob password='two words' state=Full quota=1KiB project=team-a"},
            (
                GivenAccount(Configured("ann@x.test", "a=b")),
                GivenAccount(Configured("bob", "two words", State.FULL, 1024), "team-a"),
            ),
        ),
        ({"account": GivenAccount(Configured("bob"))}, (GivenAccount(Configured("bob")),)),
        ({"account": ({"name": "bob", "quota": 5},)}, (GivenAccount(Configured("bob", quota=5)),)),
        ({"project": "team-a"}, (GivenProject("team-a"),)),
        ({"project": ["team-a:s3cret"]}, (GivenProject("team-a", "s3cret"),)),
        (
            {"project": {"name": "b", "keep_messages": 9, "keep_bytes": "1kB", "keep_age": "1h"}},
            (GivenProject("b", None, 9, 1000, 3600.0),),
        ),
        ({"fault": {"at": "imap.FETCH", "do": "no"}}, (Rule("imap.FETCH", "no"),)),
        ({"fault": Rule("imap.FETCH", "no")}, (Rule("imap.FETCH", "no"),)),
        ({"fault": ("at=smtp.rcpt do='delay 3s' times=2",)}, (Rule("smtp.rcpt", "delay 3s", times=2),)),
        (
            {"fault": "at=smtp.rcpt do=drop;;at=imap.* do=bye\nat=pop3.RETR do=hang\n"},
            (Rule("smtp.rcpt", "drop"), Rule("imap.*", "bye"), Rule("pop3.RETR", "hang")),
        ),
    ],
)
def test_values_are_read_as_people_write_them(given: dict[str, object], value: object) -> None:
    assert list(read(given).values()) == [value]


@pytest.mark.parametrize(
    "given",
    [
        {"account": "name=ann@x.test password=hunter2 state=dead"},
        {"account": "name=ann@x.test password='hunter2"},
        {"account": "name=ann@x.test password=very hunter2"},
        {"account": [{"name": "ann@x.test", "password": "hunter2\n"}]},
        {"project": "a/b:hunter2"},
        {"project": "name=team-a password=very hunter2"},
    ],
)
def test_no_password_is_in_a_complaint(given: dict[str, object]) -> None:
    with pytest.raises(BadSettings) as caught:
        read(given)

    assert "hunter2" not in str(caught.value)


def test_no_password_is_in_a_representation() -> None:
    settings = Settings(**read({"account": "ann@x.test:s3cret", "project": "team-a:s3cret"}))

    assert "team-a" in repr(settings)
    assert "s3cret" not in repr(settings)


def test_every_default_is_what_its_written_form_says() -> None:
    settings = Settings()
    written = {name: option.default for name, option in OPTIONS.items() if option.default}

    assert read(written) == {name: getattr(settings, name) for name in written}
    assert all(getattr(settings, name) in (None, ()) for name in OPTIONS.keys() - written.keys())


def test_a_flag_comes_before_a_variable_before_toml_before_the_default(tmp_path: Path) -> None:
    tmp_path.joinpath("mailtrap.toml").write_text('smtp = 1\nhttp = 2\nhostname = "toml.example"\n')
    environ = {"MAILSANDBOX_SMTP": "3", "MAILSANDBOX_HTTP": "4", "MAILSANDBOX_DATA": ""}

    settings = load({"smtp": "5"}, environ, tmp_path)

    assert (settings.smtp, settings.http, settings.hostname) == (5, 4, "toml.example")
    assert settings.data is None
    assert settings.recipients_limit == Settings().recipients_limit


def test_a_list_of_tables_is_one_in_toml_and_a_flag_replaces_it(tmp_path: Path) -> None:
    tmp_path.joinpath("mailtrap.toml").write_text(
        '[[fault]]\nat = "smtp.rcpt"\nrcpt = "*@slow.test"\ndo = "reject 451 4.7.1 try later"\ntimes = 2\n'
        '[[fault]]\nat = "imap.FETCH"\ndo = "no SERVERBUG"\n'
    )

    from_file = load({}, {}, tmp_path)
    from_flag = load({"fault": ("at=smtp.data do='drop after 512'",)}, {}, tmp_path)

    assert from_file.fault == (
        Rule("smtp.rcpt", "reject 451 4.7.1 try later", rcpt="*@slow.test", times=2),
        Rule("imap.FETCH", "no SERVERBUG"),
    )
    assert from_flag.fault == (Rule("smtp.data", "drop after 512"),)


def test_pyproject_has_a_table_for_it_and_mailtrap_toml_comes_first(tmp_path: Path) -> None:
    pyproject, own = tmp_path / "pyproject.toml", tmp_path / "mailtrap.toml"
    pyproject.write_text('[tool.mailtrap]\nsmtp = 11\nhost = ["127.0.0.1"]\n')

    from_pyproject = load({}, {}, tmp_path)
    own.write_text("http = 12\n")
    from_own = load({}, {}, tmp_path)

    assert (from_pyproject.smtp, from_pyproject.host) == (11, ("127.0.0.1",))
    assert (from_own.smtp, from_own.http) == (1025, 12)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("mailtrap.toml", "smtp = ", "mailtrap.toml: "),
        ("mailtrap.toml", "smpt = 1", "mailtrap.toml: there is no setting 'smpt'; did you mean smtp?"),
        ("mailtrap.toml", 'smtp = "many"', "mailtrap.toml: smtp is 'many'"),
        ("pyproject.toml", "[tool.mailtrap]\nsmpt = 1", "pyproject.toml: there is no setting 'smpt'"),
        ("pyproject.toml", "[tool.mailtrap\n", "pyproject.toml: "),
    ],
)
def test_a_mistake_in_toml_is_told_with_the_file(tmp_path: Path, file: str, text: str, said: str) -> None:
    tmp_path.joinpath(file).write_text(text)

    with pytest.raises(BadSettings, match=said.replace("?", r"\?")):
        load({}, {}, tmp_path)


@pytest.mark.parametrize("text", ["[project]\nname = 'x'\n", "broken, but no business of ours", "[tool]\nmailtrap = 1"])
def test_a_pyproject_that_does_not_speak_of_us_is_left_alone(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("pyproject.toml").write_text(text)

    assert load({}, {}, tmp_path) == Settings()


def test_a_mistake_is_called_by_the_name_it_was_made_under(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"^--size-limit is 'x'"):
        load({"size_limit": "x"}, {}, tmp_path)
    with pytest.raises(BadSettings, match=r"^MAILSANDBOX_SIZE_LIMIT is 'x'"):
        load({}, {"MAILSANDBOX_SIZE_LIMIT": "x"}, tmp_path)


def test_an_unknown_variable_is_named_with_its_nearest_and_the_rest_is_let_be() -> None:
    environ = dict.fromkeys(
        ("MAILSANDBOX_SMPT", "MAILSANDBOX_SMTP", "MAILSANDBOX_SERVER", "MAILSANDBOX_TEST_CORPUS", "MAILTRAP_API_KEY"),
        "1",
    )

    assert unknown_variables(environ) == ["MAILSANDBOX_SMPT; did you mean MAILSANDBOX_SMTP?"]
