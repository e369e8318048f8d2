"""Texts and blocks to arrays: characters, n-grams, structure."""

from zhengwen.stages.features.codes import DROPPED, TAG, Codes, Stream, count, encode, plain, stream
from zhengwen.stages.features.ngrams import ORDERS, hashes, places
from zhengwen.stages.features.structure import fingerprints, structure

__all__ = [
    "DROPPED",
    "ORDERS",
    "TAG",
    "Codes",
    "Stream",
    "count",
    "encode",
    "fingerprints",
    "hashes",
    "places",
    "plain",
    "stream",
    "structure",
]
