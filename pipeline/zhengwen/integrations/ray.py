"""A class for ``ray.data.Dataset.map_batches``: rows in, rows with their main text out."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import DEFAULT_SELECTION
from zhengwen.integrations.texts import Choice, passages


class MainText:
    """``dataset.map_batches(MainText, fn_constructor_kwargs={...}, concurrency=4)``; a worker loads the model once.

    text: the column that is cleaned; missing values stay. select: kinds that go. model: folder of another model.
    drop_adverts: rows that are an advertisement as a whole are dropped.
    removed: a column that gets what was removed, as JSON; None leaves it out.
    """

    def __init__(
        self,
        text: str = "text",
        select: tuple[str, ...] = DEFAULT_SELECTION,
        model: str | None = None,
        drop_adverts: bool = False,
        removed: str | None = None,
    ) -> None:
        self._choice = Choice(model, tuple(select))
        self._text, self._drop, self._removed = text, drop_adverts, removed

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """A batch in the format "numpy", which is the default. Raises `KeyError` if there is no such column."""
        if self._text not in batch:
            raise KeyError(f"there is no column {self._text!r}; choose from {', '.join(batch)}")
        given = batch[self._text].tolist()
        there = [n for n, text in enumerate(given) if isinstance(text, str)]
        cleaned = dict(zip(there, self._choice.clean([given[n] for n in there]), strict=True))
        texts = [cleaned[n].text if n in cleaned else text for n, text in enumerate(given)]
        out = {**batch, self._text: np.array(texts, object)}
        if self._removed:
            told = [
                json.dumps(passages(cleaned[n]) if n in cleaned else [], ensure_ascii=False) for n in range(len(given))
            ]
            out[self._removed] = np.array(told, object)
        if not self._drop:
            return out
        stays = np.array([not (n in cleaned and cleaned[n].advert) for n in range(len(given))], np.bool_)
        return {name: column[stays] for name, column in out.items()}
