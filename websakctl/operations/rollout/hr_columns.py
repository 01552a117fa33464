"""Which columns a file of HR has: headers in Norwegian and English, those of the settings, and the likeliest for the rest."""

from collections.abc import Iterator, Mapping, Sequence

from websakctl.source.configuration import Configuration
from websakctl.source.emitting import flow
from websakctl.source.tables.encoding import header_key, lookup_key
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.shape import Header, duplicate_headers, find_header
from websakctl.source.tables.table import Table

# What headers are called, Norwegian and English, by what they hold; settings go before these.
COLUMNS: dict[str, tuple[str, ...]] = {
    "employee_number": ("ansattnummer", "ansattnr", "ansatt nr", "ansatt-nr", "medarbeidernummer", "ressursnummer",
                        "ressursnr", "employee number", "employee no", "employee id", "personnel number"),
    "code": ("brukerkode", "kode", "initialer", "brukerident", "ident", "user code", "code", "initials", "user id"),
    "name": ("navn", "fullt navn", "ansatt", "name", "full name", "employee"),
    "first_name": ("fornavn", "first name", "firstname", "given name"),
    "last_name": ("etternavn", "last name", "lastname", "surname", "family name"),
    "role": ("rolle", "brukerrolle", "role", "user role"),
    "unit": ("enhet", "avdeling", "organisasjonsenhet", "administrativ enhet", "tjenestested", "enhetskode",
             "avdelingskode", "unit", "department", "org unit", "department code", "unit code"),
    "district": ("bydel", "virksomhet", "district", "borough"),
    "username": ("brukernavn", "pålogging", "påloggingsnavn", "username", "user name", "login", "logon name"),
    "email": ("e-post", "epost", "e-postadresse", "epostadresse", "mail", "email", "e-mail", "email address"),
    "title": ("stilling", "stillingstittel", "tittel", "title", "job title", "position"),
    "phone": ("telefon", "tlf", "telefonnummer", "phone", "telephone"),
    "mobile": ("mobil", "mobiltelefon", "mobilnummer", "mobile", "mobile phone", "cell"),
    "valid_from": ("startdato", "ansatt fra", "fra dato", "tiltredelse", "tiltredelsesdato", "gyldig fra", "begynner",
                   "start date", "hire date", "valid from"),
    "valid_to": ("sluttdato", "ansatt til", "til dato", "fratredelse", "fratredelsesdato", "gyldig til", "slutter",
                 "end date", "termination date", "valid to"),
    "leave_from": ("permisjon fra", "permisjon fra dato", "permisjon start", "permisjonsstart", "startdato permisjon",
                   "fravær fra", "leave from", "leave start", "leave start date"),
    "leave_to": ("permisjon til", "permisjon til dato", "permisjon slutt", "permisjonsslutt", "sluttdato permisjon",
                 "fravær til", "leave to", "leave end", "leave end date"),
    "main_post": ("hovedstilling", "hovedarbeidsforhold", "primærstilling", "main position", "primary position"),
    "national_id": ("fødselsnummer", "fødselsnr", "fnr", "personnummer", "national id", "national identity number", "ssn"),
}  # fmt: skip
_NEEDED = ("role", "unit", "username", "email")
_SAMPLE = 50  # rows by whose cells a column is recognised


def find_columns(tables: Sequence[Table], config: Configuration) -> Header | None:
    """Find the list of people and its columns.

    Raises:
        TableError: If several sheets hold one.
    """
    own = config.settings.user_import.columns
    known = [
        {header_key(alias): name for name, aliases in columns.items() for alias in aliases}
        for columns in (own, COLUMNS)
    ]
    return find_header(tables, known, needed=frozenset({"role", "unit"}))


def no_headers(table: Table) -> CellFinding:
    """Say that no row of the table is a row of headers."""
    row = table.rows[0]
    first = ", ".join(cell for cell in row.cells if cell)[:200]
    return CellFinding(
        row=row.number,
        column=1,
        message=f"no headers are known here: {first}",
        help="a header for name, role and unit is needed",
    )


def code_column(header: Header, config: Configuration) -> str:
    """What the user codes are taken from: the employee number, unless the settings name a column of codes.

    Source: products that feed users into Websak put the employee number there (docs.identum.no).
    """
    named = "code" in config.settings.user_import.columns
    order = ("code", "employee_number") if named else ("employee_number", "code")
    return next((name for name in order if name in header.columns), "username")


def missing_columns(header: Header, config: Configuration) -> Iterator[CellFinding]:
    """Find what is wrong with the headers: columns that are missing, there twice, or not to be taken."""
    has = header.columns.keys()
    yield from duplicate_headers(header)
    needed = [name for name in _NEEDED if name not in has]
    if "name" not in has and not {"first_name", "last_name"} <= has:
        needed.insert(0, "name")
    for name in needed:
        column = _likeliest(header, config, name)
        words = ", ".join(COLUMNS[name][:4])
        yield CellFinding(
            row=header.row.number,
            column=column or 1,
            message=f"no column holds the {name}",
            help=f"is it {header.text(column)!r}? Then add to config/websak.yaml: {settings_line('columns', name, [header.text(column)])}"
            if column
            else f"call it one of {words}, or add to config/websak.yaml: user_import: {{columns: {{{name}: [HEADER]}}}}",
        )
    if "national_id" in has and not config.settings.user_import.national_id:
        yield CellFinding(
            row=header.row.number,
            column=header.columns["national_id"],
            message="this column holds national identity numbers, and they are not taken",
            help="take the column out of the file, or set user_import: {national_id: true} in config/websak.yaml",
        )


def _likeliest(header: Header, config: Configuration, name: str) -> int | None:
    """The column that is probably meant, by what its cells hold, else by a word of its header; only if one is."""
    spare = [*header.unknown, *([header.columns["title"]] if name == "role" and "title" in header.columns else [])]
    known = _known_values(config, name)
    full = [column for column in spare if _share(header, column, known, name) > 0.5]
    named = [column for column in spare if _alias_within(header.text(column), name)]
    for candidates in ([c for c in full if c in named], full, named):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _known_values(config: Configuration, name: str) -> frozenset[str]:
    match name:
        case "role":
            roles = {a.key: r.fields for a, r in config.own.items() if a.kind == "user_role"}
            words = [w for key, fields in roles.items() for w in (key, fields["name"], *fields["aliases"])]
        case "unit":
            units = [r for a, r in config.state.items() if a.kind == "org_unit"]
            words = [w for unit in units for w in (unit.address.key, unit.fields["name"])]
        case _:
            words = []
    return frozenset(map(lookup_key, words))


def _share(header: Header, column: int, known: frozenset[str], name: str) -> float:
    rows = header.table.rows[header.index + 1 :][:_SAMPLE]
    cells = [row.cells[column - 1] for row in rows if column <= len(row.cells) and row.cells[column - 1]]
    good = sum("@" in cell if name == "email" else lookup_key(cell) in known for cell in cells)
    return good / len(cells) if cells else 0.0


def _alias_within(text: str, name: str) -> bool:
    words = header_key(text)
    return any(
        alias in words.split() or words.endswith(alias) or words.startswith(f"{alias} ")
        for alias in map(header_key, COLUMNS[name])
    )


def settings_line(rule: str, key: str, value: object) -> str:
    """What to paste into config/websak.yaml: ``user_import: {units: {Oppvekst: OPPV}}``."""
    return f"user_import: {flow({rule: {key: value}})}"


def described(header: Header) -> Mapping[str, str]:
    """Headers by what they hold."""
    return {name: header.text(column) for name, column in header.columns.items()}
