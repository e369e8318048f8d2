"""Texts and blocks to arrays: characters, n-grams, structure, context, meaning."""

from zhengwen.stages.features.codes import Codes, Stream, count, encode, stream
from zhengwen.stages.features.context import context, probabilities
from zhengwen.stages.features.meaning import meaning
from zhengwen.stages.features.ngrams import ORDERS, hashes
from zhengwen.stages.features.structure import fingerprints, structure
from zhengwen.stages.features.vertical import unrolled

__all__ = [
    "ORDERS",
    "Codes",
    "Stream",
    "context",
    "count",
    "encode",
    "fingerprints",
    "hashes",
    "meaning",
    "probabilities",
    "stream",
    "structure",
    "unrolled",
]
