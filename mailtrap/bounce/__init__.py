"""Delivery status notifications, RFC 3464: what became of a message, as a report that goes back to who sent it.

All of it is pure: values in, octets out. `mailtrap.returns` makes them when they are due.
"""

from mailtrap.bounce.due import LONG, Due, reports
from mailtrap.bounce.report import report
from mailtrap.bounce.values import LARGEST, Action, Outcome, Report, goes_whole
from mailtrap.bounce.waiting import Waiting, read, written

__all__ = [
    "LARGEST",
    "LONG",
    "Action",
    "Due",
    "Outcome",
    "Report",
    "Waiting",
    "goes_whole",
    "read",
    "report",
    "reports",
    "written",
]
