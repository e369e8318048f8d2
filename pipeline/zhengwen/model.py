"""The classifier as one value: arrays and a JSON card. Loading executes nothing; scoring needs NumPy alone."""

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import Article
from zhengwen.blocks import Blocks, Floats
from zhengwen.errors import ModelError, OutputError
from zhengwen.levels import LEVELS
from zhengwen.scoring import Features, featurise, score
from zhengwen.stages.decode import Decoder, Kinds, bridge
from zhengwen.stages.scores import Calibration, Embedding, Words, softmax
from zhengwen.stages.tagger import Tagger

FORMAT = 7
"""Version of the files, the features and what a decoder means; a model of another one is refused."""
CARD = "card.json"
_LAYERS = tuple(part.name for part in fields(Tagger) if part.name != "embedding")
_STEPS = {"careful": 2.0, "balanced": 1.0, "thorough": 0.0}
"""Caution that a level adds where training found no decoder for it."""
_PACKED = Path(__file__).parent / "models" / "default"
_CHECKOUT = Path(__file__).parents[2] / "models" / "default"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the classifier makes of a batch of articles.

    probabilities: float32 (blocks, kinds), calibrated; certain content for blocks that carry no decision.
    kinds: uint8 (blocks,), decided, index of `KINDS`.
    """

    features: Features
    probabilities: Floats
    kinds: Kinds

    @property
    def blocks(self) -> Blocks:
        """The blocks of the batch."""
        return self.features.blocks


class Evidence(Protocol):
    """What speaks for boilerplate beyond an article itself."""

    def log_odds(self, articles: Sequence[Article], blocks: Blocks) -> Floats:
        """What is added to the log-odds of boilerplate of each block; (blocks,)."""


@dataclass(frozen=True)
class Model:
    """A classifier: tagger, calibration, decoder, and the card that says where it is from.

    corrections: what a block's words add to its scores, in a model that was adapted.
    levels: the decoder of each level of `zhengwen.levels`; empty for a model that was trained before there were any.
    """

    tagger: Tagger
    calibration: Calibration
    decoder: Decoder
    card: Mapping[str, Any]
    corrections: Words | None = None
    levels: Mapping[str, Decoder] = field(default_factory=dict)

    def at(self, level: str) -> "Model":
        """The model with the decoder of a level, and a fingerprint of its own; itself if the level is empty.

        A model without levels is made more cautious by fixed steps, which promise no share of the content.
        """
        if not level:
            return self
        steps = {name: replace(self.decoder, caution=self.decoder.caution + s) for name, s in _STEPS.items()}
        decoder = self.levels[level] if self.levels else steps[level]
        decisive = json.dumps([self.fingerprint, _decoder_card(decoder)], sort_keys=True)
        own = hashlib.sha256(decisive.encode()).hexdigest() if decoder != self.decoder else self.fingerprint
        return replace(self, decoder=decoder, card={**self.card, "fingerprint": own})

    def read(self, articles: Sequence[Article], evidence: Evidence | None = None) -> Reading:
        """Scores and decides every block of a batch; articles do not influence each other."""
        found = featurise(articles)
        probabilities = self.probabilities(found)
        if evidence is not None:
            probabilities = weighed(probabilities, evidence.log_odds(articles, found.blocks))
        return self.decide(found, probabilities)

    def probabilities(self, found: Features) -> Floats:
        """Calibrated probabilities (blocks, kinds)."""
        said = score(self.tagger, found)
        out = self.calibration(said)
        if self.corrections is not None:
            out = softmax(np.log(np.maximum(out, 1e-9)) + self.corrections.logits(found.hashed))
        return np.where(found.blocks.readable()[:, None], out, said)

    def per_gram(self, buckets: NDArray[np.uint32]) -> Floats:
        """What each n-gram leans to: (n-grams, kinds); a linear likeness of the tagger, and the corrections."""
        leaning: Floats = self.tagger.embedding.per_gram(buckets) @ self.tagger.leaning
        return leaning if self.corrections is None else leaning + self.corrections.per_gram(buckets)

    def decide(self, found: Features, probabilities: Floats) -> Reading:
        """Kinds of the blocks from their probabilities."""
        loud = np.flatnonzero(~found.silent)
        starts = np.searchsorted(loud, found.blocks.articles)
        kinds = np.zeros(len(found.blocks), np.uint8)
        kinds[loud] = self.decoder.kinds(probabilities[loud], starts)
        return Reading(found, probabilities, bridge(kinds, found.silent, found.blocks.owner()))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that decides: arrays, decoder and calibration; empty before the model is saved."""
        return str(self.card.get("fingerprint", ""))


def _decoder_card(decoder: Decoder) -> dict[str, float]:
    return {"change": decoder.change, "caution": decoder.caution, "whole": decoder.whole}


def _arrays(model: Model) -> dict[str, NDArray[Any]]:
    """The arrays of a model as they are stored: weights of corrections in half precision."""
    tagger = model.tagger
    return {
        **(_stored_words("corrections", model.corrections) if model.corrections else {}),
        **{f"embedding.{part.name}": getattr(tagger.embedding, part.name) for part in _public(Embedding)},
        **{f"tagger.{name}": getattr(tagger, name) for name in _LAYERS},
    }


def _public(kind: type[Embedding]) -> list[Field[Any]]:
    return [part for part in fields(kind) if not part.name.startswith("_")]


def _stored_words(stage: str, words: Words) -> dict[str, NDArray[Any]]:
    return {
        f"{stage}.terms": words.terms,
        f"{stage}.idf": words.idf.astype(np.float16),
        f"{stage}.weights": words.weights.astype(np.float16),
    }


def _tagger(arrays: Mapping[str, NDArray[Any]]) -> Tagger:
    embedding = Embedding(**{part.name: arrays[f"embedding.{part.name}"] for part in _public(Embedding)})
    return Tagger(embedding, **{name: arrays[f"tagger.{name}"] for name in _LAYERS})


def default_path() -> Path:
    """Where the shipped model lies, in an installed package or in a checkout."""
    return _PACKED if _PACKED.is_dir() else _CHECKOUT


def weighed(probabilities: Floats, log_odds: Floats) -> Floats:
    """Probabilities (blocks, kinds) with more odds for boilerplate, of whichever kind; log_odds: (blocks,)."""
    rows = np.flatnonzero(log_odds)
    if not len(rows):
        return probabilities
    more = probabilities[rows]
    more[:, 1:] *= np.exp(log_odds[rows])[:, None]
    out = probabilities.copy()
    out[rows] = more / more.sum(1, keepdims=True)
    return out


def save(model: Model, folder: Path) -> None:
    """Writes a model: an ``.npy`` file an array, and the card with their hashes.

    A model that stood there is replaced as a whole or, if anything fails, not at all. Raises `OutputError`.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".zhengwen-") as temporary:
            fresh, old = Path(temporary, "new"), Path(temporary, "old")
            _write(model, fresh)
            if folder.exists():
                folder.rename(old)
            try:
                fresh.rename(folder)
            except BaseException:
                if old.exists():
                    old.rename(folder)
                raise
    except OSError as e:
        raise OutputError(f"{folder}: the model cannot be written ({e.strerror})") from None


def _write(model: Model, folder: Path) -> None:
    folder.mkdir()
    files = {}
    for name, array in _arrays(model).items():
        path = folder / f"{name}.npy"
        np.save(path, array, allow_pickle=False)
        files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {
        **model.card,
        "format": FORMAT,
        "decoder": _decoder_card(model.decoder),
        **({"levels": {n: _decoder_card(d) for n, d in model.levels.items()}} if model.levels else {}),
        "calibration": {"said": model.calibration.said.tolist(), "meant": model.calibration.meant.tolist()},
        "files": files,
    }
    card["fingerprint"] = _fingerprint(card)
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _fingerprint(card: Mapping[str, Any]) -> str:
    decisive = {name: card[name] for name in ("format", "decoder", "calibration", "files")}
    decisive |= {"levels": card["levels"]} if "levels" in card else {}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def load(folder: Path | None = None) -> Model:
    """Reads a model, the shipped one by default, and verifies every file's hash.

    Raises `ModelError` for a missing, damaged or foreign model.
    """
    folder = folder or default_path()
    card = _card(folder)
    arrays = {name.removesuffix(".npy"): _array(folder / name, digest) for name, digest in card["files"].items()}
    try:
        levels = {name: Decoder(**decoder) for name, decoder in card.get("levels", {}).items()}
        if levels and levels.keys() != LEVELS.keys():
            raise ValueError(f"its levels are {', '.join(levels)}, not {', '.join(LEVELS)}")
        corrections = _words("corrections", arrays) if "corrections.terms" in arrays else None
        decoder = Decoder(**card["decoder"])
        calibration = Calibration(*(np.array(card["calibration"][name], np.float64) for name in ("said", "meant")))
        return Model(_tagger(arrays), calibration, decoder, card, corrections, levels)
    except (KeyError, TypeError, ValueError, IndexError) as e:
        raise ModelError(f"{folder}: the model does not fit together ({e}); train it again or reinstall") from None


def _words(stage: str, arrays: Mapping[str, NDArray[Any]]) -> Words:
    part = {name: arrays[f"{stage}.{name}"] for name in ("terms", "idf", "weights")}
    return Words(part["terms"], part["idf"].astype(np.float32), part["weights"])


def _card(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise ModelError(f"{folder}: there is no model folder here; `zhengwen train … -o {folder}` makes one")
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise ModelError(
                f"{folder}: the model has format {card['format']}, this zhengwen reads format {FORMAT}; train it again"
            )
        if card["fingerprint"] != _fingerprint(card):
            raise ModelError(f"{folder / CARD}: altered, its hash is not that of its numbers; train the model again")
        if any(Path(name).name != name for name in card["files"]):
            raise ModelError(f"{folder / CARD}: names files outside of its folder; do not use this model")
    except FileNotFoundError:
        raise ModelError(f"{folder}: not a model folder, it holds no {CARD}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise ModelError(f"{folder / CARD}: damaged model card ({e}); train the model again or reinstall") from None
    return card


def _array(path: Path, digest: str) -> NDArray[Any]:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise ModelError(f"{path}: a file of the model cannot be read ({e.strerror}); train it again") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise ModelError(f"{path}: damaged or altered, its hash is not that of the card; train the model again")
    try:
        array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError):
        raise ModelError(f"{path}: not an array; train the model again") from None
    return array
