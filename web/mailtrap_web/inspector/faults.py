"""The faults: what goes wrong on purpose, how often it did, and what time it is."""

from __future__ import annotations

from dataclasses import replace

from flask import redirect, request
from flask.typing import ResponseReturnValue

from mailtrap import quantities
from mailtrap.errors import BadFault
from mailtrap.faults import rule
from mailtrap.faults.stages import STAGES
from mailtrap_web.inspector.page import page, pages, project, world

FIELDS = ("at", "do", "rcpt", "times")
"""What the page asks for: the other words of a rule are for REST and the command line."""


@pages.get("/faults")
def faults() -> ResponseReturnValue:
    """All rules that act in this project."""
    return _page()


@pages.post("/faults")
def add_fault() -> ResponseReturnValue:
    """One more; or the page again, with what is wrong."""
    given = {name: value for name in FIELDS if (value := request.form.get(name, "").strip())}
    try:
        world().faults.add(replace(rule(given), project=project()))
    except BadFault as error:
        return _page(given, str(error), status=400)
    return redirect("/faults", 303)


@pages.post("/faults/<rule_id>/remove")
def remove_fault(rule_id: str) -> ResponseReturnValue:
    """One less."""
    world().faults.remove(rule_id)
    return redirect("/faults", 303)


@pages.post("/clock")
def advance_clock() -> ResponseReturnValue:
    """Let time go by, for everybody."""
    text = request.form.get("advance", "").strip()
    try:
        world().clock.advance(quantities.duration(text))
    except ValueError as error:
        return _page(problem=f"The clock cannot be advanced by {text!r}: {error}", status=400)
    return redirect("/faults", 303)


def _page(given: dict[str, str] | None = None, problem: str = "", *, status: int = 200) -> ResponseReturnValue:
    return page(
        "faults.html",
        status,
        rules=world().faults.acting_in(project()),
        stages=[f"{protocol}.{each}" for protocol, names in STAGES.items() for each in names],
        now=world().clock.time(),
        given=given or {},
        problem=problem,
    )
