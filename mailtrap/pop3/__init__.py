"""POP3 out: RFC 1939 and its extensions, without sockets."""
