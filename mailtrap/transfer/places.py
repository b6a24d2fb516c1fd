"""The forms that messages are kept in as files, and which one a path means."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from mailtrap.transfer.eml import EmlFile, EmlTree, EmlWriter
from mailtrap.transfer.items import Reader, Unusable, Writer
from mailtrap.transfer.maildir import Maildir, MaildirWriter
from mailtrap.transfer.mbox import Mbox, MboxWriter
from mailtrap.transfer.zipped import Zip, ZipWriter

READERS: dict[str, Callable[[Path, int], Reader]] = {
    "eml": lambda path, limit: EmlTree(path, limit) if path.is_dir() else EmlFile(path, limit),
    "mbox": Mbox,
    "maildir": Maildir,
    "zip": Zip,
}
WRITERS: dict[str, Callable[[Path], Writer]] = {
    "eml": EmlWriter,
    "mbox": MboxWriter,
    "maildir": MaildirWriter,
    "zip": ZipWriter,
}
SUFFIXES = {".mbox": "mbox", ".mbx": "mbox", ".zip": "zip", ".maildir": "maildir"}

_FIELD = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")


def reader(path: Path, form: str | None, limit: int) -> Reader:
    """What reads *path*; raises `Unusable`. Without *form* it goes by what is there."""
    if not path.exists():
        raise Unusable("there is no such file or directory")
    if not path.is_dir() and not path.is_file():
        raise Unusable("it is neither a file nor a directory")
    return READERS[form or _form_of(path)](path, limit)


def writer(path: Path, form: str | None) -> Writer:
    """What writes to *path*; raises `Unusable`. Without *form* it goes by what is there, or the name."""
    form = form or ("maildir" if _is_maildir(path) else SUFFIXES.get(path.suffix.lower(), "eml"))
    wants_directory = form in ("eml", "maildir")
    if wants_directory and path.suffix.lower() == ".eml":
        raise Unusable(f"{path}: a directory is made, with a file for each message; its name must not end with .eml")
    if path.exists() and path.is_dir() != wants_directory:
        raise Unusable(f"{path} is {'no directory' if wants_directory else 'a directory'}; see --format")
    return WRITERS[form](path)


def _form_of(path: Path) -> str:
    if path.is_dir():
        return "maildir" if _is_maildir(path) else "eml"
    suffix = path.suffix.lower()
    if suffix == ".eml":
        return "eml"
    with path.open("rb") as file:
        beginning = file.read(128)
    if suffix in SUFFIXES and suffix != ".maildir":
        return SUFFIXES[suffix]
    if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if beginning.startswith(b"From "):
        return "mbox"
    if _FIELD.match(beginning):
        return "eml"
    raise Unusable("it is not clear what it is: say --format")


def _is_maildir(path: Path) -> bool:
    return path.joinpath("cur").is_dir() and path.joinpath("new").is_dir()
