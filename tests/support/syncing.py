"""How to have programs keep a Maildir and an account in step: their configuration is written, their command given."""

from __future__ import annotations

from pathlib import Path

Command = list[str | Path]


def mbsync(name: str, port: int, home: Path) -> Command:
    """Runs mbsync once, between the account at 127.0.0.1 and ``home/mail``."""
    (home / "mail").mkdir(exist_ok=True)
    (home / "mbsyncrc").write_text(
        f"IMAPAccount there\nHost 127.0.0.1\nPort {port}\nUser {name}\nPass secret\n"
        "SSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount there\n\n"
        f"MaildirStore near\nPath {home}/mail/\nInbox {home}/mail/INBOX\nSubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nRemove Both\nExpunge Both\nSync All\n"
        "CopyArrivalDate yes\nSyncState *\n"
    )
    return ["mbsync", "-V", "-c", home / "mbsyncrc", "-a"]


def offlineimap(name: str, port: int, home: Path) -> Command:
    """Runs offlineimap once, between the same."""
    (home / "offlineimaprc").write_text(
        f"[general]\naccounts = there\nmetadata = {home}/meta\nui = basic\n\n"
        "[Account there]\nlocalrepository = near\nremoterepository = far\n\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {home}/mail\nsep = /\n\n"
        f"[Repository far]\ntype = IMAP\nremotehost = 127.0.0.1\nremoteport = {port}\n"
        f"remoteuser = {name}\nremotepass = secret\nssl = no\nstarttls = no\nusecompression = no\n"
        "auth_mechanisms = LOGIN\n"
    )
    return ["offlineimap", "-c", home / "offlineimaprc", "-o"]
