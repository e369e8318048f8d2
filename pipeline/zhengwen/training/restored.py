"""What corrections say is content although a model would take it: passages that are never to be taken again."""

from collections.abc import Sequence

import numpy as np

from zhengwen.articles import BOILERPLATE, letters
from zhengwen.blocks import Flags
from zhengwen.cleaning import Cleaner
from zhengwen.model import Model
from zhengwen.sketches import SHORTEST, mark
from zhengwen.training.evaluation import paint
from zhengwen.training.labels import Labelled

_SAID = 60


def restored(models: Sequence[Model], samples: Sequence[Labelled]) -> dict[str, str]:
    """Marks of the passages that one of the models finds and the labels call content, with how they begin.

    Passages of fewer than `SHORTEST` letters are left out, and such as are labelled boilerplate elsewhere: what says so
    little may be content here and none there.
    """
    boilerplate = {letters(s.article.text[a:b]) for s in samples for a, b, _ in s.spans}
    found: dict[str, str] = {}
    for model in models:
        cleaned = Cleaner(model, BOILERPLATE).clean([s.article for s in samples])
        for sample, one in zip(samples, cleaned, strict=True):
            labelled = paint(len(sample.article.text), sample.spans) > 0
            for finding in one.findings:
                for text in _content(sample.article.text, labelled, finding.start, finding.end):
                    said = letters(text)
                    if len(said) >= SHORTEST and said not in boilerplate:
                        found[mark(text)] = " ".join(text.split())[:_SAID]
    return found


def _content(text: str, labelled: Flags, start: int, end: int) -> list[str]:
    """The parts of a span that no label covers."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], labelled[start:end], [True]))))
    return [text[start + a : start + b].strip() for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
