"""An export of Altinn's access management: who holds which access package at which number, row by row.

No document says what such an export looks like, so the headers are sought in many words and the settings can add some.
National identity numbers are never taken: a column that holds them is dropped and counted, and a file in which they stand
among what is needed is refused.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from websakctl.model.types import organisation_number, orgnr_problem
from websakctl.operations.rollout.hr_columns import COLUMNS as HR_COLUMNS
from websakctl.redaction import national_id_valid, national_ids
from websakctl.rollout.access_packages import Package, is_role_of_altinn_2, package_of
from websakctl.rollout.altinn import Holding
from websakctl.source.configuration import Configuration
from websakctl.source.emitting import flow
from websakctl.source.tables.encoding import header_key
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.shape import Header, find_header, rows_below
from websakctl.source.tables.table import CellError, Row, Table, TableError
from websakctl.source.tables.values import iso_day_in, number_in, text_in

COLUMNS: dict[str, tuple[str, ...]] = {
    "orgnr": ("organisasjonsnummer", "orgnr", "org nr", "org.nr", "org-nr", "organisasjonsnr", "virksomhetsnummer",
              "underenhet", "avgiver", "organisation number", "organization number", "organisation no", "org no"),
    "package": ("tilgangspakke", "tilgangspakker", "pakke", "tilgang", "tilganger", "fullmakt", "rettighet", "rolle",
                "access package", "access packages", "package", "access", "role"),
    "holder": ("person", "bruker", "ansatt", "holder", "innehaver", "gitt til", "tildelt", "mottaker", "rettighetshaver",
               "navn på person", "navn på bruker", "personnavn", "fullt navn", "user", "recipient", "given to", "full name"),
    "first_name": HR_COLUMNS["first_name"],
    "last_name": HR_COLUMNS["last_name"],
    "until": ("gyldig til", "utløper", "utløpsdato", "til dato", "sluttdato", "varer til", "valid to", "expires", "end date"),
    "national_id": (*HR_COLUMNS["national_id"], "d-nummer", "fødselsnummer/d-nummer", "fødselsnummer (11 siffer)"),
}  # fmt: skip
_IF_NOTHING_ELSE = {"navn": "holder", "name": "holder"}  # may be the organisation's, where a column names the person
_NEEDED = ("orgnr", "package")
_DIGITS = 10  # of a national identity number that lost its leading zero


@dataclass(slots=True)
class AltinnExport:
    """What an export comes to; with a finding of ``wrong`` nothing of it is to be used."""

    table: Table
    rows: int = 0
    holdings: list[Holding] = field(default_factory=list)
    unread: list[CellFinding] = field(default_factory=list)  # rows that could not be understood
    wrong: list[CellFinding] = field(default_factory=list)
    dropped: dict[str, int] = field(
        default_factory=dict
    )  # columns of national identity numbers: filled cells, by header
    passed_over: tuple[str, ...] = ()  # headers that nobody knows
    other_packages: Counter[str] = field(default_factory=Counter)
    of_altinn_2: int = 0


def read_export(tables: Sequence[Table], config: Configuration) -> AltinnExport:
    """Understand every row, or count it among the unread.

    Raises:
        TableError: If there is no such list in the file, or more than one.
    """
    own = {header_key(alias): name for name, aliases in config.settings.altinn.columns.items() for alias in aliases}
    known = {header_key(alias): name for name, aliases in COLUMNS.items() for alias in aliases}
    header = find_header(tables, [own, known, _IF_NOTHING_ELSE], needed=frozenset(_NEEDED))
    if header is None:
        raise TableError(
            f"{tables[0].file} has no row of headers that an export of Altinn's access management is known by",
            f"it needs a number, an access package and a name: {_settings_line('holder')}",
        )
    result = AltinnExport(header.table)
    _drop_national_ids(header, result)
    result.passed_over = tuple(
        header.text(column) for column in header.unknown if header.text(column) not in result.dropped
    )
    result.wrong = [*_missing(header), *result.wrong]
    if result.wrong:
        return result
    rows, misshapen, _ = rows_below(header)
    result.rows, result.unread = len(rows) + len(misshapen), list(misshapen)
    seen = set()
    for row in rows:
        for holding in _holdings(header, row, result):
            if holding not in seen:
                seen.add(holding)
                result.holdings.append(holding)
    if not result.rows:
        result.wrong.append(CellFinding(row=header.row.number, column=1, message="there is no row below the headers"))
    return result


def _drop_national_ids(header: Header, result: AltinnExport) -> None:
    """Leave out every column that holds national identity numbers; one that is needed makes the file unusable."""
    named = {header.columns.get("national_id"), *header.rivals.get("national_id", ())}
    used = {column: name for name, column in header.columns.items() if name != "national_id"}
    body = header.table.rows[header.index + 1 :]
    for column in range(1, max((len(row.cells) for row in header.table.rows), default=0) + 1):
        cells = [row.cells[column - 1] for row in body if column <= len(row.cells) and row.cells[column - 1]]
        hits = sum(map(_holds_national_id, cells))
        if column in used and hits:
            result.wrong.append(
                CellFinding(
                    row=header.row.number,
                    column=column,
                    message=f"{hits} cell{'s' * (hits != 1)} of this column hold{'s' * (hits == 1)} a national identity number; nothing was taken",
                    help="take the numbers out of the file, and export it without them",
                )
            )
        elif column in named or hits:
            result.dropped[header.text(column) or f"column {column}"] = len(cells) if column in named else hits


def _holds_national_id(cell: str) -> bool:
    return bool(national_ids(cell)) or (
        len(cell) == _DIGITS and cell.isascii() and cell.isdigit() and national_id_valid(f"0{cell}")
    )


def _missing(header: Header) -> Iterator[CellFinding]:
    has = header.columns.keys()
    needed = [name for name in _NEEDED if name not in has]
    if "holder" not in has and not {"first_name", "last_name"} <= has:
        needed.append("holder")
    for name in needed:
        yield CellFinding(
            row=header.row.number, column=1, message=f"no column holds the {_MEANS[name]}",
            help=f"call it {COLUMNS[name][0]!r}, or add to config/websak.yaml: {_settings_line(name)}",
        )  # fmt: skip
    for name, columns in header.rivals.items():
        if name != "national_id":
            yield CellFinding(
                row=header.row.number, column=columns[0], message=f"more than one column may hold the {_MEANS.get(name, name)}",
                help=f"keep one of them, or add to config/websak.yaml: {_settings_line(name)}",
            )  # fmt: skip


_MEANS = {
    "orgnr": "organisation number",
    "package": "access package",
    "holder": "name of who holds it",
    "first_name": "first name",
    "last_name": "last name",
    "until": "last day",
}


def _settings_line(name: str) -> str:
    return f"altinn: {flow({'columns': {name: ['HEADER']}})}"


def _holdings(header: Header, row: Row, result: AltinnExport) -> list[Holding]:
    """What a row says; none, and why, where it cannot be understood or is about something else."""
    before = len(result.unread)
    try:
        packages = _packages(header, row, result)
        if not packages:
            return []
        orgnr, holder = _orgnr(header, row), _holder(header, row)
        until = iso_day_in(header.table, row, header.columns["until"]) if "until" in header.columns else ""
    except CellError as error:
        result.unread.append(CellFinding(row=row.number, column=0, message=str(error), help=error.what_next))
        return []
    if len(result.unread) > before:
        return []
    return [Holding(orgnr=orgnr, package=package, holder=holder, until=until or None) for package in packages]


def _packages(header: Header, row: Row, result: AltinnExport) -> list[Package]:
    text = text_in(header.table, row, header.columns["package"], whole_line=False)
    names = [name.strip() for name in text.replace(";", "\n").replace(",", "\n").split("\n") if name.strip()]
    if not names:
        raise CellError("the row names no access package")
    packages = []
    for name in names:
        if (package := package_of(name)) is not None:
            packages.append(package)
        elif is_role_of_altinn_2(name):
            result.of_altinn_2 += 1
        else:
            result.other_packages[name[:80]] += 1
    return packages


def _orgnr(header: Header, row: Row) -> str:
    text = number_in(header.table, row, header.columns["orgnr"])
    number = organisation_number(text)
    if number is None:
        raise CellError("the row has no organisation number, nine digits")
    if (problem := orgnr_problem(number)) is not None:
        raise CellError(problem)
    return number


def _holder(header: Header, row: Row) -> str:
    """The person's name. What is wrong with it is told without it."""
    names = [name for name in ("holder", "first_name", "last_name") if name in header.columns]
    parts = names[:1] if "holder" in names else names
    try:
        name = " ".join(filter(None, (text_in(header.table, row, header.columns[part]) for part in parts)))
    except CellError:
        raise CellError("the holder's name is damaged") from None
    if not any(char.isalpha() for char in name):
        raise CellError("the row names no holder")
    if any(char.isdigit() for char in name):
        raise CellError("the holder is no person's name: digits stand in it")
    return name


def unknown_numbers(export: AltinnExport, known: Container[str]) -> Counter[str]:
    """Rows at numbers that are none of ``known``, by number."""
    return Counter(holding.orgnr for holding in export.holdings if holding.orgnr not in known)
