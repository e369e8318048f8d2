"""The same as `zhengwen.proving` for the lines of files of many: to what is recorded of them and written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from zhengwen.cleaning import Cleaned, Cleaner
from zhengwen.errors import LedgerError, ZhengwenError
from zhengwen.forms import CorpusForm, corpus_form_of, form_of
from zhengwen.forms.records import Flaw, Line, Record, key, record_of
from zhengwen.ledger import entries as ledgers
from zhengwen.ledger.entries import Entry, sha256
from zhengwen.proving import Settings, excess
from zhengwen.readers import Source
from zhengwen.reasons import Reasons, explain, removed

LineBatch = tuple[Source, Sequence[Line]]
"""Some lines of a file of many articles."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What becomes of a line: its bytes, None if it goes, and what is recorded; nothing of a blank one."""

    data: bytes | None
    entry: Entry | None = None
    cleaned: Cleaned | None = None


@dataclass(frozen=True, slots=True)
class LineProver:
    """Cleans batches of lines and proves of each that it comes back."""

    cleaner: Cleaner
    settings: Settings

    def __call__(self, batch: LineBatch) -> list[Proven]:
        """What becomes of each line, in order."""
        source, lines = batch
        found = self.cleaner.clean([line for line in lines if isinstance(line, Record)])
        why = explain(self.cleaner.model, removed(found))
        return list(self._proven_lines(source, lines, iter(found), why))

    def _proven_lines(
        self, source: Source, lines: Sequence[Line], found: Iterator[Cleaned], why: Reasons
    ) -> Iterator[Proven]:
        for line in lines:
            if isinstance(line, bytes):
                yield Proven(line)
            elif isinstance(line, Flaw):
                yield Proven(line.data, _flawed(source, line))
            else:
                cleaned = next(found)
                entry, data = self._record(source, cleaned, why)
                yield Proven(data, entry, cleaned)

    def _record(self, source: Source, cleaned: Cleaned, why: Reasons) -> tuple[Entry, bytes | None]:
        """What is recorded of a record, and what its line becomes (None if it goes), once both have given it back."""
        record = record_of(cleaned)
        data, form = record.source.encode(record.encoding), corpus_form_of(source.name)
        plain = Entry(
            (source.name, record.key),
            sha256(data),
            len(data),
            form.name,
            record.encoding,
            ledgers.newlines(record.text),
            ledgers.UNCHANGED,
            sha256(data),
            record.encoding,
        )
        shown = f"{source.shown}:{record.line}"
        if cleaned.advert and self.settings.drop_adverts and not self.cleaner.keep.guards(record):
            return replace(plain, status=ledgers.ADVERT, cleaned=None, whole=ledgers.pack(data)), None
        if fault := excess(source, cleaned, self.settings):
            return replace(plain, status=ledgers.REFUSED, why=f"{shown}: {str(fault).partition(': ')[2]}"), data
        if not cleaned.removed:
            return plain, data
        try:
            return self._proven(plain, cleaned, record, form, why)
        except ZhengwenError as e:
            return replace(plain, status=ledgers.REFUSED, why=f"{shown}: {e}; it is kept as it is"), data

    def _proven(
        self, plain: Entry, cleaned: Cleaned, record: Record, form: CorpusForm, why: Reasons
    ) -> tuple[Entry, bytes]:
        """The entry and the line, which must hold what is left of the text, and with the cuts be the line that came."""
        edit = form.edit(cleaned, "", self.settings.to)
        passages, cuts = ledgers.itemise(cleaned, plain.key, edit, lambda text, kind: why[text, kind])
        output = edit.output
        entry = replace(plain, status=ledgers.CLEANED, cleaned=sha256(output), passages=passages, cuts=cuts)
        ledgers.original(output, entry)
        if form.holds(output, record) != cleaned.text:
            raise LedgerError("the cleaned line would not hold the cleaned text")
        return entry, output


def _flawed(source: Source, line: Flaw) -> Entry:
    hash_ = sha256(line.data)
    named = (source.name, key(line.line, str(line.line)))
    form = form_of(source.name).name
    return Entry(named, hash_, len(line.data), form, "", "", ledgers.UNREADABLE, hash_, "", why=str(line.fault))
