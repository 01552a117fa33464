"""People who do not exist: invented names, and the files that an HR system might make of them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from pathlib import Path

from openpyxl import Workbook

HEADERS = ("Bydel", "Initialer", "Fornavn", "Etternavn", "Stilling", "Rolle", "Avdeling", "Brukernavn", "E-post")
_FIRST = (
    "Agnar",
    "Birk",
    "Ceselie",
    "Dagrun",
    "Eldbjørg",
    "Fenja",
    "Gudleif",
    "Håkjell",
    "Ingvill",
    "Jøril",
    "Kåre-Åge",
)
_LAST = (
    "Fjellbakkrud",
    "Granelvmo",
    "Hvitsteinli",
    "Isfossnes",
    "Kvernåsrud",
    "Lyngtjernet",
    "Myrdalshøi",
    "Øyangerud",
)
_ROLES = ("saksbehandler", "saksbehandler", "saksbehandler", "saksbehandler", "leder", "arkivar")

Person = tuple[str, ...]


def people(count: int, districts: Sequence[str], units: Sequence[str] = ("OPPV", "HELSE")) -> list[Person]:
    """So many people, spread over districts and units in turn; the same ones each time."""
    return list(islice(_people(districts, units), count))


def _people(districts: Sequence[str], units: Sequence[str]) -> Iterator[Person]:
    for number, (turn, last, first) in enumerate(product(range(1000), _LAST, _FIRST)):
        code = f"{last[:2]}{first[:2]}{turn}{number}".upper()
        login = code.lower()
        yield (
            districts[number % len(districts)],
            code,
            first,
            f"{last}-{_LAST[turn % len(_LAST)]}",
            "Rådgiver",
            _ROLES[number % len(_ROLES)],
            units[number // len(districts) % len(units)],
            login,
            f"{number}@ansatte.example.org",
        )


def as_csv(rows: Iterable[Sequence[str]], headers: Sequence[str] = HEADERS, delimiter: str = ";") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([headers, *rows])
    return out.getvalue()


def as_xlsx(path: Path, rows: Iterable[Sequence[object]], headers: Sequence[str] = HEADERS) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Ansatte")
    for row in [headers, *rows]:
        sheet.append(list(row))
    book.save(path)
    return path
