"""IMAP4rev2 (RFC 9051) and IMAP4rev1 (RFC 3501), without sockets: octets in, octets out."""

from mailtrap.imap import commands as commands  # whoever imports a part of it has all commands registered
