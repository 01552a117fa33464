"""Field types that several kinds share."""

import re
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

from websakctl.model.marks import Check
from websakctl.model.patterns import matching

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)  # between these lie all days that somebody can mean
_SERIAL_DAYS = range(20_000, 73_051)  # how a spreadsheet counts the days from 1954 to 2099
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # these act on a terminal, or are no text at all


def _date_problem(text: str) -> str | None:
    try:
        if _DAY.match(text):  # Python takes other shapes too, such as 20270201
            if FIRST_DAY <= date.fromisoformat(text) <= LAST_DAY:
                return None
            return f"{text} is a day that nobody can mean: leave the field out where there is no such day"
    except ValueError:
        pass
    if text.isascii() and text.isdigit() and len(text) == 5 and int(text) in _SERIAL_DAYS:
        day = date(1899, 12, 30) + timedelta(days=int(text))
        return f"{text} is not a date: it is how a spreadsheet counts {day.isoformat()}"
    return f"{text!r} is not a date: write YYYY-MM-DD"


def check_digit(first_eight: str) -> str | None:
    """The ninth digit of an organisation number; ``None`` where no digit fits.

    Source: Brønnøysund register centre, modulus 11 with weights 3 2 7 6 5 4 3 2.
    """
    a, b, c, d, e, f, g, h = first_eight.encode()  # ASCII codes: 48 is nought, and the weights are 32 together
    rest = (3 * a + 2 * b + 7 * c + 6 * d + 5 * e + 4 * f + 3 * g + 2 * h - 48 * 32) % 11
    return None if rest == 1 else str((11 - rest) % 11)


def organisation_number(text: str) -> str | None:
    """The nine digits of an organisation number, also where it is written with blanks, ``NO`` or ``MVA``; else nothing.

    The check digit is not looked at. Source: the business register writes ``974 778 742`` and ``NO 974 778 742 MVA``.
    """
    result = re.fullmatch(r"(?:NO\s*)?((?:[0-9][\s.]?){8}[0-9])(?:[.,]0+)?(?:\s*MVA)?", text.strip(), re.IGNORECASE)
    return re.sub(r"[^0-9]", "", result[1]) if result is not None else None


def _orgnr_repaired(text: str) -> str | None:
    number = organisation_number(text)
    return number if number not in (None, text) and orgnr_problem(number or "") is None else None


def orgnr_problem(text: str) -> str | None:
    """Say what is wrong with an organisation number, or nothing."""
    digits = len(text) == 9 and text.isascii() and text.isdigit()
    if not digits and (repaired := _orgnr_repaired(text)) is not None:
        return f"{text} is not written as an organisation number: write {repaired}, nine digits without blanks or MVA"
    if not digits:
        return f"{text} is not an organisation number: it has nine digits"
    digit = check_digit(text[:8])
    if digit == text[8]:
        return None
    if digit is None:
        return f"{text} is not an organisation number: no check digit fits its first eight digits"
    return f"{text} is not an organisation number: the check digit should be {digit}"


def postal_code(text: str) -> str | None:
    """The four digits of a Norwegian postal code, also where it is written with ``N-`` or its place; else nothing.

    Source: Posten writes ``0301 OSLO``, and ``NO-0301 OSLO`` from abroad.
    """
    result = re.fullmatch(r"(?:NO?[-\s]\s*)?([0-9]{4})(?:\s+[^\W\d].*)?", text.strip(), re.IGNORECASE)
    return result[1] if result is not None else None


def _postal_repaired(text: str) -> str | None:
    code = postal_code(text)
    return code if code != text else None


def _postal_problem(text: str) -> str | None:
    if len(text) == 4 and text.isascii() and text.isdigit():
        return None
    if (repaired := _postal_repaired(text)) is not None:
        return f"{text} is not written as a postal code: write {repaired}, without N- and the place"
    return f"{text!r} is no postal code"


POSTAL_CODE = Check(problem=_postal_problem, repair=_postal_repaired, help="write four digits")
PostalCode = Annotated[str, POSTAL_CODE, Meta(extra_json_schema={"pattern": "^[0-9]{4}$"})]
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
        repair=_orgnr_repaired,
        help="take the number from the business register; `websakctl suborgs check` looks it up",
    ),
    Meta(extra_json_schema={"pattern": "^[0-9]{9}$"}),
]
Name = Annotated[  # the server cuts and trims
    str,
    matching(
        rf"[^\s{_CONTROL}]([^{_CONTROL}]*[^\s{_CONTROL}])?",
        "1 to 70 characters on one line, without blanks around them",
        min_length=1,
        max_length=70,
    ),
]
Text = Annotated[
    str, matching(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]+", "text without control characters", min_length=1)
]  # may have lines
Email = Annotated[str, matching(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+", "an e-mail address, such as post@example.org")]
