"""Lines that many articles of a folder carry: candidates for a new label."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zhengwen.articles import folder_of
from zhengwen.dedup.repeated import Tally, find
from zhengwen.errors import UnreadableInputError
from zhengwen.readers import Source, read, shards


@dataclass(frozen=True, slots=True)
class RepeatedLine:
    """A line that several articles carry, as far as letters and digits go.

    text: the line as the first of them has it.
    line: where it stands there, from 1.
    articles, sources: how many articles carry it, and in how many folders these lie.
    examples: the first and the last of them.
    """

    text: str
    line: int
    articles: int
    sources: int
    examples: tuple[Source, ...]


def by_folder(sources: Sequence[Source]) -> list[Source]:
    """The sources, folder by folder: a folder is an author or a site, as a scraper lays them down."""
    return sorted(sources, key=lambda s: (folder_of(s.name), s.name))


def repeated_lines(
    batches: Iterable[tuple[Sequence[Source], Sequence[str]]], least: int, most: int | None = None
) -> list[RepeatedLine]:
    """The lines that at least so many articles carry, the most frequent first; ``most`` of them at most.

    batches: sources and their texts, `by_folder`. Memory is bounded, see `Tally`. Front matter, what stands in code
    fences, and lines of fewer than `LEAST` letters do not count.
    """
    tally, seen = Tally(), list[Source]()
    folder, number = "", 0
    for some, texts in batches:
        numbers = []
        for source in some:
            if folder_of(source.name) != folder:
                folder, number = folder_of(source.name), number + 1
            numbers.append(number)
        tally.add(texts, numbers)
        seen += some
    found = []
    for line in tally.carried_by(least)[:most]:
        examples = tuple(seen[n] for n in dict.fromkeys((line.first, line.last)))
        try:
            number, text = find(read(examples[0]).text, line.fingerprint)
        except UnreadableInputError:
            continue
        found.append(RepeatedLine(text, number, line.articles, line.sources, examples))
    return found


def readable(sources: Sequence[Source]) -> Iterator[tuple[list[Source], list[str]]]:
    """Sources and their texts in batches of about a megabyte, without those that cannot be read."""
    for shard in shards(sources):
        some, texts = [], []
        for source in shard:
            try:
                texts.append(read(source).text)
            except UnreadableInputError:
                continue
            some.append(source)
        yield some, texts
