"""The index of kept articles: what a later run finds, and what a crash may not do."""

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
from copies import article, edited, folded, known, left_out

from zhengwen.dedup import index
from zhengwen.dedup.collection import deduplicate
from zhengwen.dedup.index import Index, load
from zhengwen.dedup.verify import Limits
from zhengwen.errors import KeptIndexError

TEXTS = [article(n, 60 + 20 * n) for n in range(40)]
NAMES = [f"文章/{n:02}.md" for n in range(40)]


def verdicts(kept: Index, texts: dict[str, str], new: list[str]) -> dict[int, str]:
    """Each new article left out, and the name of its keeper in the index."""
    match = kept.match(known(new))
    codes = folded([*new, *(texts[n] for n in match.names)])
    rows = deduplicate(known(new), match.known, lambda numbers: [codes[n] for n in numbers], Limits())
    return {r.article: "new" if r.keeper < len(new) else match.names[r.keeper - len(new)] for r in rows}


def filled(output: Path, sizes: list[int]) -> Index:
    kept, at = load(output), 0
    for size in sizes:
        kept = kept.add(known(TEXTS[at : at + size]), NAMES[at : at + size])
        at += size
    return kept


@pytest.mark.parametrize("sizes", [[40], [20, 20], [30, 5, 3, 1, 1], [1] * 40, [25, 0, 15]])
def test_copies_are_found_whatever_the_runs_that_filled_it(tmp_path: Path, sizes: list[int]) -> None:
    filled(tmp_path, sizes)
    kept = load(tmp_path)
    assert len(kept) == 40
    assert len(kept.segments) <= 6
    new = [edited(TEXTS[3], 0.01, 1), article(99), TEXTS[39], TEXTS[20][:150], TEXTS[8]]
    found = verdicts(kept, dict(zip(NAMES, TEXTS, strict=True)), new)
    assert found == {0: NAMES[3], 2: NAMES[39], 3: NAMES[20], 4: NAMES[8]}


def test_a_run_with_an_index_decides_as_one_with_the_texts(tmp_path: Path) -> None:
    kept = filled(tmp_path, [13, 27])
    rng = random.Random(0)
    new = [edited(rng.choice(TEXTS), rng.choice((0, 0.01, 0.03, 0.1)), n)[: rng.randrange(100, 900)] for n in range(60)]
    by_text = {row.article: row.keeper for row in left_out(new, fixed=TEXTS)}
    by_index = verdicts(kept, dict(zip(NAMES, TEXTS, strict=True)), new)
    assert by_index == {a: "new" if k < len(new) else NAMES[k - len(new)] for a, k in by_text.items()}
    assert len(by_index) > 10


def test_retired_articles_are_not_found(tmp_path: Path) -> None:
    kept = filled(tmp_path, [20, 10, 10]).retire([NAMES[3], "nowhere.md"])
    texts = dict(zip(NAMES, TEXTS, strict=True))
    assert verdicts(kept, texts, [TEXTS[3], TEXTS[4]]) == {1: NAMES[4]}
    kept.add(known([article(77)]), ["neu.md"])
    again = load(tmp_path)
    assert len(again) == 40
    assert set(again.holds([NAMES[3], NAMES[4], "neu.md"])) == {NAMES[4], "neu.md"}
    assert verdicts(again, texts, [TEXTS[3], TEXTS[4]]) == {1: NAMES[4]}


def test_names_that_are_not_utf_8_come_back(tmp_path: Path) -> None:
    odd = os.fsdecode("文章".encode("gbk"))
    load(tmp_path).add(known([TEXTS[0]]), [odd])
    assert load(tmp_path).match(known([TEXTS[0]])).names == (odd,)


def state(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.startswith(".")}


def test_a_crash_leaves_the_index_of_before_or_of_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, [10])
    real, calls = os.fsync, 0
    for crash_at in range(1, 8):
        calls = 0

        def failing(descriptor: int, crash_at: int = crash_at) -> None:
            nonlocal calls
            calls += 1
            if calls == crash_at:
                raise OSError(28, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(KeptIndexError, match="No space left"):
            load(tmp_path).add(known(TEXTS[10:12]), NAMES[10:12])
        monkeypatch.setattr(os, "fsync", real)
        after = load(tmp_path)
        assert len(after) == 10
        assert after.match(known(TEXTS[:3])).names == tuple(NAMES[:3])
    load(tmp_path).add(known(TEXTS[10:12]), NAMES[10:12])
    assert load(tmp_path).match(known(TEXTS[9:12])).names == tuple(NAMES[9:12])
    named = {row["name"] for row in json.loads((index.place(tmp_path) / index.MANIFEST).read_text())["segments"]}
    assert {name.split(".")[0] for name in state(index.place(tmp_path)) if name != index.MANIFEST} == named


@pytest.mark.parametrize("damage", ["truncated", "missing", "manifest", "version", "numbers"])
def test_a_damaged_index_is_named_with_the_remedy(tmp_path: Path, damage: str) -> None:
    filled(tmp_path, [5])
    folder = index.place(tmp_path)
    entries = next(folder.glob("*.entries.npy"))
    manifest = folder / index.MANIFEST
    if damage == "truncated":
        entries.write_bytes(entries.read_bytes()[:-8])
    elif damage == "missing":
        entries.unlink()
    elif damage == "manifest":
        manifest.write_text("[" + manifest.read_text())
    elif damage == "version":
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"algorithm": 0}))
    else:
        broken = json.loads(manifest.read_text())
        broken["segments"][0]["articles"] = 6
        manifest.write_text(json.dumps(broken))
    with pytest.raises(KeptIndexError, match=r"(?s)dedup.*delete .*--against"):
        load(tmp_path)


def test_an_empty_folder_has_an_empty_index(tmp_path: Path) -> None:
    kept = load(tmp_path)
    assert len(kept) == 0
    assert not index.exists(tmp_path)
    assert kept.match(known(TEXTS)).names == ()
    kept.add(known([]), [])
    assert len(load(tmp_path)) == 0


def test_matching_reads_little_of_a_large_index(tmp_path: Path) -> None:
    kept = filled(tmp_path, [40])
    match = kept.match(known([TEXTS[5]]))
    assert match.names == (NAMES[5],)
    assert len(match.known.packed) <= 32
    assert (np.diff(match.known.packed.astype(np.int64)) > 0).all()
