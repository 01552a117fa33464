"""The business register's bulk files, JSON or CSV, packed with gzip or not: read row by row, since they hold a million."""

import csv
import gzip
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from websakctl.rollout.register import Registered, Standing

_SUB_UNITS = ("BEDR", "AAFY")


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
        self, districts: Collection[str], wanted: Collection[str]
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
                elif unit.orgnr in wanted:
                    others[unit.orgnr] = unit
        seen = {unit.orgnr for units in below.values() for unit in units} | others.keys()
        for number in set(wanted) - seen:
            others[number] = Registered(number, Standing.NOT_LISTED)
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
            begins = file.read(1)
        with _opened(path) as file:
            yield from _json(file) if begins == b"[" else _csv(file)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise RegisterFileError(f"cannot read {path}: {error.strerror}") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zlib.error, csv.Error) as error:
        raise RegisterFileError(f"{path} is not a bulk file of the register, or not whole: {error}") from None


def _opened(path: Path) -> BufferedIOBase:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def _json(file: BufferedIOBase) -> Iterator[Registered]:
    import ijson

    try:
        for row in ijson.items(file, "item"):
            yield _registered(row, row.get("organisasjonsform", {}).get("kode", ""))
    except ijson.JSONError as error:
        raise ValueError(str(error)) from None


def _csv(file: BufferedIOBase) -> Iterator[Registered]:
    lines = (line.decode("utf-8-sig" if first else "utf-8") for first, line in _flagged(file))
    head = next(lines, "")
    delimiter = ";" if head.count(";") > head.count(",") else ","
    names = next(csv.reader([head], delimiter=delimiter), [])
    if "organisasjonsnummer" not in names:
        raise ValueError("its first line does not name organisasjonsnummer")
    for row in csv.DictReader(lines, names, delimiter=delimiter):
        yield _registered(row, row.get("organisasjonsform.kode") or "")


def _flagged(file: BufferedIOBase) -> Iterator[tuple[bool, bytes]]:
    return ((number == 0, line) for number, line in enumerate(file))


def _registered(row: Mapping[str, Any], form: str) -> Registered:
    return Registered(
        orgnr=str(row["organisasjonsnummer"]),
        name=str(row.get("navn") or ""),
        form=form,
        parent=row.get("overordnetEnhet") or None,
        deleted=row.get("slettedato") or None,
        closed=row.get("nedleggelsesdato") or None,
    )
