"""A workbook of the setup, handed back: which cells somebody changed, and what is in the way of taking them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind
from websakctl.model.marks import Check
from websakctl.model.types import POSTAL_CODE
from websakctl.model.validation import ValidationError, convert
from websakctl.operations.config.placing import NewValue
from websakctl.operations.config.sheets import (
    DISTRICT,
    FIRST_HEADERS,
    KEY,
    RESOURCE,
    Shape,
    SheetRow,
    cell_of,
    headers_of,
    shape_of,
    sheets_of,
    text_of,
    texts_of,
    value_of,
    values_of,
)
from websakctl.source.configuration import Configuration
from websakctl.source.problems import did_you_mean
from websakctl.source.tables.encoding import header_key
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.shape import Header, find_header, rows_below
from websakctl.source.tables.table import CellError, Row, Table, TableError
from websakctl.source.tables.values import iso_day_in, number_in, postal_code_in, text_in, truth_in

BASIS = "websakctl"  # the hidden sheet that keeps what the cells were
READ_ONLY = "read only"  # marks rows of sheets that are not taken back, which begin with the sheet's name
_EXPORT_AGAIN = "write it again with `websakctl export FILE.xlsx`"
_CHANGE_IN_FILES = "no cell can hold it: change it in the config's files"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a workbook is from."""

    environment: str
    commit: str
    digest: str


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that somebody changed. ``place`` as a spreadsheet calls it; texts as a reader gives cells back."""

    address: Address
    field: str
    place: str
    before: str
    after: str
    value: Any  # with full keys


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that was changed in the workbook and, since it was made, in the config too."""

    edit: Edit
    config: str  # what the config says now


@dataclass(slots=True)
class WorkbookEdits:
    """What a workbook comes to."""

    origin: Origin
    edits: list[Edit] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    findings: list[tuple[Table, CellFinding]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_workbook_of_setup(tables: Sequence[Table], config: Configuration, kinds: Mapping[str, Kind]) -> WorkbookEdits:
    """Find the changed cells, and merge them with what changed in the config meanwhile.

    Args:
        tables: All sheets, hidden ones too.
        config: Sound, as it is now.
        kinds: All kinds.

    Raises:
        TableError: If it is not a workbook that ``export`` wrote.
    """
    origin, basis, read_only = _basis(tables)
    result = WorkbookEdits(origin)
    reader = _Reader(config, kinds, basis, result)
    for table in tables:
        if table.sheet in read_only:
            result.findings += [(table, finding) for finding in _changed_rows(table, read_only[table.sheet])]
        elif table.sheet != BASIS:
            reader.read(table)
    missing = len(basis.keys() - reader.seen)
    if missing:
        result.notes.append(
            f"{missing} resource{'s' * (missing != 1)} of the workbook {'have' if missing != 1 else 'has'} no row any more: nothing is removed"
        )
    return result


Basis = Mapping[Address, Mapping[str, str]]  # what the cells were, by resource and field
Lines = Sequence[tuple[str, ...]]


def _changed_rows(table: Table, were: Lines) -> Iterator[CellFinding]:
    """Find rows of a sheet that is only looked at which are not as they were; an empty text of theirs may be anything."""
    for row in table.rows[1:]:
        cells = row.cells
        if not any(
            all(not text or (at < len(cells) and cells[at] == text) for at, text in enumerate(line))
            and not any(cells[len(line) :])
            for line in were
        ):
            yield CellFinding(
                row=row.number,
                column=1,
                message="this row was changed, and the sheet is only looked at",
                help="change it in the config's files, and put back what stood here",
            )


def _basis(tables: Sequence[Table]) -> tuple[Origin, Basis, dict[str, list[tuple[str, ...]]]]:
    table = next((t for t in tables if t.sheet == BASIS), None)
    if tables[0].delimited:
        raise TableError(f"{tables[0].file} is not a workbook", "for a list of your own, name its kind: --kind KIND")
    if table is None:
        raise TableError(
            f"{tables[0].file} is not a workbook of the setup, or its hidden sheet {BASIS!r} is gone", _EXPORT_AGAIN
        )
    try:
        about = json.loads(table.rows[0].cells[1])
        if table.rows[0].cells[0] != BASIS or about["format_version"] != 1:
            raise ValueError
        origin = Origin(environment=about["environment"], commit=about["commit"], digest=about["digest"])
        kept = [(row.cells[0], json.loads(row.cells[1])) for row in table.rows[1:]]
        basis = {Address.parse(name): dict(texts) for name, texts in kept if name != READ_ONLY}
        read_only: dict[str, list[tuple[str, ...]]] = {}
        for name, texts in kept:
            if name == READ_ONLY:
                read_only.setdefault(texts[0], []).append(tuple(texts[1:]))
    except (ValueError, KeyError, IndexError, TypeError):
        raise TableError(f"the hidden sheet {BASIS!r} of {table.file} was changed", _EXPORT_AGAIN) from None
    return origin, basis, read_only


class _Reader:
    def __init__(
        self,
        config: Configuration,
        kinds: Mapping[str, Kind],
        basis: Mapping[Address, Mapping[str, str]],
        result: WorkbookEdits,
    ) -> None:
        self.config, self.kinds, self.basis, self.result = config, kinds, basis, result
        self.seen: dict[Address, str] = {}  # where each resource stands
        self.now = self._as_it_is_now()

    def _as_it_is_now(self) -> dict[Address, tuple[SheetRow, dict[str, str]]]:
        known = {**self.config.whole, **self.config.dormant}
        chosen = [address for address in self.basis if address in known]
        sheets = sheets_of(self.config, self.kinds, chosen, language="en", for_all="")
        return {row.address: (row, texts_of(sheet, row)) for sheet in sheets for row in sheet.rows}

    def read(self, table: Table) -> None:
        """Read one sheet; one without resources is passed over."""
        first = {header_key(resource): RESOURCE for resource, _ in FIRST_HEADERS.values()}
        header = find_header([table], [first], needed=frozenset({RESOURCE}), least=1)
        if header is None:
            return
        kind = self._kind(table, header)
        if kind is None:
            return
        known = headers_of(kind)
        columns: dict[str, int] = {}
        for column in range(1, len(header.row.cells) + 1):
            name = known.get(header_key(header.text(column)))
            if name is None and header.text(column):
                self.result.notes.append(f"{table.reference(header.row.number, column)}: {header.text(column)!r} is no field, and passed over")  # fmt: skip
            elif name in columns:
                self._complain(table, header.row.number, column, f"the header {header.text(column)!r} stands here a second time", "keep one of the columns")  # fmt: skip
            elif name is not None:
                columns[name] = column
        rows, findings, _ = rows_below(msgspec.structs.replace(header, columns=columns))
        self.result.findings += [(table, finding) for finding in findings]
        for row in rows:
            self._row(table, row, kind, columns)

    def _kind(self, table: Table, header: Header) -> Kind | None:
        """The kind that most of the sheet's rows are of."""
        column = header.columns[RESOURCE]
        for row in table.rows[header.index + 1 :]:
            if (
                column <= len(row.cells)
                and (kind := self.kinds.get(row.cells[column - 1].partition("/")[0])) is not None
            ):
                return kind
        return None

    def _complain(self, table: Table, row: int, column: int, message: str, help_: str) -> None:
        self.result.findings.append((table, CellFinding(row=row, column=column, message=message, help=help_)))

    def _row(self, table: Table, row: Row, kind: Kind, columns: Mapping[str, int]) -> None:
        at = columns[RESOURCE]
        text = row.cells[at - 1] if at <= len(row.cells) else ""
        try:
            address = Address.parse(text)
        except ValueError:
            self._complain(
                table, row.number, at, "no resource stands here", "new ones are written in the config's files"
            )
            return
        if address.kind != kind.name or address not in self.basis:
            near = did_you_mean(text, map(str, self.basis))
            self._complain(table, row.number, at, f"{text} is no resource that the workbook was made with", near or "new ones are written in the config's files")  # fmt: skip
            return
        if address in self.seen:
            self._complain(table, row.number, at, f"{text} stands in {self.seen[address]}, too", "keep one of the rows")
            return
        self.seen[address] = table.reference(row.number, at)
        if (key := columns.get(KEY)) is not None and self._cell(row, key) != address.key:
            self._complain(table, row.number, key, "keys are not changed here", f"write {address.key}; a rename is written in the files, with `previously`")  # fmt: skip
        if address not in self.now:
            self._gone(table, row, columns, address)
            return
        result = [
            edit
            for name, column in columns.items()
            if name not in (RESOURCE, DISTRICT, KEY) and (edit := self._edit(table, row, column, address, name))
        ]
        self._check(table, row, kind, columns, address, result)
        self._merge(result)

    def _gone(self, table: Table, row: Row, columns: Mapping[str, int], address: Address) -> None:
        """Refuse changes of what the config does not have any more."""
        for name, column in columns.items():
            if name in self.basis[address] and self._cell(row, column) != self.basis[address][name]:
                self._complain(table, row.number, column, f"{address} is not in the config any more", "leave the row as it was")  # fmt: skip

    @staticmethod
    def _cell(row: Row, column: int) -> str:
        return row.cells[column - 1] if column <= len(row.cells) else ""

    def _edit(self, table: Table, row: Row, column: int, address: Address, name: str) -> Edit | None:
        """What a cell was changed to; nothing where it is as it was, or cannot be taken."""
        kind = self.kinds[address.kind]
        before = self.basis[address].get(name, "")
        raw = self._cell(row, column)
        if (row.number, column) in table.formulas:
            self._complain(table, row.number, column, "a formula stands here", "write the value itself")
            return None
        mark = table.marks.get((row.number, column))
        if raw == before and (mark is None or not mark.fault):
            return None
        if name in self.now[address][0].locked:
            self._complain(table, row.number, column, "this value was changed", _CHANGE_IN_FILES)
            return None
        try:
            value = self._value(table, row, column, kind, name, address)
        except ValueError as error:
            help_ = error.what_next if isinstance(error, CellError) else ""
            self._complain(table, row.number, column, str(error), help_ or f"it was: {before or 'empty'}")
            return None
        after = self._text(kind, name, value)
        if after == before:
            return None
        return Edit(
            address=address,
            field=name,
            place=table.reference(row.number, column),
            before=before,
            after=after,
            value=value,
        )

    def _text(self, kind: Kind, name: str, value: Any) -> str:
        return text_of(cell_of(kind, name, value))

    def _value(self, table: Table, row: Row, column: int, kind: Kind, name: str, address: Address) -> Any:
        """The value that a cell says, with full keys.

        Raises:
            ValueError: If it says none.
        """
        of_kind = kind.fields[name]
        shape = shape_of(of_kind)
        if shape is Shape.OTHER:
            raise ValueError(f"the value was changed; {_CHANGE_IN_FILES}")
        if not self._cell(row, column) and (row.number, column) not in table.marks:
            if of_kind.required:
                raise ValueError("this cell must be filled in")
            return self._omitted(kind, name, address)
        if shape is Shape.TRUTH:
            return truth_in(table, row, column)
        if shape is Shape.DAY:
            return iso_day_in(table, row, column)
        text = self._read(table, row, column, of_kind.marks, shape)
        return self._qualified(kind, name, value_of(shape, of_kind, text), address)

    def _omitted(self, kind: Kind, name: str, address: Address) -> Any:
        """What holds where the files do not say the field: its default, the key, or the district's top unit."""
        if name in kind.defaults_to_key:
            return address.key
        ref, district = kind.references.get(name), self.config.districts.get(address.scope)
        if ref is not None and ref.same_scope and ref.kind == kind.name and kind.root_key and district is not None:
            top = district.full_key(kind.root_key)
            return top if address.key != top else None
        return kind.fields[name].omitted()

    @staticmethod
    def _read(table: Table, row: Row, column: int, marks: Sequence[Any], shape: Shape) -> str:
        if POSTAL_CODE in marks:
            return postal_code_in(table, row, column)
        if shape is Shape.NUMBER:
            return number_in(table, row, column)
        text = text_in(table, row, column, whole_line=False)
        repairs = (mark.repair(text) for mark in marks if isinstance(mark, Check) and mark.repair is not None)
        return next(filter(None, repairs), text)

    def _qualified(self, kind: Kind, name: str, value: Any, address: Address) -> Any:
        """The value, its references as full keys.

        Raises:
            ValueError: If one refers to nothing.
        """
        ref = kind.references.get(name)
        if ref is None or ref.everywhere or ref.any_scope:
            return value
        district = self.config.districts.get(address.scope)
        scope = address.scope if ref.same_scope or ref.or_base else BASE

        def qualified(key: str) -> str:
            full = (
                district.full_key(district.local_key(key))
                if district is not None and self._has_prefix(ref.kind, scope)
                else key
            )
            known = (
                self.config.districts.keys()
                if ref.kind == "district"
                else {
                    a.key
                    for a in self.config.whole
                    if a.kind == ref.kind and a.scope in (scope, BASE if ref.or_base else scope)
                }
            )
            for candidate in (key, full):
                if candidate in known:
                    return candidate
            raise ValueError(f"there is no {ref.kind.replace('_', ' ')} {key!r}. {did_you_mean(key, known)}".rstrip())

        if isinstance(value, str):
            return qualified(value)
        return (
            {qualified(k): v for k, v in value.items()} if isinstance(value, Mapping) else list(map(qualified, value))
        )

    def _has_prefix(self, kind: str, scope: str) -> bool:
        return scope != BASE and kind in self.kinds and self.kinds[kind].local_keys

    def _check(
        self, table: Table, row: Row, kind: Kind, columns: Mapping[str, int], address: Address, edits: list[Edit]
    ) -> None:
        """Refuse values that the field does not allow, at their cells."""
        new = {edit.field: edit.value for edit in edits}
        if not new:
            return
        known = {name: value for name, value in values_of(self.config, address).items() if name in kind.fields}
        try:
            convert(kind.model, {**known, **new, kind.key_field: address.key})
        except ValidationError as error:
            for problem in error.problems:
                name = str(problem.path[0]) if problem.path else ""
                if name in new:
                    help_ = f"write {problem.words}" if problem.words else ""
                    message = problem.message if problem.reported else f"{name} {problem.message}"
                    self._complain(table, row.number, columns[name], message, help_)
                    edits[:] = [edit for edit in edits if edit.field != name]

    def _merge(self, edits: Iterable[Edit]) -> None:
        """Take what nobody else changed; what the config has otherwise by now is a conflict."""
        for edit in edits:
            now = self.now[edit.address][1].get(edit.field, "")
            if now == edit.after:
                continue
            if now == edit.before:
                self.result.edits.append(edit)
            else:
                self.result.conflicts.append(Conflict(edit=edit, config=now))


def new_values(edits: Iterable[Edit], config: Configuration, kinds: Mapping[str, Kind]) -> Iterator[NewValue]:
    """The changed cells as values to be written, in the words of the files."""
    for edit in edits:
        kind = kinds[edit.address.kind]
        district = config.districts.get(edit.address.scope)
        value = edit.value
        ref = kind.references.get(edit.field)
        if ref is not None and (ref.same_scope or ref.or_base) and district is not None and value is not None:
            value = district.local_key(value) if isinstance(value, str) else list(map(district.local_key, value))
            own = ref.kind == kind.name and kind.root_key is not None
            if own and value == kind.root_key:
                value = None
        if edit.field in kind.defaults_to_key and value == edit.address.key:
            value = None
        is_said = value is not None and value != kind.fields[edit.field].omitted()
        yield NewValue(
            address=edit.address,
            name=edit.field,
            old=values_of(config, edit.address).get(edit.field),
            live=edit.value,
            new=value if is_said else None,
            is_said=is_said,
        )


def differs_from(edits: Iterable[Edit], before: Configuration, after: Configuration, kinds: Mapping[str, Kind]) -> str:
    """What the new config has otherwise than the edits say: nothing, as it should be, or the first such cell."""
    expected = {(edit.address, edit.field): edit.after for edit in edits}
    old, new = _every_text(before, kinds), _every_text(after, kinds)
    if old.keys() != new.keys():
        return f"{min(old.keys() ^ new.keys())} would also be added or removed"
    for address, texts in new.items():
        for name, text in texts.items():
            if text != expected.get((address, name), old[address].get(name, "")):
                return f"{address}: {name} would be {text or 'empty'!r}"
    return ""


def _every_text(config: Configuration, kinds: Mapping[str, Kind]) -> dict[Address, dict[str, str]]:
    every = (*config.whole, *config.dormant)
    sheets = sheets_of(config, kinds, every, language="en", for_all="")
    return {row.address: texts_of(sheet, row) for sheet in sheets for row in sheet.rows}
