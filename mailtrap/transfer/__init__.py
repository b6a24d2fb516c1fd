"""Messages in and out as files: ``mailtrap import`` and ``mailtrap export``."""
