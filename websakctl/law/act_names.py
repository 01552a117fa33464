"""What acts are called."""


def normalised(name: str) -> str:
    """A name of an act as it is compared: neither capitals, blanks nor a full stop at its end make another act of it."""
    return " ".join(name.casefold().split()).rstrip(".")
