"""The inspector: mail to look at, in pages that need no JavaScript. Every state is in the address."""

from mailtrap_web.inspector import accounts, actions, faults, listing, message, sessions
from mailtrap_web.inspector.page import pages, problem_page

__all__ = ["accounts", "actions", "faults", "listing", "message", "pages", "problem_page", "sessions"]
