"""The parts of the manual that are made from the code: python docs/tables.py writes them into the pages.

A page says where, by ``<!-- made: NAME -->`` and ``<!-- end -->``. A test holds that they are up to date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
MADE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def settings() -> str:
    """Every setting: as a flag, a variable and a TOML key."""
    from mailtrap.settings import OPTIONS

    rows = ["| option | variable | TOML key | default | what |", "| --- | --- | --- | --- | --- |"]
    for each in OPTIONS.values():
        default = f"`{each.default}`" if each.default else ""
        flag = f"{each.flag} {each.metavar}".rstrip()
        rows.append(f"| `{flag}` | `{each.variable}` | `{each.name}` | {default} | {each.help} |")
    return "\n".join(rows)


def commands() -> str:
    """What ``mailtrap --help`` says, and that of each command but serve, whose options are the settings."""
    import click

    from mailtrap.commands import commands as group
    from mailtrap.ready import parser
    from mailtrap.submission.sendmail import USAGE

    context = click.Context(group, info_name="mailtrap", max_content_width=80, **group.context_settings)
    said = {"": group.get_help(context) + "\n"}
    for name in sorted({*group.list_commands(context)} - {"serve", "ready", "sendmail"}):
        command = group.get_command(context, name)
        own = click.Context(command, parent=context, info_name=name, max_content_width=80)  # type: ignore[arg-type]  # it is there
        said[f" {name}"] = command.get_help(own) + "\n"  # type: ignore[union-attr]  # the same
        for inner, one in getattr(command, "commands", {}).items():
            below = click.Context(one, parent=own, info_name=inner, max_content_width=80)
            said[f" {name} {inner}"] = one.get_help(below) + "\n"
    said |= {" ready": parser().format_help(), " sendmail": USAGE}
    return "```text\n" + "\n".join(f"$ mailtrap{name} --help\n{text}" for name, text in said.items()) + "```"


def faults() -> str:
    """Every kind of fault: how it is written, where it acts, what it does."""
    from mailtrap.faults.kinds import KINDS

    rows = ["| `do` | at | what happens |", "| --- | --- | --- |"]
    for each in KINDS.values():
        written = each.written.replace("|", "\\|")
        at = " ".join(f"`{one}*`" if one.endswith(".") else f"`{one}`" for one in each.at)
        rows.append(f"| `{written}` | {at} | {' '.join(each.help.split())} |")
    return "\n".join(rows)


def stages() -> str:
    """Every stage that a rule can name, by protocol."""
    from mailtrap.faults.stages import STAGES

    rows = ["| protocol | stages |", "| --- | --- |"]
    rows += [f"| `{protocol}` | {' '.join(f'`{each}`' for each in names)} |" for protocol, names in STAGES.items()]
    return "\n".join(rows)


def routes() -> str:
    """Every operation of the REST API."""
    from mailtrap_web.api import OPERATIONS

    rows = ["| method, path | parameters | what |", "| --- | --- | --- |"]
    for each in OPERATIONS:
        takes = " ".join(f"`{parameter.name}`" for parameter in each.parameters if not parameter.in_path)
        what = " ".join(inspect.getdoc(each.function).split("\n\n")[0].split())  # type: ignore[union-attr]  # all have one
        body = f" Takes `{each.takes}`." if each.body is not None else ""
        rows.append(f"| `{each.method} {each.path}` | {takes} | {what.replace('|', chr(92) + '|')}{body} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {each.__name__: each for each in (settings, commands, routes, faults, stages)}


def made(page: str) -> str:
    """*page* with its made parts as they must be."""
    return MADE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", page)


def main() -> None:
    """Write them into the pages."""
    for file in HERE.glob("*.md"):
        file.write_text(made(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
