"""Articles about what boilerplate is made of, or in its form, stay whole: topic is not kind.

`topics` holds articles about marketing, official accounts, QR codes, coupons, copyright; `forms` articles that are
lists of links, catalogues, letters, recipes, diaries. Sixty together; a few of them carry real boilerplate besides.
"""

from pathlib import Path

import pytest

from zhengwen.articles import BOILERPLATE
from zhengwen.cleaning import Cleaner
from zhengwen.model import Model
from zhengwen.training.evaluation import Tally, figures, tally
from zhengwen.training.labels import read_labels

LABELLED = Path(__file__).parents[1] / "samples" / "labelled"
Read = dict[str, Tally]


def read(model: Model, *names: str) -> Read:
    samples = read_labels([LABELLED / f"{name}.jsonl" for name in names])
    cleaned = Cleaner(model, BOILERPLATE).clean([s.article for s in samples])
    return {
        s.article.name: tally(s.article.text, s.spans, [(f.start, f.end, f.kind) for f in c.findings])
        for s, c in zip(samples, cleaned, strict=True)
    }


@pytest.fixture(scope="module")
def hard(model: Model) -> Read:
    return read(model, "topics", "forms")


def test_there_are_sixty_of_them_most_without_any_boilerplate(hard: Read) -> None:
    assert len(hard) == 60
    assert sum(not any(t.gold) for t in hard.values()) >= 40


def test_hard_articles_stay_whole(hard: Read) -> None:
    touched = [name for name, t in hard.items() if t.lost > 0.005 * (t.kept + t.lost)]
    assert len(touched) <= 3, touched
    assert figures([*hard.values()]).retention >= 0.995


def test_no_hard_article_loses_much(hard: Read) -> None:
    for name, t in hard.items():
        assert t.lost <= 0.25 * (t.kept + t.lost), name


def test_what_is_boilerplate_in_them_still_goes(hard: Read) -> None:
    assert figures([*hard.values()]).recall >= 0.85


def test_the_kinds_are_told_apart(model: Model) -> None:
    """On articles with much of all four kinds; of what goes, the share under its right name."""
    assert figures([*read(model, "hard", "funnels", "portals").values()]).kind >= 0.93
