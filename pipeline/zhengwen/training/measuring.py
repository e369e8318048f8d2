"""What a model does on labelled articles, the whole way from text to findings."""

from collections.abc import Callable, Sequence

from zhengwen.articles import BOILERPLATE
from zhengwen.cleaning import Cleaner
from zhengwen.model import Model
from zhengwen.training.evaluation import Tally, tally
from zhengwen.training.labels import Labelled

_BATCH = 64


def measure(model: Model, samples: Sequence[Labelled], tick: Callable[[int], object] = lambda _: None) -> list[Tally]:
    """The tally of each article labelled as a whole, in order, with all kinds removed; ticks with how many are done."""
    cleaner = Cleaner(model, BOILERPLATE)
    tallies = []
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        for sample, cleaned in zip(batch, cleaner.clean([s.article for s in batch]), strict=True):
            predicted = [(f.start, f.end, f.kind) for f in cleaned.findings]
            tallies.append(tally(sample.article.text, sample.spans, predicted))
        tick(len(batch))
    return tallies
