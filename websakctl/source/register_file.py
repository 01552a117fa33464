"""The business register's bulk files, JSON or CSV, packed with gzip or not: read row by row, since they hold a million."""

import gzip
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from websakctl.consistency.business_register import Registered, Standing
from websakctl.model.types import organisation_number
from websakctl.source.tables.delimited import delimiter_of, records
from websakctl.source.tables.encoding import header_key
from websakctl.source.tables.table import TableError

_SUB_UNITS = ("BEDR", "AAFY")
_NEEDED = ("organisasjonsnummer", "navn", "organisasjonsform.kode", "overordnetEnhet")
_DAYS = ("slettedato", "nedleggelsesdato")


class RegisterFileError(ValueError):
    """A file that is not one of the register's."""


class RegisterFiles:
    """The register as its files have it: sub-units (``underenheter/lastned``), and units too where that file is given.

    Without the file of units, sub-units of units within a district are not seen, nor are the districts' own numbers.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        files = {path: _form(path) for path in paths}
        self._paths = tuple(files)
        self._units = [path for path, form in files.items() if form not in _SUB_UNITS]

    @property
    def has_units(self) -> bool:
        """Whether the units themselves are there, not only sub-units."""
        return bool(self._units)

    def read(
        self, districts: Collection[str], desired: Collection[str]
    ) -> tuple[dict[str, list[Registered]], dict[str, Registered]]:
        """What stands below each district's number, and what is said of each wanted number that does not.

        Raises:
            RegisterFileError: If a file cannot be read to its end.
        """
        inside = self._within(districts)
        below: dict[str, list[Registered]] = {number: [] for number in districts}
        others: dict[str, Registered] = {}
        for path in self._paths:
            for unit in _units(path):
                if (top := inside.get(unit.parent or "")) is not None:
                    below[top].append(unit)
                elif unit.orgnr in desired:
                    others[unit.orgnr] = unit
        seen = {unit.orgnr for units in below.values() for unit in units} | others.keys()
        for number in set(desired) - seen:
            others[number] = Registered(orgnr=number, standing=Standing.NOT_LISTED)
        return below, others

    def _within(self, districts: Collection[str]) -> dict[str, str]:
        """By number of a unit, the district's number that it stands under; a district stands under itself."""
        children: dict[str, list[str]] = {}
        for path in self._units:
            for unit in _units(path):
                if unit.parent:
                    children.setdefault(unit.parent, []).append(unit.orgnr)
        inside = {}
        for top in districts:
            todo = [top]
            while todo:
                number = todo.pop()
                if number not in inside:
                    inside[number] = top
                    todo.extend(children.get(number, ()))
        return inside


def _form(path: Path) -> str:
    """The form of the first unit in the file, which tells the two files apart."""
    first = next(iter(_units(path)), None)
    if first is None:
        raise RegisterFileError(f"{path} holds no unit")
    return first.form


def _units(path: Path) -> Iterator[Registered]:
    try:
        with _opened(path) as file:
            begins = file.read(2)
        if begins == b"PK":
            raise ValueError("it is a workbook or a ZIP archive")
        with _opened(path) as file:
            yield from _json(file) if begins[:1] == b"[" else _csv(file, path.name)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise RegisterFileError(f"cannot read {path}: {error.strerror}") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zlib.error, TableError) as error:
        raise RegisterFileError(f"{path} is not a bulk file of the register, or not whole: {error}") from None


def _opened(path: Path) -> BufferedIOBase:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def _json(file: BufferedIOBase) -> Iterator[Registered]:
    import ijson

    try:
        for number, row in enumerate(ijson.items(file, "item"), 1):
            form = row.get("organisasjonsform", {}).get("kode", "")
            yield _registered({**row, "organisasjonsform.kode": form}, f"unit {number}")
    except ijson.JSONError as error:
        raise ValueError(str(error)) from None


def _csv(file: BufferedIOBase, name: str) -> Iterator[Registered]:
    lines = _decoded(file)
    head = next(lines, "")
    delimiter = delimiter_of(head)
    names = {header_key(cell): at for _, cells in records([head], delimiter, name) for at, cell in enumerate(cells)}
    if missing := [needed for needed in _NEEDED if header_key(needed) not in names]:
        why = f"its first line does not name {', '.join(missing)}"
        if (number := names.get(header_key("organisasjonsnummer"))) is not None:
            first = next((cells for _, cells in records(lines, delimiter, name) if len(cells) == len(names)), None)
            if first is not None and organisation_number(first[number]) is None:
                why = f"{_no_number('row 2', 'organisasjonsnummer', first[number])}; and {why}"
        raise ValueError(why)
    columns = {field: names[header_key(field)] for field in (*_NEEDED, *_DAYS) if header_key(field) in names}
    for number, cells in records(lines, delimiter, name):
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise ValueError(f"row {number + 1} has {len(cells)} cells, and there are {len(names)} headers")
        yield _registered({field: cells[at] for field, at in columns.items()}, f"row {number + 1}")


def _decoded(file: BufferedIOBase) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"line {number} is not UTF-8") from None


def _registered(row: Mapping[str, Any], place: str) -> Registered:
    """A row, whose numbers and days a spreadsheet may have changed.

    Raises:
        ValueError: If one cannot be read: a number that is not found there would count as closed.
    """
    numbers = {}
    for field in ("organisasjonsnummer", "overordnetEnhet"):
        text = str(row.get(field) or "")
        numbers[field] = organisation_number(text)
        if numbers[field] is None and (text or field == "organisasjonsnummer"):
            raise ValueError(_no_number(place, field, text))
    days = {}
    for field in _DAYS:
        days[field] = str(row.get(field) or "")[:10]
        if days[field] and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", days[field]):
            raise ValueError(
                f"{place}: {field} {days[field]!r} is not written as 2027-01-31 (has a spreadsheet changed it?)"
            )
    return Registered(
        orgnr=numbers["organisasjonsnummer"] or "",
        name=str(row.get("navn") or ""),
        form=str(row.get("organisasjonsform.kode") or ""),
        parent=numbers["overordnetEnhet"],
        deleted=days["slettedato"] or None,
        closed=days["nedleggelsesdato"] or None,
    )


def _no_number(place: str, field: str, text: str) -> str:
    return f"{place}: {field} {text!r} is no organisation number (has a spreadsheet changed it?)"
