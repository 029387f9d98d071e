"""How these pages are built: `sphinx-build -W docs OUT`. Nothing is fetched from a network, nor when they are read."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent / "_ext"), str(Path(__file__).resolve().parents[1])]

project = "Matano"
author = "The authors of Matano"
extensions = ["myst_parser", "registries"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = True
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Matano"
html_show_sourcelink = False
smartquotes = False
