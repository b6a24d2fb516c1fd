"""The options of an SMTP server, as tests give them: in one go."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from mailtrap.smtp.policy import Policies, Policy

NAMES = {each.name: each.name for each in fields(Policy)} | {"size_limit": "size", "login_disabled": "login_needs_tls"}


def with_policies(options: dict[str, Any]) -> dict[str, Any]:
    """*options* as the factory takes them: what makes a policy, in one."""
    own = {NAMES[name]: value for name, value in options.items() if name in NAMES and name != "starttls"}
    rest = {name: value for name, value in options.items() if name not in NAMES or name == "starttls"}
    return {"policies": Policies(Policy(**own))} | rest
