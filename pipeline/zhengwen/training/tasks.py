"""Pre-labelled articles as the tools that label them read them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zhengwen.articles import Article, Span
from zhengwen.training.offsets import places

Tool = Literal["doccano", "label-studio", "zhengwen"]
TOOLS: tuple[Tool, ...] = ("zhengwen", "doccano", "label-studio")
LABELS, TEXT = "label", "text"
"""Names of the tags of a labelling configuration of Label Studio."""


@dataclass(frozen=True, slots=True)
class Task:
    """An article to label.

    spans: what the model finds. gain: what its labels would add, see `zhengwen.training.selection`.
    """

    article: Article
    spans: Sequence[Span]
    gain: float


def row(task: Task, tool: Tool) -> dict[str, Any]:
    """A task as an object of the tool's format."""
    text, name = task.article.text, task.article.name
    if tool == "label-studio":
        result = [_result(task, span) for span in task.spans]
        data = {"id": name, TEXT: text, "path": name, "offsets": "code-points"}
        return {"data": data, "predictions": [{"model_version": "zhengwen", "result": result}]}
    meta = {"path": name, "gain": round(task.gain, 4)}
    if tool == "zhengwen":
        return {"id": name, "text": text, "label": [list(span) for span in task.spans], "meta": meta}
    where = places(text, "utf-16")
    label = [[int(where[start]), int(where[end]), kind] for start, end, kind in task.spans]
    return {"id": name, "text": text, "label": label, "offsets": "utf-16", **meta}


def _result(task: Task, span: Span) -> dict[str, Any]:
    start, end, kind = span
    digest = hashlib.blake2b(f"{task.article.name}\0{start}\0{end}".encode("utf-8", "surrogatepass"), digest_size=5)
    value = {"start": start, "end": end, "text": task.article.text[start:end], "labels": [kind]}
    return {"id": digest.hexdigest(), "from_name": LABELS, "to_name": TEXT, "type": "labels", "value": value}
