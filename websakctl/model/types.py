"""Field types that several kinds share."""

import re
from datetime import date
from typing import Annotated

from msgspec import Meta

from websakctl.model.marks import Check
from websakctl.model.patterns import matching

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # these act on a terminal, or are no text at all


def _date_problem(text: str) -> str | None:
    try:
        if _DAY.match(text):  # Python takes other shapes too, such as 20270201
            date.fromisoformat(text)
            return None
    except ValueError:
        pass
    return f"{text!r} is not a date: write YYYY-MM-DD"


def check_digit(first_eight: str) -> str | None:
    """The ninth digit of an organisation number; ``None`` where no digit fits.

    Source: Brønnøysund register centre, modulus 11 with weights 3 2 7 6 5 4 3 2.
    """
    a, b, c, d, e, f, g, h = first_eight.encode()  # ASCII codes: 48 is nought, and the weights are 32 together
    rest = (3 * a + 2 * b + 7 * c + 6 * d + 5 * e + 4 * f + 3 * g + 2 * h - 48 * 32) % 11
    return None if rest == 1 else str((11 - rest) % 11)


def orgnr_problem(text: str) -> str | None:
    """Say what is wrong with an organisation number, or nothing."""
    if len(text) != 9 or not text.isascii() or not text.isdigit():
        return f"{text} is not an organisation number: it has nine digits"
    digit = check_digit(text[:8])
    if digit == text[8]:
        return None
    if digit is None:
        return f"{text} is not an organisation number: no check digit fits its first eight digits"
    return f"{text} is not an organisation number: the check digit should be {digit}"


IsoDate = Annotated[
    str,
    Check(problem=_date_problem, help="write the day as YYYY-MM-DD, such as 2027-01-31"),
    Meta(extra_json_schema={"format": "date"}),
]
OrgNumber = Annotated[
    str,
    Check(
        problem=orgnr_problem,
        rule="orgnr-checksum",
        help="take the number from the business register; `websakctl suborgs check` looks it up",
    ),
    Meta(extra_json_schema={"pattern": "^[0-9]{9}$"}),
]
Name = Annotated[  # the server cuts and trims
    str, matching(rf"[^\s{_CONTROL}]([^{_CONTROL}]*[^\s{_CONTROL}])?", min_length=1, max_length=70)
]
Text = Annotated[str, matching(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]+", min_length=1)]  # may have lines
