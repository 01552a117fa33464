"""The setup as sheets of a workbook: one for each kind, a row for each resource, a column for each field."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.entry import Field, unwrapped
from websakctl.model.kind import Kind
from websakctl.model.marks import Ref
from websakctl.model.vocabulary import word_for
from websakctl.source.configuration import Configuration
from websakctl.source.emitting import flow
from websakctl.source.tables.encoding import header_key, normalise

RESOURCE, DISTRICT, KEY = "@resource", "@district", "@key"  # what the first three columns of every sheet hold
FIRST_HEADERS = {"nb": ("Ressurs", "Bydel"), "en": ("Resource", "District")}
_LEFT_OUT = frozenset({"previously", "national_no"})  # old keys are history, and numbers of persons go nowhere
_YES, _NO = "ja", "nei"
_LONGEST = 32_000  # characters of a cell; a spreadsheet cuts at 32 767
_SHEET_NAME = 31  # characters
_ITEMS = re.compile(r"[;\n]")

Cell = str | int | date | None


class Shape(StrEnum):
    """What cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    TRUTH = "truth"  # ja, nei
    DAY = "day"
    CHOICE = "choice"
    LIST = "list"  # texts with semicolons between them
    COUNTS = "counts"  # "frogner: 40; sagene: 50"
    OTHER = "other"  # what no cell can hold is shown as YAML has it, and changed there


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a kind as a column."""

    field: str
    header: str
    shape: Shape
    choices: tuple[str, ...] = ()
    reference: Ref | None = None  # to one resource, whose key can be chosen


class SheetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One resource: its cells in the order of the columns. ``locked``: fields whose value no cell can hold."""

    address: Address
    district: str  # its name; of the base, that it is for all
    cells: tuple[Cell, ...]
    locked: frozenset[str] = frozenset()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One kind."""

    kind: Kind
    title: str
    key_header: str
    columns: tuple[Column, ...]
    rows: tuple[SheetRow, ...]


def sheets_of(
    config: Configuration, kinds: Mapping[str, Kind], chosen: Iterable[Address], *, language: str, for_all: str
) -> tuple[Sheet, ...]:
    """Lay resources of the config out as sheets, in the order of the kinds; a kind without any has none.

    Args:
        config: Sound.
        kinds: All kinds.
        chosen: The resources.
        language: Of headers: ``nb`` or ``en``.
        for_all: What the district's column says of the base.
    """
    by_kind: dict[str, list[Address]] = {}
    for address in chosen:
        by_kind.setdefault(address.kind, []).append(address)
    titles: set[str] = set()
    sheets = []
    for name, kind in kinds.items():
        addresses = by_kind.get(name, [])
        if not addresses:
            continue
        columns = columns_of(kind, language)
        rows = [_row(config, kind, address, columns, for_all) for address in sorted(addresses, key=_in_order(config))]
        title = _title(kind, language, titles)
        titles.add(title)
        key = _header(kind, kind.key_field, language)
        sheets.append(Sheet(kind=kind, title=title, key_header=key, columns=columns, rows=tuple(rows)))
    return tuple(sheets)


def texts_of(sheet: Sheet, row: SheetRow) -> dict[str, str]:
    """The cells of a row as a reader gives them back, by field."""
    return {column.field: text_of(cell) for column, cell in zip(sheet.columns, row.cells, strict=True)}


def text_of(cell: Cell) -> str:
    """A cell as a reader gives it back."""
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, date) else normalise(str(cell))


@cache
def columns_of(kind: Kind, language: str) -> tuple[Column, ...]:
    """The columns of a kind, without its key; no two have the same header."""
    taken = {header_key(header) for header in (*FIRST_HEADERS[language], _header(kind, kind.key_field, language))}
    columns = []
    for name, field in kind.fields.items():
        if name == kind.key_field or name in _LEFT_OUT:
            continue
        header = _header(kind, name, language)
        if header_key(header) in taken:
            header = f"{header} ({name})"
        taken.add(header_key(header))
        shape = shape_of(field)
        ref = kind.references.get(name)
        columns.append(
            Column(
                field=name,
                header=header,
                shape=shape,
                choices=tuple(map(str, get_args(field.type))) if get_origin(field.type) is Literal else (),
                reference=ref if ref is not None and field.type is str else None,
            )
        )
    return tuple(columns)


def headers_of(kind: Kind) -> dict[str, str]:
    """Fields by every header that is understood: those of both languages, and the fields' own names."""
    result: dict[str, str] = {}
    for language in ("nb", "en"):
        for column in columns_of(kind, language):
            result.setdefault(header_key(column.header), column.field)
        resource, district = FIRST_HEADERS[language]
        result[header_key(resource)], result[header_key(district)] = RESOURCE, DISTRICT
        result.setdefault(header_key(_header(kind, kind.key_field, language)), KEY)
    return {**{header_key(column.field): column.field for column in columns_of(kind, "en")}, **result}


def shape_of(field: Field) -> Shape:
    """What cells of a field hold."""
    if get_origin(field.type) is Literal:
        return Shape.NUMBER if all(isinstance(value, int) for value in get_args(field.type)) else Shape.CHOICE
    if field.type is str and any(
        isinstance(mark, msgspec.Meta) and (mark.extra_json_schema or {}).get("format") == "date"
        for mark in field.marks
    ):
        return Shape.DAY
    if get_origin(field.type) is list:
        return Shape.LIST if unwrapped(get_args(field.type)[0])[0] is str else Shape.OTHER
    if get_origin(field.type) is dict:
        return Shape.COUNTS if unwrapped(get_args(field.type)[1])[0] in (int, str) else Shape.OTHER
    return {bool: Shape.TRUTH, int: Shape.NUMBER, str: Shape.TEXT}.get(field.type, Shape.OTHER)


def value_of(shape: Shape, field: Field, text: str) -> Any:
    """The value of a cell's text, where the shape is one that a text tells.

    Raises:
        ValueError: If it is none.
    """
    match shape:
        case Shape.LIST:
            return [part.strip() for part in _ITEMS.split(text) if part.strip()]
        case Shape.COUNTS:
            return dict(_counts(field, text))
        case Shape.NUMBER:
            if not re.fullmatch(r"-?[0-9]{1,9}", text):
                raise ValueError(f"{text!r} is not a whole number")
            return int(text)
        case Shape.CHOICE:
            for option in get_args(field.type):
                if header_key(str(option)) == header_key(text):
                    return option
            raise ValueError(f"{text!r} is not one of {', '.join(map(str, get_args(field.type)))}")
        case _:
            return text


def _counts(field: Field, text: str) -> Iterator[tuple[str, Any]]:
    inner = unwrapped(get_args(field.type)[1])[0]
    for part in filter(None, map(str.strip, _ITEMS.split(text))):
        key, colon, value = (piece.strip() for piece in part.partition(":"))
        if not (key and colon and value) or (inner is int and not re.fullmatch(r"[0-9]{1,9}", value)):
            raise ValueError(f"{part!r} is not a name, a colon and a {'number' if inner is int else 'text'}")
        yield key, int(value) if inner is int else value


def _row(config: Configuration, kind: Kind, address: Address, columns: Sequence[Column], for_all: str) -> SheetRow:
    fields = values_of(config, address)
    cells: list[Cell] = []
    locked = set()
    for column in columns:
        cell, whole = _cell(column.shape, kind.fields[column.field], fields.get(column.field))
        cells.append(cell)
        if not whole:
            locked.add(column.field)
    district = config.districts.get(address.scope)
    name = district.name if district is not None else for_all if address.scope == BASE else address.scope
    return SheetRow(address=address, district=name, cells=tuple(cells), locked=frozenset(locked))


def values_of(config: Configuration, address: Address) -> Mapping[str, Any]:
    """All values of a resource, those that never leave the config too."""
    resource = config.whole.get(address) or config.dormant[address]
    config_only = config.config_only.get(address, {})
    protected = {"protected": True} if address in config.protected else {}
    return {**resource.fields, **config_only, **protected}


def cell_of(kind: Kind, name: str, value: Any) -> Cell:
    """The cell of a field's value."""
    return _cell(shape_of(kind.fields[name]), kind.fields[name], value)[0]


def _cell(shape: Shape, field: Field, value: Any) -> tuple[Cell, bool]:
    """The cell of a value, and whether the value can be told from it again."""
    if shape is Shape.TRUTH:
        return (_YES if value else _NO) if value is not None or not field.optional else None, True
    if value is None or value in ([], {}):
        return None, shape is not Shape.OTHER
    match shape:
        case Shape.DAY:
            return date.fromisoformat(value), True
        case Shape.NUMBER:
            return int(value), True
        case Shape.LIST:
            text = "; ".join(value)
        case Shape.COUNTS:
            text = "; ".join(f"{key}: {inner}" for key, inner in value.items())
        case Shape.OTHER:
            return _cut(flow(value)), False
        case _:
            text = str(value)
    try:
        whole = value_of(shape, field, text) == value and len(text) < _LONGEST
    except ValueError:
        whole = False
    return _cut(text), whole


def _cut(text: str) -> str:
    return text if len(text) < _LONGEST else f"{text[:_LONGEST]}…"


def _header(kind: Kind, field: str, language: str) -> str:
    word = word_for(kind.name, field)
    if word is None:
        return field
    text = word.norwegian if language == "nb" else word.english
    return text[:1].upper() + text[1:]


def _title(kind: Kind, language: str, taken: set[str]) -> str:
    english, _, rest = kind.title.partition(" (")
    word = rest.partition(")")[0].partition(",")[0] if language == "nb" else english.partition(",")[0].partition(":")[0]
    text = re.sub(r"[\[\]:*?/\\']", " ", word or kind.plural.replace("_", " "))
    title = (text[:1].upper() + text[1:])[:_SHEET_NAME].strip()
    return title if title not in taken else kind.plural


def _in_order(config: Configuration) -> Any:
    """The base first, then district by district as they are numbered; within, as the config has them."""
    numbers = {slug: district.number for slug, district in config.districts.items()}
    place = {address: number for number, address in enumerate((*config.whole, *config.dormant))}

    def key(address: Address) -> tuple[bool, str, int]:
        return address.scope != BASE, numbers.get(address.scope, ""), place[address]

    return key
