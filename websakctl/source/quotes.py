"""Typographic quotes, which a word processor makes of straight ones: to YAML they are letters like any other."""

CLOSING = {
    "“": "”“",
    "”": "”",
    "„": "“”‟",
    "‟": "”",
    "«": "»",
    "»": "«»",
    "‘": "’",
    "’": "’",
    "‚": "‘’",
}  # by the opening one


def within_quotes(text: str) -> str | None:
    """What stands between typographic quotes around a whole text; ``None`` where they are not around all of it."""
    closing = CLOSING.get(text[:1])
    inner = text[1:-1].strip()
    if closing is None or text[-1] not in closing or not inner or any(c in inner for c in (text[0], *closing)):
        return None
    return inner
