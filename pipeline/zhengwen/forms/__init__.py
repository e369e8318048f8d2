"""The forms that articles come in.

Here a file is an article. A form whose files hold many (a line of JSON each, say) parts its file into records first; a
record is then to it what a file is here: bytes in, an article with its text, bytes out.
"""

from zhengwen.forms.form import HTML, MARKDOWN, TARGETS, Edit, Form
from zhengwen.forms.html import HtmlForm
from zhengwen.forms.jsonl import Fields, JsonlForm
from zhengwen.forms.text import TextForm

__all__ = ("FORMS", "HTML", "MARKDOWN", "SUFFIXES", "TARGETS", "Edit", "Fields", "Form", "form_of")

FORMS: tuple[Form, ...] = (
    TextForm(MARKDOWN, (".md", ".markdown")),
    TextForm("text", (".txt",)),
    HtmlForm(),
    JsonlForm(),
)
SUFFIXES = tuple(suffix for form in FORMS for suffix in form.suffixes)
"""What is taken from a folder; a file named explicitly is read whatever its suffix."""


def form_of(name: str) -> Form:
    """The form of a file by its name; Markdown if nothing else is known."""
    return next((form for form in FORMS if name.lower().endswith(form.suffixes)), FORMS[0])
