"""What n-grams mean before a label is seen: those of like blocks lie near each other."""

import numpy as np

from zhengwen.training.adam import Mean
from zhengwen.training.meaning import first_vectors

TOPICS, WORDS, BLOCKS, LENGTH = 6, 20, 900, 15
DIMENSIONS = 8


def blocks_of_one_topic_each() -> tuple[np.ndarray, np.ndarray]:
    """Terms of a topic lie side by side, its number times `WORDS` on; a fifth of a block's are any."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, TOPICS, BLOCKS)
    own = topic[:, None] * WORDS + rng.integers(0, WORDS, (BLOCKS, LENGTH))
    anything = rng.integers(0, TOPICS * WORDS, (BLOCKS, LENGTH))
    grams = np.where(rng.random((BLOCKS, LENGTH)) < 0.2, anything, own)
    return grams.ravel().astype(np.uint32), np.arange(BLOCKS + 1) * LENGTH


def test_terms_that_share_blocks_lie_near_each_other() -> None:
    grams, starts = blocks_of_one_topic_each()
    vectors = first_vectors(np.random.default_rng(1), grams, starts, (TOPICS * WORDS, DIMENSIONS), 0.05)
    assert abs(float(vectors.std()) - 0.05) < 1e-4
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = unit @ unit.T
    same = np.arange(TOPICS * WORDS)[:, None] // WORDS == np.arange(TOPICS * WORDS) // WORDS
    off = ~np.eye(TOPICS * WORDS, dtype=bool)
    assert alike[same & off].mean() > alike[~same].mean() + 0.5


def test_the_same_bytes_each_time() -> None:
    grams, starts = blocks_of_one_topic_each()
    one, other = (first_vectors(np.random.default_rng(1), grams, starts, (120, DIMENSIONS), 0.05) for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_too_few_blocks_tell_nothing() -> None:
    grams, starts = blocks_of_one_topic_each()
    few = first_vectors(np.random.default_rng(1), grams[: 5 * LENGTH], starts[:6], (120, DIMENSIONS), 0.05)
    assert few.shape == (120, DIMENSIONS)
    assert np.array_equal(few, np.random.default_rng(1).normal(0, 0.05, (120, DIMENSIONS)).astype(np.float32))
    none = first_vectors(np.random.default_rng(1), grams[:0], starts[:1], (0, DIMENSIONS), 0.05)
    assert none.shape == (0, DIMENSIONS)


def test_the_mean_of_layers_along_the_way() -> None:
    mean = Mean()
    layer = np.ones(3, np.float32)
    for _ in range(3):
        mean.add({"a": layer})
        layer += 1
    assert np.array_equal(mean.layers()["a"], np.full(3, 2, np.float32))
