"""The import verb: a file from HR into the districts' files of users, whole or not at all."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websakctl.kinds.user import KIND, User
from websakctl.model.district import District
from websakctl.model.entry import fields_of
from websakctl.model.validation import ValidationError, convert
from websakctl.record import record
from websakctl.redaction import NATIONAL_ID, national_id_valid, redact
from websakctl.source.configuration import Configuration
from websakctl.source.documents import plain
from websakctl.source.emitting import document
from websakctl.source.problems import did_you_mean
from websakctl.source.sheets import Row, Sheet
from websakctl.source.users import FOLDER, SECTION

HEADER = """\
yaml-language-server: $schema=../config/files.schema.json
Users of this district, written by `websakctl users import`. Personal data: not for git, and for its owner only.
People who leave the file from HR leave this one, and are deactivated by the next apply."""
_LOOK_AT = 20  # rows in which the headers may stand
_ELEVEN = 11

# What headers are called, Norwegian and English, by what they hold; settings add to these.
COLUMNS: dict[str, tuple[str, ...]] = {
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
    "national_id": ("fødselsnummer", "fødselsnr", "fnr", "personnummer", "national id", "national identity number", "ssn"),
}  # fmt: skip
_NAMES_OF = {"first_name": "name", "last_name": "name"}
_COPIED = ("title", "phone", "mobile", "username", "email")
_TOLD = {  # what a field's pattern means
    "name": "this is no name: 1 to 70 letters, and no control characters",
    "email": "this is no e-mail address",
    "code": "this is no user code: letters, digits, . _ -",
    "username": "this is no user name: up to 100 letters without blanks",
    "national_no": "this is no national identity number: eleven digits",
}
_ONCE = ("code", "username", "email")  # what no two people have in common


@record
class Complaint:
    """What is wrong with a row. Row and column are numbers from 1, as office programs show them; 0: all of it."""

    row: int
    column: int
    message: str
    help: str = ""


@record
class Person:
    """A row that was understood: the district, the user's code, and the fields as YAML says them."""

    row: int
    district: str
    code: str
    fields: dict[str, Any]


@dataclass(slots=True)
class Import:
    """What a file comes to; with a complaint nothing of it is to be written."""

    file: str
    about: str
    columns: dict[str, str] = field(default_factory=dict)  # header by what it holds
    passed_over: tuple[str, ...] = ()  # headers that nobody knows
    people: list[Person] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)  # codes that are no longer in the file, by district

    @property
    def districts(self) -> tuple[str, ...]:
        """Slugs of the districts that the file speaks of."""
        return tuple(sorted({person.district for person in self.people}))


def read_people(sheet: Sheet, config: Configuration, *, only: Iterable[str] = (), add: bool = False) -> Import:
    """Understand every row, or complain of it.

    Args:
        sheet: The file.
        config: Whose units, roles and rules the rows are mapped by.
        only: Slugs; rows of other districts are complained of. A single one is also the district of rows that name none.
        add: Whether people who are not in the file stay.
    """
    result = Import(sheet.file, sheet.about)
    head = _header(sheet, config)
    if head is None:
        first = ", ".join(cell for cell in sheet.rows[0][1] if cell)[:200]
        result.complaints.append(
            Complaint(
                sheet.rows[0][0], 1, f"no headers are known here: {first}", "a header for name, role and unit is needed"
            )
        )
        return result
    at, columns = head
    headers = sheet.rows[at][1]
    result.columns = {name: headers[n] for name, n in columns.items()}
    result.passed_over = tuple(h for n, h in enumerate(headers) if h and n not in columns.values())
    result.complaints += _lacking(sheet.rows[at][0], columns, config)
    if not result.complaints:
        reading = _Reading(config, columns, frozenset(only))
        for row in sheet.rows[at + 1 :]:
            person = reading.person(row)
            if person is not None:
                result.people.append(person)
        reading.complain_of_staying(() if add else result.districts)
        result.complaints += sorted(reading.complaints, key=lambda c: (c.row, c.column))
        if not result.people and not result.complaints:
            result.complaints.append(Complaint(sheet.rows[at][0], 1, "there is nobody below the headers"))
    for slug in result.districts:
        codes = {p.code for p in result.people if p.district == slug}
        before = {a.key for a in config.state if a.kind == KIND.name and a.scope == slug}
        result.left[slug] = [] if add else sorted(before - codes)
    return result


def files_of(found: Import, config: Configuration, *, add: bool = False) -> dict[str, str]:
    """The districts' files of users as the import makes them, by path; what HR does not tell of a user is kept."""
    result = {}
    for slug in found.districts:
        before = _written(config, slug)
        entries = dict(before) if add else {}
        for person in found.people:
            if person.district == slug:
                merged = {**before.get(person.code, {}), **person.fields}
                entries[person.code] = {name: merged[name] for name in fields_of(User) if name in merged}
        ordered = {code: entries[code] for code in sorted(entries)}
        result[f"{FOLDER}{slug}.yaml"] = document({SECTION: ordered}, depth={}, header=HEADER)
    return result


def write_all(root: Path, files: Mapping[str, str]) -> None:
    """Write every file, owner-only, or leave every file as it was.

    Raises:
        OSError: If one cannot be written.
    """
    (root / FOLDER).mkdir(mode=0o700, exist_ok=True)
    ready: list[tuple[Path, Path]] = []
    done: list[tuple[Path, bytes | None]] = []
    try:
        for name, text in files.items():
            ready.append((_beside(root / name, text.encode()), root / name))
        for temporary, path in ready:
            before = path.read_bytes() if path.exists() else None
            temporary.replace(path)
            done.append((path, before))
    except BaseException:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)
        for path, old in done:
            if old is None:
                path.unlink(missing_ok=True)
            else:
                _beside(path, old).replace(path)
        raise


def _beside(path: Path, content: bytes) -> Path:
    import os
    import tempfile

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # owner-only
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(temporary)


def _written(config: Configuration, slug: str) -> dict[str, dict[str, Any]]:
    """The district's users as its files have them, with the files' defaults."""
    found: dict[str, dict[str, Any]] = {}
    for address in config.state:
        if address.kind == KIND.name and address.scope == slug:
            origin = config.origins[address]
            shared = origin.defaults[0][origin.defaults[1]] if origin.defaults is not None else {}
            found[address.key] = plain({**shared, **(origin.section[origin.key] or {})})
    return found


# --- headers


def _header(sheet: Sheet, config: Configuration) -> tuple[int, dict[str, int]] | None:
    """Which row is the headers, and in which column each thing stands; the first row with two known headers or more."""
    known = {_word(alias): name for name, aliases in COLUMNS.items() for alias in aliases}
    known.update(
        {_word(alias): name for name, aliases in config.settings.user_import.columns.items() for alias in aliases}
    )
    for at, (_, cells) in enumerate(sheet.rows[:_LOOK_AT]):
        columns: dict[str, int] = {}
        for number, cell in enumerate(cells):
            name = known.get(_word(cell))
            if name is not None:
                columns.setdefault(name, number)
        if len(columns) >= 2:
            return at, columns
    return None


def _lacking(row: int, columns: Mapping[str, int], config: Configuration) -> Iterator[Complaint]:
    has = columns.keys()
    needed = [name for name in ("role", "unit", "username", "email") if name not in has]
    if "name" not in has and not {"first_name", "last_name"} <= has:
        needed.insert(0, "name")
    for name in needed:
        words = ", ".join(COLUMNS[name][:4])
        yield Complaint(
            row,
            1,
            f"no column holds the {name}",
            f"call it one of {words}, or name its header under user_import: in config/websak.yaml",
        )
    if "national_id" in has and not config.settings.user_import.national_id:
        yield Complaint(
            row,
            columns["national_id"] + 1,
            "this column holds national identity numbers, and they are not taken",
            "take the column out of the file, or set user_import: {national_id: true} in config/websak.yaml",
        )


def _word(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").replace(".", " ").replace(":", " ").split())


# --- rows


class _Reading:
    """Understands rows one by one; remembers who was seen."""

    def __init__(self, config: Configuration, columns: Mapping[str, int], only: frozenset[str]) -> None:
        self.config, self.columns, self.only = config, columns, only
        self.complaints: list[Complaint] = []
        rules = config.settings.user_import
        self.roles = _by_word(rules.roles)
        roles = {a.key: r.fields for a, r in config.own.items() if a.kind == "user_role"}
        words = [(key, key) for key in roles] + [(fields["name"], key) for key, fields in roles.items()]
        words += [(alias, key) for key, fields in roles.items() for alias in fields["aliases"]]
        for word, key in words:  # an alias of one role may be the name of another
            self.roles.setdefault(_word(word), key)
        self.districts = _by_word(rules.districts)
        for district in config.districts.values():
            short = district.name.removeprefix("Bydel ")
            for word in (district.slug, district.name, short, district.number, district.orgnr, district.short_name):
                self.districts.setdefault(_word(word), district.slug)
        self.units = {slug: _units_of(config, district) for slug, district in config.districts.items()}
        self.unit_words = _by_word(rules.units)
        self.elsewhere = _taken(config)
        self.from_elsewhere: list[tuple[int, str, str]] = []  # row, what, district
        self.seen: dict[tuple[str, str], tuple[int, str]] = {}  # (what, value) -> row, district

    def person(self, row: Row) -> Person | None:
        """The person of a row, or nobody and complaints that say why."""
        number, cells = row
        before = len(self.complaints)
        self._refuse_national_ids(number, cells)
        slug = self._district(number, cells)
        fields: dict[str, Any] = {"name": self._name(cells), "role": self._role(number, cells)}
        fields["unit"] = self._unit(number, cells, slug) if slug else None
        fields |= {name: value for name in _COPIED if (value := self._cell(cells, name))}
        for name in ("username", "email"):
            if name not in fields:
                self._complain(number, name, f"the {name} is missing", "Websak cannot be told of changes without it")
        if national := self._cell(cells, "national_id"):
            fields["national_no"] = national.replace(" ", "")
        code = (self._cell(cells, "code") or fields.get("username", "").partition("@")[0]).upper()
        if len(self.complaints) == before:
            self._check(number, code, fields)
        if slug is not None and code:
            self._see(
                number, slug, {"code": code, **{n: fields[n].casefold() for n in ("username", "email") if n in fields}}
            )
        if len(self.complaints) > before or slug is None:
            return None
        return Person(number, slug, code, fields)

    def _cell(self, cells: tuple[str, ...], name: str) -> str:
        at = self.columns.get(name)
        return cells[at] if at is not None and at < len(cells) else ""

    def _complain(self, row: int, name: str, message: str, help_: str = "") -> None:
        self.complaints.append(Complaint(row, self.columns.get(name, 0) + 1, message, help_))

    def _refuse_national_ids(self, row: int, cells: tuple[str, ...]) -> None:
        """A number may stand in its own column only, where that is taken; it is never repeated in a message."""
        for at, cell in enumerate(cells):
            if at == self.columns.get("national_id"):
                if cell and not _is_national_id(cell):
                    self.complaints.append(Complaint(row, at + 1, "this is not a national identity number"))
            elif NATIONAL_ID in redact(cell):  # also within a longer text
                self.complaints.append(
                    Complaint(row, at + 1, "a national identity number stands here", "take it out of the file")
                )

    def _name(self, cells: tuple[str, ...]) -> str:
        whole = self._cell(cells, "name")
        if not whole:
            return " ".join(filter(None, (self._cell(cells, "first_name"), self._cell(cells, "last_name"))))
        last, comma, first = whole.partition(",")  # Nordmann, Kari
        return f"{first.strip()} {last.strip()}" if comma and first.strip() else whole

    def _role(self, row: int, cells: tuple[str, ...]) -> str | None:
        said = self._cell(cells, "role")
        role = self.roles.get(_word(said))
        if role is None:
            hint = did_you_mean(said, self.roles) or "add it to the role's aliases, or under user_import: roles:"
            self._complain(row, "role", f"{said!r} is no role that is known" if said else "the role is missing", hint)
        return role

    def _district(self, row: int, cells: tuple[str, ...]) -> str | None:
        said = self._cell(cells, "district")
        slug = self.districts.get(_word(said)) if said else self._district_of_unit(cells)
        if slug is None:
            hint = (
                did_you_mean(said, self.districts)
                if said
                else "name it with --district SLUG, or in a column of its own"
            )
            self._complain(
                row,
                "district" if said else "unit",
                f"{said!r} is no district" if said else "no district is named",
                hint,
            )
        elif self.only and slug not in self.only:
            self._complain(
                row, "district", f"{slug} is not among the districts that were asked for", "leave the row out"
            )
            return None
        return slug

    def _district_of_unit(self, cells: tuple[str, ...]) -> str | None:
        """The one that was asked for; else the only one that has such a unit."""
        if len(self.only) == 1:
            return next(iter(self.only))
        word = _word(self._cell(cells, "unit"))
        having = [slug for slug, units in self.units.items() if word in units]
        return having[0] if len(having) == 1 else None

    def _unit(self, row: int, cells: tuple[str, ...], slug: str) -> str | None:
        said = self._cell(cells, "unit")
        units = self.units.get(slug, {})
        named = self.unit_words.get(_word(said))
        found = units.get(_word(named or said), set())
        if len(found) == 1:
            return next(iter(found))
        if not said:
            self._complain(row, "unit", "the unit is missing")
        elif found:
            self._complain(
                row,
                "unit",
                f"{said!r} is {len(found)} units of {slug}: {', '.join(sorted(found))}",
                "write the unit's key",
            )
        else:
            self._complain(
                row,
                "unit",
                f"{slug} has no unit {said!r}",
                did_you_mean(said, units) or "add the unit, or say under user_import: units: which one is meant",
            )
        return None

    def _check(self, row: int, code: str, fields: Mapping[str, Any]) -> None:
        try:
            convert(User, {"code": code, **fields})
        except ValidationError as error:
            for problem in error.problems:
                name = str(problem.path[0]) if problem.path else "name"
                column = next((c for c in self.columns if _NAMES_OF.get(c, c) == name), name)
                if name == "code" and "code" not in self.columns:
                    column = "username"
                self._complain(row, column, _TOLD.get(name, f"the {name} cannot be so: {problem.message}"))

    def _see(self, row: int, slug: str, person: Mapping[str, str]) -> None:
        """Complain of whoever was seen before: in the file, or in a district that the file is not about."""
        for what in _ONCE:
            value = person.get(what)
            if value is None:
                continue
            first = self.seen.setdefault((what, value), (row, slug))
            if first[0] != row:
                where = f"in row {first[0]}" if first[1] == slug else f"in row {first[0]}, which is {first[1]}'s"
                both = "" if first[1] == slug else ": one person in two districts"
                self._complain(row, what, f"the {what} stands {where}, too{both}", "keep one of the rows")
                return
            other = self.elsewhere.get((what, value))
            if other is not None and other != slug:
                self.from_elsewhere.append((row, what, other))
                return

    def complain_of_staying(self, leaving: Collection[str]) -> None:
        """Complain of whoever another district lists too and goes on listing; from ``leaving`` they go."""
        for row, what, other in self.from_elsewhere:
            if other not in leaving:
                self._complain(
                    row,
                    what,
                    f"the {what} is a user of {other}, too: one person in two districts",
                    f"take the person out of {FOLDER}{other}.yaml, or import both districts in one file",
                )


def _by_word(rules: Mapping[str, str]) -> dict[str, str]:
    return {_word(said): meant for said, meant in rules.items()}


def _units_of(config: Configuration, district: District) -> dict[str, set[str]]:
    """Local keys of a district's units by all that they may be called."""
    found: dict[str, set[str]] = {}
    exact: dict[str, set[str]] = {}
    for address, unit in config.state.items():
        if address.kind == "org_unit" and address.scope == district.slug:
            local = district.local_key(address.key)
            for word in (local, address.key):
                exact[_word(word)] = {local}
            for word in (unit.fields["name"], unit.fields.get("abbreviation") or local):
                found.setdefault(_word(word), set()).add(local)
    return {**found, **exact}


def _taken(config: Configuration) -> dict[tuple[str, str], str]:
    """Districts of the users that are listed already, by what no two people have in common."""
    found: dict[tuple[str, str], str] = {}
    for address, user in config.state.items():
        if address.kind == KIND.name:
            found["code", address.key] = address.scope
            for name in ("username", "email"):
                if value := user.fields.get(name):
                    found[name, value.casefold()] = address.scope
    return found


def _is_national_id(cell: str) -> bool:
    digits = cell.replace(" ", "").replace("-", "")
    return len(digits) == _ELEVEN and digits.isascii() and digits.isdigit() and national_id_valid(digits)
