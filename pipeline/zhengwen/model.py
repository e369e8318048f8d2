"""The classifier as one value: arrays and a JSON card. Loading executes nothing; scoring needs NumPy alone."""

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhengwen.articles import KINDS, Article
from zhengwen.blocks import Blocks, Flags, Floats, Ints
from zhengwen.errors import ModelError, OutputError
from zhengwen.stages import features
from zhengwen.stages.decode import Decoder, Kinds, bridge
from zhengwen.stages.scores import BITS, Network, Words, softmax
from zhengwen.stages.segment import segment

FORMAT = 2
"""Version of the files and of the features; a model of another one is refused."""
CARD = "card.json"
_NETWORK = ("centre", "scale", "hidden", "hidden_bias", "output", "output_bias")
IMAGE_WEIGHT = 10
"""A picture weighs as much as this many letters."""
_PACKED = Path(__file__).parent / "models" / "default"
_CHECKOUT = Path(__file__).parents[2] / "models" / "default"


@dataclass(frozen=True, slots=True)
class Features:
    """Everything about a batch of articles that the classifier reads.

    hashed: buckets of n-grams by order, see `zhengwen.stages.features.hashes`.
    structure: named columns of float32 (blocks,).
    weights: float32 (blocks,), letters, digits and Han characters, and `IMAGE_WEIGHT` a picture; 0 in front matter.
    """

    blocks: Blocks
    hashed: list[tuple[NDArray[np.uint32], Ints]]
    structure: dict[str, Floats]
    weights: Floats

    @property
    def silent(self) -> Flags:
        """Blocks that hold nothing to decide about."""
        weightless: Flags = self.weights == 0
        return weightless


def featurise(articles: Sequence[Article]) -> Features:
    """Segments a batch of articles and computes their features."""
    blocks = segment([a.text for a in articles])
    codes = features.encode([a.text for a in articles])
    columns = features.structure(codes, features.stream(codes.shown, blocks), blocks)
    weights = np.rint(np.expm1(columns["letters"])) + IMAGE_WEIGHT * features.count(blocks, codes.images)
    weights[~blocks.readable()] = 0
    words = features.stream(codes.folded, blocks)
    hashed = [features.hashes(words, order, BITS) for order in features.ORDERS]
    return Features(blocks, hashed, columns, weights.astype(np.float32))


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


@dataclass(frozen=True)
class Model:
    """A classifier: words, a network over the context, decoder, and the card that says where it comes from.

    corrections: what a block's words add to its last scores, in a model that was adapted; their bias is 0.
    """

    words: Words
    network: Network
    decoder: Decoder
    card: Mapping[str, Any]
    corrections: Words | None = None

    def read(self, articles: Sequence[Article]) -> Reading:
        """Scores and decides every block of a batch; articles do not influence each other."""
        found = featurise(articles)
        return self.decide(found, self.probabilities(found))

    def probabilities(self, found: Features, logits: Floats | None = None) -> Floats:
        """Calibrated probabilities (blocks, kinds); ``logits``: word scores (blocks, kinds) instead of the model's."""
        logits = self.words.logits(found.hashed) if logits is None else logits
        rows = features.context(logits, found.structure, found.blocks)
        out = np.zeros((len(found.blocks), len(KINDS)), np.float32)
        out[:, 0] = 1
        out[found.blocks.readable()] = self.network.probabilities(rows)
        if self.corrections is None:
            return out
        more = self.corrections.logits(found.hashed, self.words.lengths(found.hashed))
        return np.where(found.blocks.readable()[:, None], softmax(np.log(np.maximum(out, 1e-9)) + more), out)

    def decide(self, found: Features, probabilities: Floats) -> Reading:
        """Kinds of the blocks from their probabilities."""
        loud = np.flatnonzero(~found.silent)
        starts = np.searchsorted(loud, found.blocks.articles)
        kinds = np.zeros(len(found.blocks), np.uint8)
        kinds[loud] = self.decoder.kinds(probabilities[loud], starts)
        return Reading(found, probabilities, bridge(kinds, found.silent, found.blocks.owner()))

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that decides: arrays, decoder and temperature; empty before the model is saved."""
        return str(self.card.get("fingerprint", ""))


def _decoder_card(decoder: Decoder) -> dict[str, float]:
    return {"change": decoder.change, "caution": decoder.caution, "whole": decoder.whole}


def _arrays(model: Model) -> dict[str, NDArray[Any]]:
    """The arrays of a model as they are stored: word weights in half precision."""
    arrays: dict[str, NDArray[Any]] = {}
    for stage, words in (("words", model.words), ("corrections", model.corrections)):
        if words is not None:
            arrays[f"{stage}.terms"], arrays[f"{stage}.bias"] = words.terms, words.bias
            arrays[f"{stage}.idf"], arrays[f"{stage}.weights"] = (
                numbers.astype(np.float16) for numbers in (words.idf, words.weights)
            )
    return arrays | {f"network.{name}": getattr(model.network, name) for name in _NETWORK}


def default_path() -> Path:
    """Where the shipped model lies, in an installed package or in a checkout."""
    return _PACKED if _PACKED.is_dir() else _CHECKOUT


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
        "format": FORMAT,
        **model.card,
        "decoder": _decoder_card(model.decoder),
        "temperature": model.network.temperature,
        "files": files,
    }
    card["fingerprint"] = _fingerprint(card)
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _fingerprint(card: Mapping[str, Any]) -> str:
    decisive = {name: card[name] for name in ("format", "decoder", "temperature", "files")}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def load(folder: Path | None = None) -> Model:
    """Reads a model, the shipped one by default, and verifies every file's hash.

    Raises `ModelError` for a missing, damaged or foreign model.
    """
    folder = folder or default_path()
    card = _card(folder)
    arrays = {name.removesuffix(".npy"): _array(folder / name, digest) for name, digest in card["files"].items()}
    try:
        words = _words("words", arrays)
        corrections = _words("corrections", arrays) if "corrections.terms" in arrays else None
        network = Network(**_network_arrays(arrays), temperature=float(card["temperature"]))
        return Model(words, network, Decoder(**card["decoder"]), card, corrections)
    except (KeyError, TypeError, ValueError, IndexError) as e:
        raise ModelError(f"{folder}: the model does not fit together ({e}); train it again or reinstall") from None


def _words(stage: str, arrays: Mapping[str, NDArray[Any]]) -> Words:
    idf, weights = (arrays[f"{stage}.{name}"].astype(np.float32) for name in ("idf", "weights"))
    return Words(arrays[f"{stage}.terms"], idf, weights, arrays[f"{stage}.bias"])


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


def _network_arrays(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    return {name: arrays[f"network.{name}"] for name in _NETWORK}


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
