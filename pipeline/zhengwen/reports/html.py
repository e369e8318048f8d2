"""The findings as one HTML page, see `zhengwen.reports.page.document`."""

from collections.abc import Iterable

from zhengwen.reports.findings import Checked, Record
from zhengwen.reports.formats import Scene
from zhengwen.reports.page.document import Document, Settings
from zhengwen.reports.page.recorded import by_lines
from zhengwen.reports.page.shown import ADVERT_KEPT, CHECKED, KEPT, REMOVED, Mark, Shown, expected_errors


class Html:
    """Nothing until the end: the page begins with what is known of all articles."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._document = Document(Settings(scene.root.name, checked=True))

    def begin(self) -> Iterable[str]:
        """Nothing."""
        return ()

    def article(self, checked: Checked) -> Iterable[str]:
        """Kept for the end."""
        place = self._scene.place(checked)
        article = checked.article() if checked.article else None
        name = f"{place}:{article.record}" if article and article.record else place
        marks = [_mark(r, KEPT if checked.advert else REMOVED) for r in checked.records]
        marks = sorted((*marks, *(_mark(r, KEPT) for r in checked.others)), key=lambda m: m.start)
        placed = by_lines(marks, article) if article and article.origin is not article.text else tuple(marks)
        text = article.text if article else None
        status = ADVERT_KEPT if checked.advert else CHECKED
        self._document.add(
            Shown(
                name, text, len(text or ""), status, placed, uncertainty=expected_errors(placed), sought=checked.sought
            )
        )
        return ()

    def fault(self, message: str) -> Iterable[str]:
        """Kept for the end."""
        self._document.fault(message)
        return ()

    def end(self) -> Iterable[str]:
        """The page."""
        yield from self._document.pieces()
        self._document.close()


def _mark(record: Record, fate: str) -> Mark:
    return Mark(record.start, record.end, record.kind, record.score, fate, record.reasons, record.excerpt)
