"""Articles to what is reported of them; a function of values, so that it can be done anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zhengwen.articles import Article
from zhengwen.errors import UnreadableInputError
from zhengwen.forms import HTML, form_of
from zhengwen.forms.records import Record as Line
from zhengwen.readers import Source, interpret
from zhengwen.reports.findings import Record, records

if TYPE_CHECKING:
    from zhengwen.cleaning import Cleaned
    from zhengwen.model import Evidence, Model

Selection = tuple[str, ...]
Case = tuple[Selection, frozenset[str]]
"""What decides a result besides article, encoding and model: the kinds, and the fingerprints of what is kept."""
Answer = UnreadableInputError | tuple[tuple[Record, ...], tuple[tuple[int, int], ...], bool, tuple[Record, ...]]
"""Why there is no article; or the findings, the spans that `clean` would take, whether the whole is an advertisement,
and what would be found if nothing were kept."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found out of an article: the bytes of its file, or its line of a file of many."""

    source: Source
    given: bytes | Line
    case: Case


class Examiner:
    """Answers questions with one model, which is loaded when there is one.

    encoding: of the sources; None to find it out for each.
    evidence: loads what is known of the articles beyond themselves.
    """

    def __init__(
        self,
        loaded: "Callable[[], Model]",
        encoding: str | None,
        evidence: "Callable[[], Evidence | None]" = lambda: None,
    ) -> None:
        self._loaded, self._encoding, self._evidence = loaded, encoding, evidence

    def __reduce__(self) -> tuple[Any, ...]:
        return _with, (self._loaded(), self._encoding, self._evidence())

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        answers: dict[int, Answer] = {}
        cases: dict[Case, dict[int, Article]] = {}
        for number, question in enumerate(questions):
            try:
                given = question.given
                article = given if isinstance(given, Line) else interpret(question.source, given, self._encoding)
                cases.setdefault(question.case, {})[number] = article
            except UnreadableInputError as fault:
                answers[number] = fault
        for case, articles in cases.items():
            answers |= self._examined(questions, case, articles)
        return [answers[number] for number in range(len(questions))]

    def _examined(self, questions: Sequence[Question], case: Case, articles: dict[int, Article]) -> dict[int, Answer]:
        """The answers for articles that a case have in common."""
        from zhengwen.cleaning import Cleaner
        from zhengwen.cli.kept import clean
        from zhengwen.keeping import Keep
        from zhengwen.reasons import explain, found

        model = self._loaded()
        pairs = clean(Cleaner(model, case[0], Keep(case[1]), self._evidence()), list(articles.values()))
        both = [(cleaned, replace(cleaned, findings=held)) for cleaned, held in pairs]
        why = explain(model, found(c for pair in both for c in pair))
        answers: dict[int, Answer] = {}
        for number, (cleaned, held) in zip(articles, both, strict=True):
            source = questions[number].source
            passages, kept = (tuple(records(c, source.shown, why)) for c in (cleaned, held))
            answers[number] = passages, _gone(source, cleaned), cleaned.advert, kept
        return answers


def _gone(source: Source, cleaned: "Cleaned") -> tuple[tuple[int, int], ...]:
    if isinstance(cleaned.article, Line):
        return cleaned.removed
    return form_of(source.name).edit(cleaned, source.shown, HTML).gone


def _with(model: "Model", encoding: str | None, evidence: "Evidence | None") -> Examiner:
    return Examiner(lambda: model, encoding, lambda: evidence)
