"""Read what somebody exported from Websak by hand: CSV or XLSX, one resource a row, headers in Norwegian or English."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from websakctl.model.address import BASE, slug
from websakctl.model.district import District
from websakctl.model.entry import unwrapped
from websakctl.model.kind import Kind, Scoping
from websakctl.model.marks import Check
from websakctl.model.types import POSTAL_CODE, organisation_number
from websakctl.model.vocabulary import word_for
from websakctl.source.problems import did_you_mean, nearest
from websakctl.source.tables.encoding import header_key, lookup_key
from websakctl.source.tables.read import read_tables
from websakctl.source.tables.report import CellFinding, group
from websakctl.source.tables.shape import Header, duplicate_headers, find_header, rows_below
from websakctl.source.tables.table import CellError, Row, Table, TableError
from websakctl.source.tables.values import number_in, postal_code_in, text_in, truth_in

_KEY = "key"
_SCOPE = "district"
_KEY_HEADERS = ("key", "nøkkel", "kode", "code")
_NUMBER_HEADERS = ("organisasjonsnummer", "orgnr", "org nr", "organisation number")
_SCOPE_HEADERS = ("district", "bydel", "scope")
_MOST_SHOWN = 20


class ExportError(Exception):
    """The file cannot be used as an export; each problem names the file, and the row and column where there is one."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = [f"and {len(problems) - _MOST_SHOWN} more"] if len(problems) > _MOST_SHOWN else []
        super().__init__("\n  ".join([*problems[:_MOST_SHOWN], *more]))
        self.problems = tuple(problems)


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One kind as a file shows it: every resource that Websak had when the file was made."""

    kind: str
    name: str  # of the file, for messages
    made_at: datetime
    rows: Mapping[tuple[str | None, str], Mapping[str, Any]]  # fields by scope, where the file says it, and key
    columns: frozenset[str]  # fields that the file has; of the others nothing is known
    ignored: tuple[str, ...] = ()  # headers that are no field of the kind


def read_export(path: Path, kind: Kind, districts: Mapping[str, District], scope: str | None = None) -> Export:
    """Read one file.

    Args:
        path: The file.
        kind: Of its rows.
        districts: By slug.
        scope: The district of rows that name none.

    Raises:
        ExportError: If it is not a table of the kind; all that is wrong is told at once.
        OSError: If it cannot be read.
    """
    made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        tables = read_tables(path)
        header = find_header(tables, _known(kind), needed=frozenset({_KEY}), least=2)
    except TableError as error:
        raise ExportError([f"{error}; {error.what_next}" if error.what_next else str(error)]) from None
    if header is None:
        raise ExportError([_no_headers(tables[0].file, tables[0].rows[0].cells, kind)])
    reading = _Reading(header, kind, districts, scope)
    result = reading.read()
    columns = frozenset(header.columns.keys() - {_KEY, _SCOPE})
    return Export(
        kind=kind.name,
        name=path.name,
        made_at=made_at,
        rows=result,
        columns=columns,
        ignored=tuple(map(header.text, header.unknown)),
    )


def headers_of(kind: Kind) -> dict[str, str]:
    """Fields by the headers that are understood: the field's name, and the words for it in both languages."""
    result: dict[str, str] = {}
    for name in kind.managed_fields:
        if _readable(kind, name):
            word = word_for(kind.name, name)
            for header in (name, *((word.english, word.norwegian) if word else ())):
                result.setdefault(header_key(header), name)
    return result


def _known(kind: Kind) -> tuple[dict[str, str], ...]:
    """What columns hold by their headers: the kind's own words, then the general ones for a key."""
    word = word_for(kind.name, kind.key_field)
    own = {header_key(name): _KEY for name in (kind.key_field, *((word.norwegian, word.english) if word else ()))}
    if kind.key_field == "orgnr":
        own |= {header_key(header): _KEY for header in _NUMBER_HEADERS}
    scopes = {} if kind.scoping is Scoping.BASE else dict.fromkeys(_SCOPE_HEADERS, _SCOPE)
    return {**headers_of(kind), **scopes, **own}, dict.fromkeys(_KEY_HEADERS, _KEY)


def _no_headers(file: str, cells: Sequence[str], kind: Kind) -> str:
    known = _known(kind)
    names = [" ".join(cell.split()) for cell in cells if cell]
    seen = ", ".join(names)[:200]
    held = {result for cell in names for level in known if (result := level.get(header_key(cell)))}
    if _KEY in held:
        return f"{file}: no column besides the key is a field of {kind.name} (the headers are {seen})"
    keys = {word for level in known for word, name in level.items() if name == _KEY}
    hint = next(filter(None, (did_you_mean(header_key(name), keys) for name in names)), "")
    return f"{file}: no column holds the key of a {kind.name}: name one {kind.key_field} (the headers are {seen}) {hint}".rstrip()


class _Reading:
    """The rows of one file, read as resources of a kind."""

    def __init__(self, header: Header, kind: Kind, districts: Mapping[str, District], scope: str | None) -> None:
        self.header, self.kind, self.districts, self.otherwise = header, kind, districts, scope
        self.named: dict[str, str] = {}  # slugs by what districts are called
        for district in districts.values():
            for word in (district.slug, district.name, district.name.removeprefix("Bydel "), district.number,
                         district.orgnr, district.short_name):  # fmt: skip
                self.named.setdefault(lookup_key(word), district.slug)

    def read(self) -> dict[tuple[str | None, str], dict[str, Any]]:
        """The fields of every row by scope and key.

        Raises:
            ExportError: With every cell that cannot be read.
        """
        result: dict[tuple[str | None, str], dict[str, Any]] = {}
        rows, findings, _ = rows_below(self.header)
        findings += duplicate_headers(self.header)
        if _KEY not in self.header.columns:
            raise ExportError([_no_headers(self.header.table.file, self.header.row.cells, self.kind)])
        if not rows and not findings:
            raise ExportError(
                [
                    f"{self.header.table.file}: no rows below the headers; an empty export would look like a removal of everything"
                ]
            )
        for row in rows:

            def complain(name: str, error: ValueError, row: Row = row) -> None:
                column = self.header.columns.get(name, 0)
                help_ = error.what_next if isinstance(error, CellError) else ""
                message = str(error) if name in (_KEY, _SCOPE) else f"{name}: {error}"
                findings.append(CellFinding(row=row.number, column=column, message=message, help=help_))

            try:
                scope = self.scope(row)
            except ValueError as error:
                complain(_SCOPE, error)
                continue
            try:
                where = self.address(row, scope)
                if where in result:
                    raise ValueError(f"{where[1]} stands here a second time")
            except ValueError as error:
                complain(_KEY, error)
                continue
            result[where] = fields = {}
            for name in self.header.columns.keys() - {_KEY, _SCOPE}:
                try:
                    fields[name] = self.value(name, row, where[0])
                except ValueError as error:
                    complain(name, error)
        if findings:
            findings.sort(key=lambda finding: (finding.row, finding.column))
            raise ExportError(
                [
                    f"{one.place}: {one.message}" + f"; {one.help}" * bool(one.help)
                    for one in group(self.header.table, findings)
                ]
            )
        return result

    def scope(self, row: Row) -> str | None:
        """The district's slug, ``base``, or nothing where the file does not say."""
        if self.kind.scoping is Scoping.BASE:
            return BASE
        if _SCOPE not in self.header.columns:
            return self.otherwise
        text = number_in(self.header.table, row, self.header.columns[_SCOPE])
        if not text:
            return self.otherwise
        number = organisation_number(text) or (text.zfill(2) if text.isascii() and text.isdigit() else text)
        result = self.named.get(lookup_key(number)) or self.named.get(slug(text.removeprefix("Bydel ").strip()))
        if result is None:
            near = self.named.get(nearest(lookup_key(text), self.named) or "")
            raise ValueError(f"there is no district {text}." + f" did you mean {near}?" * (near is not None))
        return result

    def address(self, row: Row, scope: str | None) -> tuple[str | None, str]:
        """Scope and full key of a row."""
        column = self.header.columns[_KEY]
        key = text_in(self.header.table, row, column)
        if self.kind.key_field == "orgnr" and key:
            key = organisation_number(key) or key
        if not key:
            raise ValueError(f"no {self.kind.key_field}")
        return scope, key if scope in (None, BASE) else self.full(key, self.districts[scope])

    def full(self, key: str, district: District) -> str:
        """A key as Websak has it: a local one gets the district's prefix."""
        return district.full_key(district.local_key(key)) if self.kind.local_keys else key

    def value(self, name: str, row: Row, scope: str | None) -> Any:
        """A cell as the field's type has it.

        Raises:
            ValueError: If it cannot be.
        """
        field = self.kind.fields[name]
        inner = field.type
        table, column = self.header.table, self.header.columns[name]
        if inner is bool:
            return truth_in(table, row, column)
        cell = _text(field.marks, table, row, column, whole_line=get_origin(inner) is not list)
        if cell == "":
            return field.omitted()
        value = _typed(inner, cell)
        ref = self.kind.references.get(name)
        district = self.districts.get(scope or "")
        if ref is not None and ref.same_scope and district is not None and isinstance(value, str):
            return district.full_key(district.local_key(value))
        return value


def _text(marks: Sequence[Any], table: Table, row: Row, column: int, *, whole_line: bool) -> str:
    """A cell by the meaning of its field."""
    if POSTAL_CODE in marks:
        return postal_code_in(table, row, column)
    text = text_in(table, row, column, whole_line=whole_line)
    repairs = (mark.repair(text) for mark in marks if isinstance(mark, Check) and mark.repair is not None and text)
    return next(filter(None, repairs), text)


def _readable(kind: Kind, name: str) -> bool:
    inner = kind.fields[name].type
    if get_origin(inner) is list:
        return unwrapped(get_args(inner)[0])[0] is str
    return inner in (str, int, bool) or get_origin(inner) is Literal


def _typed(inner: Any, cell: str) -> Any:
    if inner is int:
        if not re.fullmatch(r"-?[0-9]{1,9}", cell):
            raise ValueError(f"{cell!r} is not a whole number")
        return int(cell)
    if get_origin(inner) is list:
        return [part.strip() for part in re.split(r"[;,|\n]", cell) if part.strip()]
    if get_origin(inner) is Literal:
        for option in get_args(inner):
            if header_key(str(option)) == header_key(cell):
                return option
        raise ValueError(f"{cell!r} is not one of {', '.join(map(str, get_args(inner)))}")
    return cell
