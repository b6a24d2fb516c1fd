"""Dovecot beside ours: Debian's own, in a private directory, on free ports, with any name and password.

It is the yardstick: what a test wants of us must be true of Dovecot, or say why it is not.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from imap_client import ImapClient

USER = "nobody"
"""Whose the mail is: Dovecot refuses to read any as root."""

CONFIG = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = {ssl}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_max_userip_connections = 2000
mail_fsync = never
mail_location = maildir:~/Maildir
first_valid_uid = 1
shutdown_clients = yes
pop3_uidl_format = %v.%u
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Archive {{
    special_use = \\Archive
    auto = subscribe
  }}
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%u
}}
service imap-login {{
  service_count = 0
  client_limit = 4000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service imap {{
  process_limit = 2000
}}
service anvil {{
  client_limit = 8000
}}
service auth {{
  client_limit = 8000
  unix_listener auth-userdb {{
    user = {user}
  }}
}}
service stats {{
  client_limit = 8000
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
{more}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running Dovecot."""

    process: subprocess.Popen[bytes]
    home: Path
    imap: int
    pop3: int
    imaps: int = 0
    pop3s: int = 0

    def deliver(self, account: str, octets: bytes) -> None:
        """Put a message into an INBOX, its octets as they are."""
        with ImapClient(("127.0.0.1", self.imap)) as client:
            client.log_in(account).ok("APPEND INBOX {}", octets)

    def log(self) -> str:
        """The last it had to say."""
        file = self.home / "log"
        return file.read_text("utf-8", "replace")[-4000:] if file.exists() else ""


@contextmanager
def running(*, certificate: Path | None = None, more: str = "") -> Iterator[Dovecot]:
    """A Dovecot for the block; with *certificate* (chain and key in one file) it speaks TLS, too."""
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    home.chmod(0o755)  # its mail processes are another user's
    (home / "mail").mkdir()
    shutil.chown(home / "mail", USER, _group())
    imap, pop3, *tls = _free_ports(4) if certificate else [*_free_ports(2), 0, 0]
    ssl = f"yes\nssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else "no"
    words = {"home": home, "ssl": ssl, "user": USER, "group": _group(), "more": more}
    config = CONFIG.format(imap=imap, pop3=pop3, imaps=tls[0], pop3s=tls[1], **words)
    (home / "dovecot.conf").write_text(config)
    with (home / "stderr").open("wb") as stderr:
        process = subprocess.Popen(["dovecot", "-F", "-c", str(home / "dovecot.conf")], stderr=stderr)
    server = Dovecot(process, home, imap, pop3, *tls)
    try:
        _await(server)
        yield server
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home)


def _group() -> str:
    import grp
    import pwd

    return grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_name


def _await(server: Dovecot) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and server.process.poll() is None:
        if all(map(_listens, (server.imap, server.pop3))):
            return
        time.sleep(0.01)
    raise RuntimeError((server.home / "stderr").read_text() + server.log())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex(("127.0.0.1", port))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
