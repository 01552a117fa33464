"""Texts from outside, written so that nothing in them can act on a terminal or a page."""

from websakctl.redaction import redact


def safe(text: str) -> str:
    """Escape control and direction characters that come from outside; nothing can look like a line of its own."""
    if text.isascii() and text.isprintable():
        return text
    text = redact(text)  # before what stands between digits is escaped
    return text if text.isprintable() else visible(text.replace("\n", "\\n"))


def visible(text: str) -> str:
    """Escape control and direction characters, but for line feeds."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text)
