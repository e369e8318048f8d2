"""AdamW (Loshchilov and Hutter, ICLR 2019), for layers, and for the rows of a table that a step meets."""

from dataclasses import dataclass

import numpy as np

from zhengwen.blocks import Floats, Ints

Layers = dict[str, Floats]
"""Layers by the names of `zhengwen.stages.tagger.Tagger`."""
_MOMENTS = (0.9, 0.999)


@dataclass(slots=True)
class Adam:
    """AdamW's memory of gradients, by layer."""

    first: Layers
    second: Layers
    done: int = 0

    @classmethod
    def of(cls, layers: Layers) -> "Adam":
        """A memory without gradients."""
        first, second = ({name: np.zeros_like(layer) for name, layer in layers.items()} for _ in range(2))
        return cls(first, second)

    def move(self, layers: Layers, gradients: Layers, rate: float, decay: float) -> None:
        """Moves the layers in place."""
        self.done += 1
        for name, layer in layers.items():
            first, second = self.first[name], self.second[name]
            change = self._change(first, second, gradients[name])
            layer *= np.float32(1 - rate * decay)
            layer -= np.float32(rate) * change

    def move_some(self, table: Floats, gradient: Floats, rows: Ints, rate: float) -> None:
        """Moves some rows of a table in place, and remembers for these alone."""
        self.done += 1
        first, second = self.first["table"][rows], self.second["table"][rows]
        table[rows] -= np.float32(rate) * self._change(first, second, gradient)
        self.first["table"][rows], self.second["table"][rows] = first, second

    def _change(self, first: Floats, second: Floats, gradient: Floats) -> Floats:
        one, two = map(np.float32, _MOMENTS)
        first *= one
        first += (1 - one) * gradient
        second *= two
        second += (1 - two) * gradient**2
        unbias = [np.float32(1 - moment**self.done) for moment in _MOMENTS]
        change: Floats = (first / unbias[0]) / (np.sqrt(second / unbias[1]) + np.float32(1e-8))
        return change
