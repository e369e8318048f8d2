"""Whether passages are known again with small changes, and how many others are taken for them.

python benchmarks/sketches.py LABELS [--edits 0.02 0.05 0.1] [--every N]

Of the labelled passages, each is changed at random (letters replaced, added, dropped), and looked for by its mark; then
all pairs of different passages are compared, and those taken for one another are counted with how alike they are.
"""

import argparse
import difflib
import random
from collections import defaultdict
from pathlib import Path

import numpy as np

from zhengwen.articles import letters
from zhengwen.sketches import SHORTEST, STRETCH, TOLERANCE, mark, marks, near
from zhengwen.training.labels import read_labels

LONG = 32
ALIKE = 0.8
"""Likeness (difflib's ratio of letters) from which on two passages are the same with changes."""


def changed(said: str, share: float, alphabet: str, rng: random.Random) -> str:
    """A text of which a share of the letters is replaced, added or dropped."""
    out = list(said)
    for _ in range(max(1, round(share * len(said)))):
        place = rng.randrange(len(out))
        out[place : place + 1] = rng.choice(([], [rng.choice(alphabet)], [out[place], rng.choice(alphabet)]))
    return "".join(out)


def main() -> None:
    """Edits, compares, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--edits", type=float, nargs="+", default=(0.02, 0.05, 0.1))
    parser.add_argument("--every", type=int, default=1)
    a = parser.parse_args()
    rng = random.Random(0)
    samples = read_labels([a.labels])
    found = [letters(s.article.text[start:end]) for s in samples for start, end, _ in s.spans]
    said = sorted({p for p in found if len(p) >= SHORTEST})[:: a.every]
    alphabet = "".join(c for p in said[:200] for c in p)
    print(f"{len(said):,} different passages of {SHORTEST} letters and more")
    for share in a.edits:
        known = defaultdict(list)
        for passage in said:
            wanted = marks(frozenset([mark(passage)]))
            other = changed(passage, share, alphabet, rng)
            known[len(passage) >= LONG].append(bool(other) and list(near([other], wanted, (0, 1))) != [])
        print(f"{share:.0%} of the letters changed, known again:", end="")
        print(f" {np.mean(known[True]):.3f} from {LONG} letters on, {np.mean(known[False]):.3f} of shorter ones")
    wanted = [marks(frozenset([mark(p)])) for p in said]
    table, lengths = np.concatenate([w.sketches for w in wanted]), np.concatenate([w.lengths for w in wanted])
    taken = strange = 0
    for n, passage in enumerate(said):
        away = np.bitwise_count(table[n] ^ table[n + 1 :]).sum(1)
        same = (away <= TOLERANCE) & (np.abs(lengths[n + 1 :] - lengths[n]) <= STRETCH * lengths[n])
        for other in (np.flatnonzero(same) + n + 1).tolist():
            taken += 1
            strange += difflib.SequenceMatcher(None, passage, said[other], autojunk=False).ratio() < ALIKE
    told = f"{taken:,}, {strange:,} of them less than {ALIKE} alike"
    print(f"pairs of different passages taken for one another: {told}")


if __name__ == "__main__":
    main()
