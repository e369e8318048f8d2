"""Where work is done: in this process, in several, on a cluster. What is done is the same everywhere."""

from zhengwen.engines.engine import Engine, Here

__all__ = ("Engine", "Here")
