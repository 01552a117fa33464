"""Patterns that stand for a whole text: in a check, in a JSON Schema and in a message."""

import msgspec

_END = r"\Z"  # in Python ``$`` lets a line end pass after it


def matching(pattern: str, words: str, *, max_length: int | None = None, min_length: int | None = None) -> msgspec.Meta:
    """A limit on a text: the pattern stands for all of it, and has no ``|`` outside brackets.

    Args:
        pattern: The regular expression, for programs.
        words: The same for people, to stand after "write": ``2 to 20 capitals, digits and hyphens``.
        max_length: Characters at most.
        min_length: Characters at least.
    """
    return msgspec.Meta(pattern=f"^{pattern}{_END}", description=words, max_length=max_length, min_length=min_length)


def shown(pattern: str) -> str:
    """A pattern as JSON Schema and people have it."""
    return f"{pattern.removesuffix(_END)}$" if pattern.endswith(_END) else pattern
