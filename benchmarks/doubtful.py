"""Gives the labels of `samples/doubtful.jsonl` their texts back, for training.

python benchmarks/doubtful.py ARTICLES [--beside windows.jsonl] -o doubtful.jsonl

The labelled articles belong to their authors, so the project holds where passages stand, not what they say: the hash
of an article's text, code points, kinds. ARTICLES is a folder of `.md` files that holds them. An article that a file
of --beside labels too gets its source from there, so that no article stands in two folds of a cross-validation.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LABELS = Path(__file__).parents[1] / "samples" / "doubtful.jsonl"


def digest(text: str) -> str:
    """What a text is known by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def joined(labels: list[dict[str, Any]], articles: Path, sources: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The labels of the articles that the folder holds, in the order of its paths, as training reads them."""
    wanted = {row["article"]: row for row in labels}
    for path in sorted(articles.rglob("*.md")):
        text = path.read_bytes().decode("utf-8", "replace")
        key = digest(text)
        if row := wanted.pop(key, None):
            source = sources.get(key, row["source"])
            name = f"doubtful-{path.relative_to(articles).as_posix()}"
            yield {"id": name, "source": source, **{k: row[k] for k in ("window", "label")}, "text": text}


def main() -> None:
    """Writes the file, and says how many articles were found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--beside", type=Path, nargs="*", default=[])
    parser.add_argument("-o", "--output", type=Path, required=True)
    a = parser.parse_args()
    sources = {digest(row["text"]): str(row["source"]) for path in a.beside for row in rows(path)}
    labels = rows(a.labels)
    found = list(joined(labels, a.articles, sources))
    a.output.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found), encoding="utf-8")
    print(f"{len(found):,} of {len(labels):,} labelled articles found")
    raise SystemExit(not found)


if __name__ == "__main__":
    main()
