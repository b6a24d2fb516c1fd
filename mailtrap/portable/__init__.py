"""A message with all that is known beside it, as it leaves one store and enters another."""
