"""Rows of a file of HR: whose they are, by the config's districts, units and roles, and what is wrong with them."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from websakctl.kinds.user import KIND, User
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.types import organisation_number
from websakctl.model.validation import ValidationError, convert
from websakctl.operations.rollout.hr_columns import code_column, settings_line
from websakctl.redaction import NATIONAL_ID, national_id_valid, redact
from websakctl.source.configuration import Configuration
from websakctl.source.problems import nearest
from websakctl.source.tables.encoding import lookup_key
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.shape import Header
from websakctl.source.tables.table import CellError, Row, Table
from websakctl.source.tables.values import iso_day_in, login_in, number_in, phone_in, text_in, truth_in
from websakctl.source.users import FOLDER

_NAMES_OF = {"first_name": "name", "last_name": "name"}
_COPIED = ("title", "phone", "mobile", "username", "email")
_MEANINGS = {  # what a field's pattern means
    "name": "this is no name: 1 to 70 letters, and no control characters",
    "email": "this is no e-mail address",
    "code": "this is no user code: letters, digits, . _ -",
    "username": "this is no user name: up to 100 letters without blanks",
    "national_no": "this is no national identity number: eleven digits",
}
_ONCE = ("code", "username", "email")  # what no two people have in common
_NO_TEXT = ("national_id", "main_post")  # columns that are read in a way of their own
_ELEVEN = 11
_LOGIN_DOMAIN = re.compile(r"([A-Za-z][A-Za-z0-9.-]{0,14})\\([^\\\s]+)")  # Source: NetBIOS names have 15 characters
_READERS: dict[str, Callable[[Table, Row, int], str]] = {
    "phone": phone_in,
    "mobile": phone_in,
    "username": login_in,
    "email": login_in,
    "district": number_in,
    "valid_from": iso_day_in,
    "valid_to": iso_day_in,
    "leave_from": iso_day_in,
    "leave_to": iso_day_in,
}


class Person(Struct, frozen=True, kw_only=True):
    """A row that was understood: the district, the user's code, and the fields as YAML says them.

    Args:
        row: Its number.
        district: The district's slug.
        code: The user's.
        fields: What the row says.
        cleared: Fields that are not to be kept from earlier, as the row says that there is no such thing.
        main_post: Whether the row says that this is the person's first post.
        second_post_of: District and code of the listed user whose second post this is listed as.
    """

    row: int
    district: str
    code: str
    fields: dict[str, Any]
    cleared: frozenset[str] = frozenset()
    main_post: bool = False
    second_post_of: tuple[str, str] | None = None


class RowReader:
    """Understands rows one by one; remembers who was seen.

    Args:
        header: The columns.
        config: Whose units, roles and rules the rows are mapped by.
        only: Slugs of the districts that rows may be of; empty: of all.
    """

    def __init__(self, header: Header, config: Configuration, only: frozenset[str]) -> None:
        self.header, self.config, self.only = header, config, only
        self.findings: list[CellFinding] = []
        self._code = code_column(header, config)
        rules = config.settings.user_import
        self._roles = _by_word(rules.roles)
        roles = {a.key: r.fields for a, r in config.own.items() if a.kind == "user_role"}
        words = [(key, key) for key in roles] + [(fields["name"], key) for key, fields in roles.items()]
        words += [(alias, key) for key, fields in roles.items() for alias in fields["aliases"]]
        for word, key in words:  # an alias of one role may be the name of another
            self._roles.setdefault(lookup_key(word), key)
        self._districts = _by_word(rules.districts)
        for district in config.districts.values():
            for word in _names_of(district):
                self._districts.setdefault(lookup_key(word), district.slug)
        self._units = {slug: _units_of(config, district) for slug, district in config.districts.items()}
        self._login_domains = {domain.casefold() for domain in rules.login_domains}
        self.login_domains: Counter[str] = Counter()  # rows by the login domain that was taken off
        self.heirs: Counter[tuple[str, str]] = Counter()  # rows by a retired unit's local key and its heir's
        self._unit_words = _by_word(rules.units)
        self._elsewhere = _taken(config)
        self._from_elsewhere: list[tuple[int, str, str, str]] = []  # row, what, value, district
        self._here: set[tuple[str, str, str]] = set()  # what, value, district: a row of the file says so
        self._seen: dict[tuple[str, str], tuple[int, str, str]] = {}  # (what, value) -> row, district, name
        self._second_posts = {
            (a.scope, u.fields["primary"])
            for a, u in {**config.state, **config.dormant}.items()
            if a.kind == KIND.name and u.fields.get("primary")
        }

    def read(self, row: Row) -> Person | None:
        """Give the person of a row; nobody where the findings say why."""
        before = len(self.findings)
        self._refuse_national_ids(row)
        cells = {name: self._cell(row, name) for name in self.header.columns if name not in _NO_TEXT}
        slug = self._district(row.number, cells)
        fields: dict[str, Any] = {"name": _name(cells), "role": self._role(row.number, cells.get("role", ""))}
        fields["unit"] = self._unit(row.number, cells.get("unit", ""), slug) if slug else None
        fields |= {name: cells[name] for name in _COPIED if cells.get(name)}
        for name in ("username", "email"):
            if name not in fields:
                self._complain(
                    row.number, name, f"the {name} is missing", "Websak cannot be told of changes without it"
                )
        if national := self._national_id(row):
            fields["national_no"] = national
        days, cleared = self._days(row.number, cells)
        fields |= days
        given = cells.get(self._code, "") if self._code != "username" else ""
        if cells.get(self._code) == "":
            self._complain(row.number, "code", "the code is missing")
        code = (given or fields.get("username", "").partition("@")[0]).upper()
        longest = self.config.settings.user_code_length
        if len(code) > longest:
            self._complain(
                row.number,
                "code",
                f"the user code {code} has {len(code)} characters, and Websak takes {longest}",
                "give each person a shorter code in a column of its own, such as the employee number",
            )
        if len(self.findings) == before:
            self._check(row.number, code, fields)
        main_post = self._main_post(row)
        second_post_of = None
        if slug is not None and code:
            once: dict[str, str] = {
                "code": code,
                **{n: fields[n].casefold() for n in ("username", "email") if n in fields},
            }
            second_post_of = self._see(row.number, slug, lookup_key(fields["name"]), once)
        if len(self.findings) > before or slug is None:
            return None
        return Person(
            row=row.number,
            district=slug,
            code=code,
            fields=fields,
            cleared=cleared,
            main_post=main_post,
            second_post_of=second_post_of,
        )

    def _days(self, row: int, cells: Mapping[str, str]) -> tuple[dict[str, Any], frozenset[str]]:
        """When somebody starts, leaves and is away; and which of it there is not, as the row says by an empty cell."""
        days: dict[str, Any] = {}
        for first, last in (("valid_from", "valid_to"), ("leave_from", "leave_to")):
            starts, ends = cells.get(first, ""), cells.get(last, "")
            if starts and ends and starts > ends:
                self._complain(row, last, f"the end ({ends}) is before the start ({starts})")
            if first == "valid_from":
                days |= {name: day for name, day in ((first, starts), (last, ends)) if day}
            elif ends and not starts:
                self._complain(row, last, "the leave has a last day and no first day", "fill in both, or none")
            elif starts:
                days["leave"] = {"first_day": starts, **({"last_day": ends} if ends else {})}
        given = {
            "leave" if name == "leave_from" else name
            for name in ("valid_from", "valid_to", "leave_from")
            if name in cells
        }
        return days, frozenset(given - days.keys())

    def _main_post(self, row: Row) -> bool:
        column = self.header.columns.get("main_post")
        try:
            return column is not None and truth_in(self.header.table, row, column)
        except CellError as error:
            self._complain(row.number, "main_post", str(error), "write ja or nei")
            return False

    def find_staying(self, leaving: Collection[str]) -> None:
        """Find whoever another district lists too and goes on listing; from ``leaving`` they go."""
        for row, what, value, other in self._from_elsewhere:
            if other not in leaving and (what, value, other) not in self._here:
                self._complain(
                    row,
                    what,
                    f"the {what} is a user of {other}, too: one person in two districts",
                    f"take the person out of {FOLDER}{other}.yaml, or import both districts in one file",
                )

    def _cell(self, row: Row, name: str) -> str:
        reader = _READERS.get(name, text_in)
        help_ = ""
        if name == "username" and (login := _LOGIN_DOMAIN.fullmatch(_text_of(row, self.header.columns[name]))):
            domain = login[1]
            if domain.casefold() in self._login_domains:
                self.login_domains[domain.upper()] += 1
                row = _with_text(row, self.header.columns[name], login[2])
            else:  # a backslash is also what 7-bit Norwegian leaves of an Ø
                help_ = f"if {domain} is the domain that people log in to, add to config/websak.yaml: user_import: {{login_domains: [{domain}]}}"  # fmt: skip
        try:
            return reader(self.header.table, row, self.header.columns[name])
        except CellError as error:
            self._complain(row.number, name, str(error), help_ or error.what_next)
            return ""

    def _complain(self, row: int, name: str, message: str, help_: str = "") -> None:
        column = self.header.columns.get(self._code if name == "code" else name, 0)
        if not any(f.row == row and f.column == column for f in self.findings[-len(self.header.columns) :]):
            self.findings.append(CellFinding(row=row, column=column, message=message, help=help_))

    def _national_id(self, row: Row) -> str:
        column = self.header.columns.get("national_id", 0)
        return row.cells[column - 1].replace(" ", "") if 0 < column <= len(row.cells) else ""

    def _refuse_national_ids(self, row: Row) -> None:
        """A number may stand in its own column only, where that is taken; it is never repeated in a message."""
        for column, cell in enumerate(row.cells, 1):
            if column == self.header.columns.get("national_id"):
                if cell and not _is_national_id(cell):
                    message, help_ = "this is not a national identity number", ""
                else:
                    continue
            elif NATIONAL_ID in redact(cell):  # also within a longer text
                message, help_ = "a national identity number stands here", "take it out of the file"
            else:
                continue
            self.findings.append(CellFinding(row=row.number, column=column, message=message, help=help_))

    def _role(self, row: int, text: str) -> str | None:
        role = self._roles.get(lookup_key(text))
        if role is None and text:
            near = nearest(lookup_key(text), self._roles)
            self._complain(row, "role", f"{text!r} is no role that is known", _to_paste("roles", text, self._roles.get(near or ""), "ROLE"))  # fmt: skip
        elif role is None:
            self._complain(row, "role", "the role is missing")
        return role

    def _district(self, row: int, cells: Mapping[str, str]) -> str | None:
        text = cells.get("district", "")
        slug = self._district_named(text) if text else self._district_of_unit(cells.get("unit", ""))
        if slug is None and text:
            near = nearest(lookup_key(text), self._districts)
            self._complain(row, "district", f"{text!r} is no district", _to_paste("districts", text, self._districts.get(near or ""), "DISTRICT"))  # fmt: skip
        elif slug is None:
            self._complain(
                row, "unit", "no district is named", "name it with --district SLUG, or in a column of its own"
            )
        elif self.only and slug not in self.only:
            self._complain(
                row, "district", f"{slug} is not among the districts that were asked for", "leave the row out"
            )
            return None
        return slug

    def _district_named(self, text: str) -> str | None:
        number = organisation_number(text) or (text.zfill(2) if text.isascii() and text.isdigit() else text)
        return self._districts.get(lookup_key(number))

    def _district_of_unit(self, text: str) -> str | None:
        """The one that was asked for; else the only one that has such a unit."""
        if len(self.only) == 1:
            return next(iter(self.only))
        having = [slug for slug, units in self._units.items() if lookup_key(text) in units]
        return having[0] if len(having) == 1 else None

    def _unit(self, row: int, text: str, slug: str) -> str | None:
        units = self._units.get(slug, {})
        result = units.get(lookup_key(self._unit_words.get(lookup_key(text)) or text), set())
        if len(result) == 1:
            return next(iter(result))
        if not result and text and (heir := self._heir(text, slug)) is not None:
            return heir
        if not text:
            self._complain(row, "unit", "the unit is missing")
        elif result:
            message = f"{text!r} is {len(result)} units of {slug}: {', '.join(sorted(result))}"
            self._complain(row, "unit", message, "write the unit's key")
        else:
            near = units.get(nearest(lookup_key(text), units) or "", set())
            meant = next(iter(near)) if len(near) == 1 else None
            self._complain(row, "unit", f"{slug} has no unit {text!r}", _to_paste("units", text, meant, "UNIT"))
        return None

    def _heir(self, text: str, slug: str) -> str | None:
        """The local key of the heir of a retired unit, which files of HR may name for a long time yet."""
        district = self.config.districts[slug]
        local = district.local_key((self._unit_words.get(lookup_key(text)) or text).upper())
        given = self.config.retirements.get(Address("org_unit", slug, district.full_key(local)))
        if given is None or given.heir is None or given.heir.scope != slug:
            return None
        heir = district.local_key(given.heir.key)
        self.heirs[local, heir] += 1
        return heir

    def _check(self, row: int, code: str, fields: Mapping[str, Any]) -> None:
        try:
            convert(User, {"code": code, **fields})
        except ValidationError as error:
            for problem in error.problems:
                name = str(problem.path[0]) if problem.path else "name"
                column = next((c for c in self.header.columns if _NAMES_OF.get(c, c) == name), name)
                self._complain(row, column, _MEANINGS.get(name, f"the {name} cannot be so: {problem.message}"))

    def _see(self, row: int, slug: str, name: str, person: Mapping[str, str]) -> tuple[str, str] | None:
        """Complain of whoever was seen before: in the file, or in a district that the file is not about.

        The same name in another district of the file is a second post, and no complaint.

        Returns:
            District and code of the user whose second post this is, where it is listed as one already.
        """
        for what in _ONCE:
            value = person.get(what)
            if value is None:
                continue
            self._here.add((what, value, slug))
            first = self._seen.setdefault((what, value), (row, slug, name))
            if first[0] != row and (first[1] == slug or first[2] != name):
                where = f"in row {first[0]}" if first[1] == slug else f"in row {first[0]}, which is {first[1]}'s"
                both = "" if first[1] == slug else ": two names for one person"
                self._complain(row, what, f"the {what} stands {where}, too{both}", "keep one of the rows")
                return None
            other, code = self._elsewhere.get((what, value), (slug, ""))
            if other != slug and (slug, code) in self._second_posts:
                return other, code
            if other != slug and first[0] == row:
                self._from_elsewhere.append((row, what, value, other))
                return None
        return None


def _text_of(row: Row, column: int) -> str:
    return row.cells[column - 1] if column <= len(row.cells) else ""


def _with_text(row: Row, column: int, text: str) -> Row:
    return replace(row, cells=(*row.cells[: column - 1], text, *row.cells[column:]))


def _to_paste(rule: str, text: str, meant: str | None, placeholder: str) -> str:
    """What to write into the settings so that ``text`` is understood; with the likeliest meaning where there is one."""
    line = settings_line(rule, text, meant or placeholder)
    if meant is not None:
        return f"did you mean {meant}? Then correct the cell, or add to config/websak.yaml: {line}"
    return f"correct the cell, or add to config/websak.yaml which one is meant: {line}"


def _name(cells: Mapping[str, str]) -> str:
    merged = cells.get("name", "")
    if not merged:
        return " ".join(filter(None, (cells.get("first_name", ""), cells.get("last_name", ""))))
    last, comma, first = merged.partition(",")  # Nordmann, Kari
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else merged


def _names_of(district: District) -> Iterable[str]:
    short = district.name.removeprefix("Bydel ")
    number = district.number
    numbered = (f"bydel {number}", f"bydel {number.lstrip('0')}")
    return (district.slug, district.name, short, number, district.orgnr, district.short_name, *numbered)


def _by_word(rules: Mapping[str, str]) -> dict[str, str]:
    return {lookup_key(word): meant for word, meant in rules.items()}


def _units_of(config: Configuration, district: District) -> dict[str, set[str]]:
    """Local keys of a district's units by all that they may be called."""
    result: dict[str, set[str]] = {}
    exact: dict[str, set[str]] = {}
    for address, unit in config.state.items():
        if address.kind == "org_unit" and address.scope == district.slug:
            local = district.local_key(address.key)
            for word in (local, address.key):
                exact[lookup_key(word)] = {local}
            for word in (unit.fields["name"], unit.fields.get("abbreviation") or local):
                result.setdefault(lookup_key(word), set()).add(local)
    return {**result, **exact}


def _taken(config: Configuration) -> dict[tuple[str, str], tuple[str, str]]:
    """District and code of the users that are listed already, by what no two people have in common; no second posts."""
    result: dict[tuple[str, str], tuple[str, str]] = {}
    for address, user in {**config.state, **config.dormant}.items():
        if address.kind == KIND.name:
            result["code", address.key] = address.scope, address.key
            for name in ("username", "email"):
                if (value := user.fields.get(name)) and not user.fields.get("primary"):
                    result[name, value.casefold()] = address.scope, address.key
    return result


def _is_national_id(cell: str) -> bool:
    digits = cell.replace(" ", "").replace("-", "")
    return len(digits) == _ELEVEN and digits.isascii() and digits.isdigit() and national_id_valid(digits)
