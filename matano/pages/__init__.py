"""Pages for people: one HTML file that needs no other file, no network and no JavaScript."""

from matano.pages.document import Document, Markup, link, mark

__all__ = ["Document", "Markup", "link", "mark"]
