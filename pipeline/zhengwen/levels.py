"""How sure the classifier must be before something goes."""

LEVELS = {"careful": 0.999, "balanced": 0.995, "thorough": 0.985}
"""Levels, and the share of content that each must keep on held-out articles; training finds the decoder of each."""
DEFAULT = ""
"""The level of those who name none; empty for the decoder that training found best, which bears no level's name."""
