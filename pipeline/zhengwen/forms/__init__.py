"""The forms that articles come in.

In most a file is an article. A form whose files hold many (a line of JSON each, a row of a table) parts its file into
records; a record is then to it what a file is to the others: bytes in, an article with its text, bytes out.
"""

from zhengwen.forms.form import HTML, MARKDOWN, TARGETS, Edit, Form
from zhengwen.forms.html import HtmlForm
from zhengwen.forms.jsonl import JsonlForm
from zhengwen.forms.parquet import ParquetForm
from zhengwen.forms.records import CorpusForm, Fields
from zhengwen.forms.text import TextForm

__all__ = (
    "CORPORA",
    "FORMS",
    "HTML",
    "MARKDOWN",
    "SUFFIXES",
    "TARGETS",
    "CorpusForm",
    "Edit",
    "Fields",
    "Form",
    "corpus_form_of",
    "form_of",
)

CORPORA: tuple[CorpusForm, ...] = (JsonlForm(), ParquetForm())
"""Those whose files hold many articles."""
FORMS: tuple[Form, ...] = (TextForm(MARKDOWN, (".md", ".markdown")), TextForm("text", (".txt",)), HtmlForm(), *CORPORA)
SUFFIXES = tuple(suffix for form in FORMS for suffix in form.suffixes)
"""What is taken from a folder; a file named explicitly is read whatever its suffix."""


def form_of(name: str) -> Form:
    """The form of a file by its name; Markdown if nothing else is known."""
    return next((form for form in FORMS if name.lower().endswith(form.suffixes)), FORMS[0])


def corpus_form_of(name: str) -> CorpusForm:
    """The form of a file of many articles by its name."""
    return next(form for form in CORPORA if name.lower().endswith(form.suffixes))
