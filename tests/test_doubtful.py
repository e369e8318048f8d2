"""The labels of texts that are not ours to ship: places only, and the texts come back from who has them."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

from zhengwen.articles import BOILERPLATE
from zhengwen.training.labels import read_labels

SHIPPED = ROOT / "samples" / "doubtful.jsonl"
SCRIPT = ROOT / "benchmarks" / "doubtful.py"


def run(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *map(str, args)], capture_output=True, text=True, check=False)


def test_no_text_is_shipped_with_them() -> None:
    rows = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
    assert len({row["article"] for row in rows}) == len(rows) > 5000
    for row in rows:
        assert row.keys() == {"article", "source", "window", "label"}
        assert all(len(row[key]) == length and set(row[key]) <= set("0123456789abcdef") for key, length in SIZES)
        assert all(0 <= start < end for start, end in row["window"])
        assert all(0 <= start < end and kind in BOILERPLATE for start, end, kind in row["label"])


SIZES = (("article", 64), ("source", 12))


def test_the_texts_come_back(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    text = "\ufeff正文一句。\r\n\r\n扫码入群。\r\n"
    (tmp_path / "in" / "sub" / "a.md").write_bytes(text.encode())
    (tmp_path / "in" / "b.md").write_text("别的。\n", encoding="utf-8")
    at = text.index("扫码")
    row = {"article": hashlib.sha256(text.encode()).hexdigest(), "source": "0" * 12, "window": [[at, len(text)]]}
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps(row | {"label": [[at, at + 5, "engagement"]]}) + "\n", encoding="utf-8")
    beside = tmp_path / "beside.jsonl"
    beside.write_text(json.dumps({"text": text, "source": "某人"}) + "\n", encoding="utf-8")
    done = run(tmp_path / "in", "--labels", labels, "--beside", beside, "-o", tmp_path / "out.jsonl")
    assert (done.returncode, done.stdout) == (0, "1 of 1 labelled articles found\n")
    (sample,) = read_labels([tmp_path / "out.jsonl"])
    assert (sample.article.text, sample.source) == (text, "某人")
    assert [text[a:b] for a, b, _ in sample.spans] == ["扫码入群。"]
    assert sample.windows == ((at, len(text)),)


def test_none_of_them_found_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("别的。\n", encoding="utf-8")
    done = run(tmp_path, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 1
