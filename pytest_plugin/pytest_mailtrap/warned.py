"""What a test run is warned of."""

from __future__ import annotations


class MailWarning(UserWarning):
    """Mail came where no test can have expected it, or did not come to an end."""
