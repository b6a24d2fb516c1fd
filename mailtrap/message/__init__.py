"""Pure functions of a message's octets: no IO, no exception, one pass, linear."""
