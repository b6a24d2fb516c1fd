"""Handing in a message from the command line (RFC 6409 calls that submission): ``mailtrap send`` and ``sendmail``."""
