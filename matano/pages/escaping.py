"""Texts as HTML."""

import re
from html import escape

# What XML cannot hold, and a browser would not show.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Markup(str):
    """HTML that is escaped already."""


def printable(text: str) -> str:
    """A text in which a sign stands for each character that no page can hold."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def markup(text) -> Markup:
    """A text as HTML; what is HTML already as it is."""
    return text if isinstance(text, Markup) else Markup(escape(printable(str(text))))
