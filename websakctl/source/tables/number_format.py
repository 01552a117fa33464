"""What a spreadsheet shows for a number: leading zeros, grouping, and text that the format adds."""

import re
from decimal import Decimal

# One part of a format: [colour or locale], "text", \x, _x (a blank), *x (a filling), a digit, or any other character.
_PART = re.compile(r'\[[^\]]*\]|"[^"]*"|\\.|_.|\*.|[0#?]|.', re.DOTALL)
_LITERAL = frozenset(" -+/():.&'")
_GENERAL = frozenset({"general", "standard", "@", "0", "#", "#,##0", "# ##0", "#\u00a0##0"})


def shown(number: str, code: str) -> str | None:
    """Write a whole number as its format shows it.

    Args:
        number: As the file writes it: ``42``, ``42.0``, ``4.2E1``.
        code: The cell's number format: ``00000``, ``General``.

    Returns:
        The text, or ``None`` where the number is not whole, or the format shows something else than its digits.
    """
    value = Decimal(number)
    if value != value.to_integral_value() or abs(value) >= 10**15:
        return None
    digits = str(abs(int(value)))
    sign = "-" if value < 0 else ""
    section = _section(code)
    if section.casefold() in _GENERAL:
        return sign + digits
    pieces: list[str] = []
    holders: list[int] = []  # places of digits in `pieces`
    decimals = False  # of a whole number they are looks
    for part in _PART.findall(section):
        if part in "0#?":
            if decimals:
                continue
            holders.append(len(pieces))
            pieces.append(part)
        elif part == "," or part[0] in "[_*":
            continue  # grouping, colours and fillings are looks
        elif part[0] == '"' or part[0] == "\\":
            pieces.append(part.strip('"') if part[0] == '"' else part[1])
        elif part == ".":
            decimals = True
        elif part in _LITERAL or part == "\u00a0":
            pieces.append(part)
        else:
            return None  # %, E, fractions, letters that Excel would read as a date
    if not holders:
        return sign + digits if not any(piece.strip() for piece in pieces) else None
    for at in reversed(holders):
        digit, digits = digits[-1:], digits[:-1]
        pieces[at] = digit or ("0" if pieces[at] == "0" else "")
    pieces[holders[0]] = digits + pieces[holders[0]]
    return sign + re.sub(r"\s+", " ", "".join(pieces)).strip()


def _section(code: str) -> str:
    """The section for positive numbers: all up to the first semicolon outside quotes."""
    outside = re.match(r'(?:"[^"]*"|\\.|[^;"])*', code, re.DOTALL)
    return (outside[0] if outside else code).strip()
