"""Scraped text on a terminal."""

import unicodedata


def harmless(text: str) -> str:
    """The text with a replacement character for whatever a terminal would obey: escapes, controls, direction marks."""
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else "\ufffd" for c in text)
