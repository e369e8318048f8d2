"""The main text of a page, by trafilatura."""

import logging
import re

from zhengwen.errors import UnreadableInputError

_DOCUMENT = re.compile(r"<(?:html|body)[\s>]", re.IGNORECASE)


def main_text(source: str, name: str) -> str:
    """The text of the page's main region, without comments; empty if there is none.

    Raises `UnreadableInputError` if trafilatura is not installed or cannot read the page.
    """
    try:
        import trafilatura
    except ImportError:
        raise UnreadableInputError(f"{name}: reading HTML needs trafilatura; pip install 'zhengwen[html]'") from None
    for logger in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
    page = source if _DOCUMENT.search(source) else f"<html><body>{source}</body></html>"
    try:
        return trafilatura.extract(page, include_comments=False, include_tables=True, deduplicate=False) or ""
    except Exception as e:  # a page may break any of the libraries behind it; the other pages go on
        what = f"{type(e).__name__}: {e}"
        raise UnreadableInputError(f"{name}: trafilatura fails on this page ({what}); exclude it") from None
