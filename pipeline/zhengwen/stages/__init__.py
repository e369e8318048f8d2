"""The stages of an article's way: pure functions of values; they do not import each other."""
