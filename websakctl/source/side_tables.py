"""What was exported of Websak's units, of its routes, and of registrations at KS Fiks: CSV or XLSX, columns in any order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec

from websakctl.consistency.receiving import Receiving
from websakctl.consistency.websak import LiveRoute, LiveUnit
from websakctl.model.district import District
from websakctl.model.types import organisation_number
from websakctl.source.export_file import ExportError
from websakctl.source.tables.encoding import header_key, lookup_key
from websakctl.source.tables.read import read_tables
from websakctl.source.tables.report import CellFinding, group
from websakctl.source.tables.shape import Header, duplicate_headers, find_header, rows_below
from websakctl.source.tables.table import CellError, Row, TableError
from websakctl.source.tables.values import day_in, number_in, text_in

Value = TypeVar("Value")
_ENDS = ("valid_to", "valid to", "validtodate", "gyldig til", "til dato", "sluttdato", "nedlagt")
_UNIT = {
    "key": ("key", "nøkkel", "kode", "code", "external id", "externalid", "ekstern id"),
    "id": ("id", "avdelings id", "department id"),
    "name": ("name", "navn"),
    "parent": ("parent", "parent unit", "overordnet enhet", "overordnet"),
    "abbreviation": ("abbreviation", "kortnavn"),
    "number": ("organisation number", "organisasjonsnummer", "orgnr", "personalororganizationnumber"),
    "ends": _ENDS,
}
_ROUTE = {
    "key": ("orgnr", "org nr", "organisasjonsnummer", "organisation number", "key", "nøkkel"),
    "district": ("district", "bydel"),
    "name": ("name", "navn"),
    "unit": ("unit", "org unit", "administrativ enhet", "enhet"),
    "channel": ("channel", "kanal"),
    "ends": _ENDS,
}
_REGISTRATION = {
    "key": ("organisasjonsnummer", "orgnr", "org nr", "organisation number"),
    "system": ("mottakersystem", "receiving system", "system"),
    "type": ("forsendelsetype", "forsendelsestype", "message type"),
    "level": ("niva", "nivå", "sikkerhetsnivå", "level"),
}
_CHANNELS = {"svarinn": "svarinn", "altinn": "altinn"}


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a file was found to say of itself: columns that nobody knows are counted, and named."""

    name: str
    rows: int
    ignored: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """A sentence about what was left out; empty: nothing was."""
        return f"{self.name}: columns that nobody knows, left out: {', '.join(self.ignored)}" if self.ignored else ""


def read_units(path: Path, today: date) -> tuple[tuple[LiveUnit, ...], Read]:
    """Read an export of Websak's units; one may stand in it twice.

    Raises:
        ExportError: If it cannot be read to its end, or a cell cannot be what its column says; all that is wrong is told at once.
    """
    return _read(path, _UNIT, "units", lambda cells: _unit(cells, today))


def _unit(cells: "_Cells", today: date) -> LiveUnit:
    return LiveUnit(
        key=cells.needed("key"),
        id=cells.get("id") or "",
        name=cells.get("name"),
        parent=cells.get("parent"),
        abbreviation=cells.get("abbreviation"),
        number=cells.get("number"),
        active=not cells.ended("ends", today),
    )


def read_routes(path: Path, districts: Mapping[str, District], today: date) -> tuple[tuple[LiveRoute, ...], Read]:
    """Read an export of the numbers' routes in Websak; a number may stand in it twice.

    Raises:
        ExportError: See ``read_units``.
    """
    named = {
        lookup_key(word): district.slug
        for district in districts.values()
        for word in (
            district.slug,
            district.name,
            district.name.removeprefix("Bydel "),
            district.number,
            district.orgnr,
        )
    }
    return _read(path, _ROUTE, "numbers", lambda cells: _route(cells, named, today))


def _route(cells: "_Cells", named: Mapping[str, str], today: date) -> LiveRoute:
    channel = cells.get("channel")
    district = cells.get("district")
    if district and lookup_key(district) not in named:
        raise cells.wrong("district", f"there is no district {district}")
    if channel and lookup_key(channel) not in _CHANNELS:
        raise cells.wrong("channel", f"{channel!r} is not one of {', '.join(_CHANNELS)}")
    return LiveRoute(
        orgnr=cells.number("key"),
        district=named[lookup_key(district)] if district else None,
        name=cells.get("name"),
        unit=cells.get("unit"),
        channel=lookup_key(channel) if channel else channel,
        ended=cells.ended("ends", today),
    )


def read_registrations(path: Path) -> tuple[dict[str, tuple[Receiving, ...]], Read]:
    """Read a list of what is registered at KS Fiks, a row for each number, type and level.

    Raises:
        ExportError: See ``read_units``.
    """
    rows, read = _read(path, _REGISTRATION, "registrations", _registration)
    result: dict[str, list[Receiving]] = {}
    for row in rows:
        result.setdefault(row.orgnr, []).append(row)
    return {number: tuple(each) for number, each in result.items()}, read


def _registration(cells: "_Cells") -> Receiving:
    level = cells.get("level") or None
    if level is not None and level[-1] not in "34":
        raise cells.wrong("level", f"{level!r} is no level")
    return Receiving(
        orgnr=cells.number("key"),
        system=cells.needed("system"),
        message_type=cells.get("type") or None,
        level=int(level[-1]) if level else None,
    )


class _Cells:
    """The cells of a row by what their columns hold."""

    def __init__(self, header: Header, row: Row) -> None:
        self._header, self._row = header, row

    def wrong(self, column: str, message: str, help_: str = "") -> "_WrongCell":
        return _WrongCell(
            CellFinding(row=self._row.number, column=self._header.columns.get(column, 0), message=message, help=help_)
        )

    def _cell(self, column: str, read: Callable[..., Value]) -> Value | None:
        """A cell's value; ``None`` where the file has no such column."""
        if column not in self._header.columns:
            return None
        try:
            return read(self._header.table, self._row, self._header.columns[column])
        except CellError as error:
            raise self.wrong(column, str(error), error.what_next) from None

    def get(self, column: str) -> str | None:
        return self._cell(column, number_in if column in ("number", "level", "id", "district") else text_in)

    def needed(self, column: str) -> str:
        if not (text := self.get(column)):
            raise self.wrong(column, f"no {column.replace('key', 'external id')}")
        return text

    def number(self, column: str) -> str:
        text = self._cell(column, number_in) or ""
        if (number := organisation_number(text)) is None:
            raise self.wrong(column, f"{text!r} is no organisation number")
        return number

    def ended(self, column: str, today: date) -> bool:
        """Whether the last day has passed."""
        day = self._cell(column, day_in)
        return day is not None and day < today


class _WrongCell(Exception):
    def __init__(self, finding: CellFinding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _read(
    path: Path, columns: Mapping[str, Sequence[str]], what: str, make: Callable[[_Cells], Value]
) -> tuple[tuple[Value, ...], Read]:
    known = {header_key(word): name for name, words in columns.items() for word in words}
    try:
        tables = read_tables(path)
        header = find_header(tables, [known], needed=frozenset({"key"}), least=2)
    except TableError as error:
        raise ExportError([f"{error}; {error.what_next}" if error.what_next else str(error)]) from None
    if header is None or "key" not in header.columns:
        seen = ", ".join(" ".join(cell.split()) for cell in tables[0].rows[0].cells if cell)[:200]
        raise ExportError([f"{path.name}: no row names the columns of {what}: {columns['key'][0]} and at least one of {', '.join(list(columns)[1:])} (the first row is {seen})"])  # fmt: skip
    rows, findings, _ = rows_below(header)
    findings += duplicate_headers(header)
    result: list[Value] = []
    for row in rows:
        try:
            result.append(make(_Cells(header, row)))
        except _WrongCell as error:
            findings.append(error.finding)
    if findings:
        raise ExportError(_described(header, findings))
    if not result:
        raise ExportError([f"{path.name}: no rows below the headers; an empty list would look like the end of all {what}"])  # fmt: skip
    ignored = tuple(header.text(column) for column in header.unknown)
    return tuple(result), Read(name=path.name, rows=len(result), ignored=ignored)


def _described(header: Header, findings: Iterable[CellFinding]) -> list[str]:
    ordered = sorted(findings, key=lambda finding: (finding.row, finding.column))
    return [f"{one.place}: {one.message}" + f"; {one.help}" * bool(one.help) for one in group(header.table, ordered)]
