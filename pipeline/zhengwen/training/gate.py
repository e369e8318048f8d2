"""Whether a new model may take the place of another one: no figure may fall by more than is allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from zhengwen.training.evaluation import Figures, Tally

MAX_LOSS = 0.5
"""Points, hundredths of a figure, that a figure may fall by."""
_PER_100 = "false_100"


@dataclass(frozen=True, slots=True)
class Fall:
    """A figure that fell by more than is allowed; values and ``allowed`` as the figure counts."""

    name: str
    before: float
    after: float
    allowed: float

    def __str__(self) -> str:
        digits = 1 if self.name == _PER_100 else 4
        verb = "rose" if self.name == _PER_100 else "fell"
        return f"{self.name} {verb} from {self.before:.{digits}f} to {self.after:.{digits}f}"


def falls(before: Figures, after: Figures, tallies: Sequence[Tally], max_loss: float) -> list[Fall]:
    """The figures that became worse by more than ``max_loss`` points, in order.

    tallies: of the articles that both were measured on. A figure that counts articles or passages moves in whole ones,
    so one of them may always be lost. ``false_100`` is better if it is lower.
    """
    articles = max(len(tallies), 1)
    counted = {
        "intact": articles,
        "clean": articles,
        "adverts": sum(t.whole_advert for t in tallies),
        "passages": sum(t.passages for t in tallies),
        _PER_100: articles,
    }
    found = []
    values = after.as_dict()
    for name, value in before.as_dict().items():
        if name == "documents":
            continue
        points = 1.0 if name == _PER_100 else 0.01
        allowed = max(max_loss * points, 100 * points / counted[name] if counted.get(name) else 0.0)
        worse = values[name] - value if name == _PER_100 else value - values[name]
        if worse > allowed + 1e-9:
            found.append(Fall(name, value, values[name], allowed))
    return found
