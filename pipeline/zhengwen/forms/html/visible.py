"""What a browser shows of a page."""

import re
from collections.abc import Iterator
from html import unescape

from zhengwen.forms.html.scan import Token, names
from zhengwen.forms.html.tree import Element, walk

_UNSEEN = names(
    "head script style template noscript textarea title xmp iframe noembed noframes select option button input "
    "datalist svg canvas audio video object embed map area"
)
"""Elements of which no text is shown that belongs to an article."""
_HIDDEN = re.compile(r"(?:^|\s)hidden(?:[=\s/]|$)", re.IGNORECASE)
_DRAWN = re.compile(r"(?:^|\s)(?:katex-html|MathJax(?:_Preview|_Display|_SVG)?)(?:\s|$)")
"""Formulas as drawn by KaTeX and MathJax 2, which keep their TeX beside."""
_HINTS = ("hidden", "none", "katex-html", "MathJax")


def hidden(element: Element) -> bool:
    """Whether nothing of an element is shown, or only what is said beside it, too.

    Not what ``visibility: hidden`` says: WeChat's pages hide the article with it until their scripts have run.
    """
    if element.name in _UNSEEN:
        return True
    if not any(hint in element.inner for hint in _HINTS):
        return False
    style = element.attribute("style").replace(" ", "").lower()
    return "display:none" in style or bool(_HIDDEN.search(element.inner) or _DRAWN.search(element.attribute("class")))


def shown(root: Element) -> Iterator[tuple[Element | Token, bool]]:
    """What `walk` yields, without elements that are hidden."""
    skipping: Element | None = None
    for node, begins in walk(root):
        if skipping is not None:
            skipping = None if node is skipping else skipping
        elif begins and isinstance(node, Element) and hidden(node):
            skipping = node
        else:
            yield node, begins


def tex(source: str, element: Element) -> str:
    """The TeX of a formula that KaTeX or MathJax drew, or of a picture of one; empty for other elements."""
    if element.name == "math":
        notes = (node for node, begins in walk(element) if begins and isinstance(node, Element))
        return "".join(unescape(source[n.inside : n.outside]) for n in notes if n.name == "annotation").strip()
    if element.name == "script" and "math/tex" in element.inner:
        return source[element.inside : element.outside].strip()
    if element.name == "img" and ("ztext-math" in element.inner or "data-formula" in element.inner):
        return (element.attribute("data-formula") or element.attribute("alt")).strip()
    return ""
