"""The commands of SMTP: state and syntax, then the work, then the reply. What is in this folder is what there is."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
