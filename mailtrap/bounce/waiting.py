"""Reports that are still to be made, as text that outlives a restart."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from mailtrap.bounce.due import Due
from mailtrap.bounce.values import Outcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that is due later, on the message *id*."""

    project: int
    id: str
    accepted: datetime
    due: Due

    @property
    def at(self) -> datetime:
        """When it is to be made."""
        return self.accepted + timedelta(seconds=self.due.seconds)


def written(waiting: Waiting) -> str:
    """*waiting* as JSON, in ASCII whatever is in the addresses."""
    return json.dumps(
        {
            "project": waiting.project,
            "id": waiting.id,
            "accepted": waiting.accepted.isoformat(),
            "seconds": waiting.due.seconds,
            "outcomes": [asdict(each) for each in waiting.due.outcomes],
        },
        default=datetime.isoformat,
    )


def read(text: str) -> Waiting:
    """What `written` wrote; raises `ValueError`."""
    try:
        found = json.loads(text)
        outcomes = tuple(_outcome(each) for each in found["outcomes"])
        accepted = datetime.fromisoformat(found["accepted"])
        return Waiting(int(found["project"]), str(found["id"]), accepted, Due(float(found["seconds"]), outcomes))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"this is no report to be made: {text[:100]!r}") from error


def _outcome(found: dict[str, Any]) -> Outcome:
    orcpt, attempted, until = (found.pop(name) for name in ("orcpt", "attempted", "retry_until"))
    return Outcome(
        **found,
        orcpt=None if orcpt is None else (orcpt[0], orcpt[1]),
        attempted=None if attempted is None else datetime.fromisoformat(attempted),
        retry_until=None if until is None else datetime.fromisoformat(until),
    )
