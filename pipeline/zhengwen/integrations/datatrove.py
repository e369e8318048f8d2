"""A block for a datatrove pipeline: documents in, documents with their main text out."""

from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.typeshelper import StatHints

from zhengwen.articles import DEFAULT_SELECTION
from zhengwen.batching import by_size
from zhengwen.cleaning import Cleaned
from zhengwen.integrations.texts import CHARACTERS, Choice, passages


class MainText(PipelineStep):  # type: ignore[misc]
    """Removes advertisements, pleas and navigation from the text of each document, in order.

    select: kinds that go. model: folder of another model. drop_adverts: documents that are an advertisement as a whole
    are dropped; if not, they stay as they are, and ``metadata["zhengwen_advert"]`` is true of them.
    removed: key of the metadata that gets what was removed, with its place; None leaves that out.
    exclusion_writer: gets the documents that are dropped.
    """

    name = "正文 zhengwen"
    type = "✂️ - FORMAT"

    def __init__(
        self,
        select: tuple[str, ...] = DEFAULT_SELECTION,
        model: str | None = None,
        drop_adverts: bool = False,
        removed: str | None = None,
        exclusion_writer: Any = None,
    ) -> None:
        super().__init__()
        self.choice = Choice(model, tuple(select))
        self.drop_adverts, self.removed, self.exclusion_writer = drop_adverts, removed, exclusion_writer

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:  # noqa: ARG002
        """The documents; a few hundred of them are held."""
        if not self.exclusion_writer:
            yield from self._kept(data, rank, None)
            return
        with self.exclusion_writer as writer:
            yield from self._kept(data, rank, writer)

    def _kept(self, data: DocumentsPipeline, rank: int, writer: Any) -> DocumentsPipeline:
        for batch in by_size(data or (), lambda document: len(document.text), CHARACTERS):
            with self.track_time("batch"):
                cleaned = self.choice.clean([document.text for document in batch])
            for document, one in zip(batch, cleaned, strict=True):
                self.stat_update(StatHints.total)
                if one.advert and self.drop_adverts:
                    self.stat_update(StatHints.dropped, "dropped_advert")
                    if writer:
                        document.metadata["filter_reason"] = "advert"
                        writer.write(document, rank)
                    continue
                self._change(document, one)
                self.stat_update(StatHints.forwarded)
                self.update_doc_stats(document)
                yield document

    def _change(self, document: Document, cleaned: Cleaned) -> None:
        if cleaned.advert:
            document.metadata["zhengwen_advert"] = True
        if self.removed is not None:
            document.metadata[self.removed] = passages(cleaned)
        for finding in cleaned.findings if cleaned.removed else ():
            self.stat_update(f"removed_{finding.kind}", value=finding.end - finding.start, unit="passage")
        document.text = cleaned.text
