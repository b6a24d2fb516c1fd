"""How the manual is built: sphinx-build -W docs docs/_build."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from mailtrap.version import __version__

project = "mailtrap-sandbox"
copyright = "the mailtrap-sandbox authors"  # noqa: A001 - Sphinx calls it so
release = version = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"mailtrap-sandbox {__version__}"
