"""A transformer for scikit-learn: texts to how much of each is boilerplate, by kind."""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from zhengwen.articles import KINDS, Article
from zhengwen.batching import by_size
from zhengwen.blocks import Floats
from zhengwen.cleaning import are_adverts
from zhengwen.integrations.texts import CHARACTERS, loaded

_WHOLE = "advert"


class KindScores(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts to float32 (texts, kinds + 1): the expected share of each kind in the text, and the whole's verdict.

    A share is the mean of a kind's calibrated probability over the blocks, weighted by letters; the shares of a text
    add up to 1. The last column is 1 for a text in which boilerplate, promotion above all, leaves no article. A text
    without a letter is content.

    model: folder of another model than the shipped one.
    """

    def __init__(self, model: str | None = None) -> None:
        self.model = model

    def fit(self, X: Iterable[str], y: object = None) -> Self:  # noqa: ARG002, N803
        """Loads the model; nothing is learnt. Raises `zhengwen.errors.ModelError`."""
        loaded(self.model)
        self.n_kinds_ = len(KINDS)
        return self

    def transform(self, X: Iterable[str]) -> Floats:  # noqa: N803
        """The scores. Raises `ValueError` for what is not text."""
        check_is_fitted(self)
        if isinstance(X, str):
            raise ValueError("expected texts, not a single text; put it into a list")
        texts = list(X)
        if any(not isinstance(text, str) for text in texts):
            raise ValueError("expected texts; fill in what is missing")
        parts = [self._scores(batch) for batch in by_size(texts, len, CHARACTERS)]
        return np.concatenate(parts) if parts else np.zeros((0, len(KINDS) + 1), np.float32)

    def _scores(self, texts: list[str]) -> Floats:
        model = loaded(self.model)
        reading = model.read([Article(str(number), text) for number, text in enumerate(texts)])
        owner, weights = reading.blocks.owner(), reading.features.weights
        total = np.bincount(owner, weights, minlength=len(texts))
        out = np.zeros((len(texts), len(KINDS) + 1), np.float32)
        for kind in range(len(KINDS)):
            share = np.bincount(owner, weights * reading.probabilities[:, kind], minlength=len(texts))
            out[:, kind] = share / np.maximum(total, 1)
        out[total == 0, 0] = 1
        out[:, -1] = are_adverts(reading, owner, model.decoder.whole)
        return out

    def get_feature_names_out(self, input_features: Any = None) -> Any:  # noqa: ARG002
        """Names of the columns."""
        return np.array([*KINDS, _WHOLE], object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False, True
        tags.requires_fit = False
        return tags
