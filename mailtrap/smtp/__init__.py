"""SMTP in: RFC 5321 and its extensions."""
