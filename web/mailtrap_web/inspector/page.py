"""What all pages share: the blueprint, the rail beside them, and how a template is filled."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, current_app, render_template, request

from mailtrap.accounts import CATCHALL
from mailtrap.errors import NotFound
from mailtrap.store.records import Account
from mailtrap.version import __version__
from mailtrap_web.api.problems import Problem
from mailtrap_web.inspector import foreign
from mailtrap_web.world import World

pages = Blueprint("pages", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")

IN_RAIL = 5
"""So many accounts are in the rail."""


def world() -> World:
    """The world that this application shows."""
    found: World = current_app.config["WORLD"]
    return found


def project() -> int:
    """The project that is shown."""
    return world().current.project


def page(template: str, status: int = 200, **values: object) -> tuple[str, int]:
    """*template* filled with *values*, and with what every page has."""
    return render_template(template, rail=_rail(), link=link, version=__version__, **values), status


def link(path: str, **more: str | int | None) -> str:
    """*path* with what the list shows kept in the query, so that going back leads to the same list."""
    kept = {name: request.args[name] for name in ("q", "account", "page") if request.args.get(name)}
    values = {name: value for name, value in {**kept, **more}.items() if value not in (None, "")}
    return f"{path}?{urlencode(values)}" if values else path


def host() -> str:
    """The name by which whoever looks at the page reaches this machine."""
    return request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host


def problem_page(problem: Problem) -> tuple[str, int]:
    """What went wrong, for people."""
    return page("problem.html", problem.status, problem=problem)


def _rail() -> dict[str, object]:
    found = world().store.accounts(project(), limit=IN_RAIL + 2)
    named = [each for each in found if each.name != CATCHALL]
    addresses = [(name, port or host) for name, (host, port) in world().addresses.items()]
    return {
        "all": _catchall(),
        "accounts": named[:IN_RAIL],
        "ports": addresses,
        "host": host(),
        "faults": sum(not each.spent for each in world().faults.acting_in(project())),
    }


def _catchall() -> Account:
    try:
        return world().store.account(project(), CATCHALL)
    except NotFound:  # nothing has come yet
        return Account(0, CATCHALL, 0, 0, None)


def ago(when: datetime) -> str:
    """How long ago that was, short: ``12 s``, ``4 m``, ``3 h``, ``2 d``."""
    seconds = max(0, int((datetime.now(UTC) - when).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def size(octets: int) -> str:
    """A size in decimal units, short: ``412 B``, ``9 KB``, ``2.1 MB``.

    >>> size(412), size(9214), size(2_100_000)
    ('412 B', '9 KB', '2.1 MB')
    """
    if octets < 1000:
        return f"{octets} B"
    if octets < 999_500:
        return f"{round(octets / 1000)} KB"
    return f"{octets / 1_000_000:.1f} MB"


def moment(when: datetime, form: str = "%Y-%m-%d %H:%M:%S.%f") -> str:
    """The moment in UTC, to the millisecond."""
    return when.astimezone(UTC).strftime(form)[:-3]


pages.add_app_template_filter(foreign.shown, "shown")
pages.add_app_template_filter(ago, "ago")
pages.add_app_template_filter(size, "size")
pages.add_app_template_filter(moment, "moment")
pages.add_app_template_filter(partial(moment, form="%H:%M:%S.%f"), "clock")
