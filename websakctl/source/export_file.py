"""Read what somebody exported from Websak by hand: CSV or XLSX, one resource a row, headers in Norwegian or English."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from websakctl.model.address import BASE, slug
from websakctl.model.district import District
from websakctl.model.entry import unwrapped
from websakctl.model.kind import Kind, Scoping
from websakctl.model.vocabulary import word_for
from websakctl.record import record
from websakctl.source.problems import did_you_mean
from websakctl.source.sheets import Row, SheetError, read_sheet

_YES = frozenset({"ja", "j", "yes", "y", "true", "sann", "1", "x"})
_NO = frozenset({"nei", "n", "no", "false", "usann", "0"})
_KEY_HEADERS = ("key", "nøkkel", "kode", "code")
_SCOPE_HEADERS = ("district", "bydel", "scope")
_MOST_SHOWN = 20


class ExportError(Exception):
    """The file cannot be used as an export; each problem names the file, and the row and column where there is one."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = [f"and {len(problems) - _MOST_SHOWN} more"] if len(problems) > _MOST_SHOWN else []
        super().__init__("\n  ".join([*problems[:_MOST_SHOWN], *more]))
        self.problems = tuple(problems)


@record
class Export:
    """One kind as a file shows it: every resource that Websak had when the file was made."""

    kind: str
    name: str  # of the file, for messages
    made_at: datetime
    rows: Mapping[tuple[str | None, str], Mapping[str, Any]]  # fields by scope, where the file says it, and key
    columns: frozenset[str]  # fields that the file has; of the others nothing is known
    ignored: tuple[str, ...] = ()  # headers that are no field of the kind


def read_export(path: Path, kind: Kind, districts: Mapping[str, District]) -> Export:
    """Read one file.

    Raises:
        ExportError: If it is not a table of the kind; all that is wrong is told at once.
        OSError: If it cannot be read.
    """
    made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        rows = read_sheet(path).rows
    except SheetError as error:
        raise ExportError([f"{error}; {error.what_next}" if error.what_next else str(error)]) from None
    if len(rows) < 2:
        raise ExportError(
            [f"{path.name}: no rows below the headers; an empty export would look like a removal of everything"]
        )
    table = _Table(path.name, kind, districts, rows[0][1])
    found = table.read(rows[1:])
    return Export(kind.name, path.name, made_at, found, frozenset(table.fields.values()), tuple(table.ignored))


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-./]+", " ", text.casefold()).strip()


def headers_of(kind: Kind) -> dict[str, str]:
    """Fields by the headers that are understood: the field's name, and the words for it in both languages."""
    found: dict[str, str] = {}
    for name in kind.managed_fields:
        if _readable(kind, name):
            word = word_for(kind.name, name)
            for header in (name, *((word.english, word.norwegian) if word else ())):
                found.setdefault(_plain(header), name)
    return found


class _Table:
    """The rows of one file, read as resources of a kind."""

    def __init__(self, name: str, kind: Kind, districts: Mapping[str, District], headers: Sequence[str]) -> None:
        self.name, self.kind, self.districts = name, kind, districts
        word = word_for(kind.name, kind.key_field)
        names = (kind.key_field, *((word.norwegian, word.english) if word else ()), *_KEY_HEADERS)
        keys = {_plain(header) for header in names}
        known = headers_of(kind)
        self.key = -1  # the column that holds it
        self.scope: int | None = None
        self.fields: dict[int, str] = {}
        self.ignored: list[str] = []
        for index, header in enumerate(headers):
            plain = _plain(header)
            if plain in keys and self.key < 0:
                self.key = index
            elif plain in _SCOPE_HEADERS and kind.scoping is not Scoping.BASE and self.scope is None:
                self.scope = index
            elif plain in known and known[plain] not in self.fields.values():
                self.fields[index] = known[plain]
            elif header:
                self.ignored.append(header)
        if self.key < 0:
            seen = ", ".join(header for header in headers if header)
            hint = next(filter(None, (did_you_mean(_plain(header), keys) for header in headers)), "")
            raise ExportError(
                [
                    f"{name}:1: no column holds the key of a {kind.name}: name one {kind.key_field} (the headers are {seen}) {hint}".rstrip()
                ]
            )
        if not self.fields:
            raise ExportError([f"{name}:1: no column besides the key is a field of {kind.name}"])

    def read(self, rows: Iterable[Row]) -> dict[tuple[str | None, str], dict[str, Any]]:
        """The fields of every row by scope and key.

        Raises:
            ExportError: With every cell that cannot be read.
        """
        found: dict[tuple[str | None, str], dict[str, Any]] = {}
        problems: list[str] = []
        for number, cells in rows:
            try:
                where = self.address(cells)
                if where in found:
                    raise ValueError(f"{where[1]} stands here a second time")
            except ValueError as error:
                problems.append(f"{self.name}:{number}: {error}")
                continue
            found[where] = fields = {}
            for index, name in self.fields.items():
                cell = cells[index] if index < len(cells) else ""
                try:
                    fields[name] = self.value(name, cell, where[0])
                except ValueError as error:
                    problems.append(f"{self.name}:{number}:{index + 1}: {name}: {error}")
        if problems:
            raise ExportError(problems)
        return found

    def address(self, cells: Sequence[str]) -> tuple[str | None, str]:
        """Scope and full key of a row."""
        key = cells[self.key] if self.key < len(cells) else ""
        if not key:
            raise ValueError(f"no {self.kind.key_field}")
        if self.kind.scoping is Scoping.BASE:
            return BASE, key
        named = cells[self.scope] if self.scope is not None and self.scope < len(cells) else ""
        if not named:
            return None, key
        scope = slug(named.removeprefix("Bydel ").strip())
        district = self.districts.get(scope)
        if district is None:
            raise ValueError(f"there is no district {named}. {did_you_mean(scope, self.districts)}".rstrip())
        return scope, self.full(key, district)

    def full(self, key: str, district: District) -> str:
        """A key as Websak has it: a local one gets the district's prefix."""
        return district.full_key(district.local_key(key)) if self.kind.local_keys else key

    def value(self, name: str, cell: str, scope: str | None) -> Any:
        """A cell as the field's type has it.

        Raises:
            ValueError: If it cannot be.
        """
        field = self.kind.fields[name]
        if cell == "":
            return False if field.type is bool else field.omitted()
        value = _typed(field.type, cell)
        ref = self.kind.references.get(name)
        district = self.districts.get(scope or "")
        if ref is not None and ref.same_scope and district is not None and isinstance(value, str):
            return district.full_key(district.local_key(value))
        return value


def _readable(kind: Kind, name: str) -> bool:
    inner = kind.fields[name].type
    if get_origin(inner) is list:
        return unwrapped(get_args(inner)[0])[0] is str
    return inner in (str, int, bool) or get_origin(inner) is Literal


def _typed(inner: Any, cell: str) -> Any:
    if inner is bool:
        if cell.casefold() not in _YES | _NO:
            raise ValueError(f"{cell!r} is neither yes nor no (ja or nei)")
        return cell.casefold() in _YES
    if inner is int:
        if not re.fullmatch(r"-?[0-9]{1,9}", cell):
            raise ValueError(f"{cell!r} is not a whole number")
        return int(cell)
    if get_origin(inner) is list:
        return [part.strip() for part in re.split(r"[;,|\n]", cell) if part.strip()]
    if get_origin(inner) is Literal:
        for option in get_args(inner):
            if _plain(str(option)) == _plain(cell):
                return option
        raise ValueError(f"{cell!r} is not one of {', '.join(map(str, get_args(inner)))}")
    return cell
