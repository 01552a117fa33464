"""The import verb: a file from HR into the districts' files of users, whole or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websakctl.diagnostics import Diagnostic
from websakctl.files import write_all_whole, write_whole
from websakctl.kinds.user import KIND, User
from websakctl.model.entry import fields_of
from websakctl.operations.rollout.hr_columns import code_column, described, find_columns, missing_columns, no_headers
from websakctl.operations.rollout.hr_rows import Person, RowReader
from websakctl.operations.rollout.second_posts import tell_posts_apart
from websakctl.source.configuration import Configuration
from websakctl.source.documents import HALF_WRITTEN, USERS, Documents, plain, read_document
from websakctl.source.emitting import document
from websakctl.source.sections import DEFAULTS
from websakctl.source.tables.report import CellFinding
from websakctl.source.tables.shape import rows_below
from websakctl.source.tables.table import Table
from websakctl.source.users import FOLDER, SECTION

HEADER = """\
yaml-language-server: $schema=../config/files.schema.json
Users of this district, written by `websakctl users import`. Personal data: not for git, and for its owner only.
People who leave the file from HR leave this one, and are deactivated by the next apply."""


Listed = Mapping[str, Mapping[str, dict[str, Any]]]  # users as the files have them, by district and code


@dataclass(slots=True)
class Import:
    """What a file comes to; with a finding nothing of it is to be written."""

    table: Table
    columns: Mapping[str, str] = field(default_factory=dict)  # header by what it holds
    passed_over: tuple[str, ...] = ()  # headers that nobody knows
    people: list[Person] = field(default_factory=list)
    findings: list[CellFinding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what else the person should know
    left: dict[str, list[str]] = field(default_factory=dict)  # codes that are no longer in the file, by district
    listed: Listed = field(default_factory=dict)  # who was listed before

    @property
    def districts(self) -> tuple[str, ...]:
        """Slugs of the districts that the file names."""
        return tuple(sorted({person.district for person in self.people}))


def read_people(
    tables: Sequence[Table],
    config: Configuration,
    *,
    only: Iterable[str] = (),
    add: bool = False,
    listed: Listed | None = None,
) -> Import:
    """Understand every row, or say what is wrong with it.

    Args:
        tables: The file's tables, as ``read_tables`` gives them.
        config: Whose units, roles and rules the rows are mapped by.
        only: Slugs; rows of other districts are findings. A single one is also the district of rows that name none.
        add: Whether people who are not in the file stay.
        listed: Who is listed before; by default whom the config lists.

    Raises:
        TableError: If several sheets hold a list of people.
    """
    header = find_columns(tables, config)
    if header is None:
        return Import(tables[0], findings=[no_headers(tables[0])])
    result = Import(
        header.table,
        columns=described(header),
        passed_over=tuple(map(header.text, header.unknown)),
        findings=list(missing_columns(header, config)),
        notes=list(header.table.notes),
    )
    code = code_column(header, config)
    if code in header.columns:
        result.notes.append(f"user codes are taken from the column {header.text(header.columns[code])!r}")
    if not result.findings:
        rows, misshapen, notes = rows_below(header)
        result.notes += notes
        reader = RowReader(header, config, frozenset(only))
        listed = listed_in(config) if listed is None else listed
        people = list(filter(None, map(reader.read, rows)))
        posts = tell_posts_apart(
            people,
            listed,
            leaving=() if add else {person.district for person in people},
            longest=config.settings.user_code_length,
            column=header.columns.get(code, 0),
        )
        result.people += posts.people
        result.notes += posts.notes
        result.notes += [
            f"{count} row{'s' * (count != 1)} of {old}, which is retired: read as its heir {heir}"
            for (old, heir), count in sorted(reader.heirs.items())
        ]
        result.notes += [
            f"{domain}\\ was taken off {count} user name{'s' * (count != 1)}"
            for domain, count in sorted(reader.login_domains.items())
        ]
        reader.find_staying(() if add else result.districts)
        result.findings += sorted(
            [*misshapen, *reader.findings, *posts.findings], key=lambda finding: (finding.row, finding.column)
        )
        if not result.people and not result.findings:
            result.findings.append(
                CellFinding(row=header.row.number, column=1, message="there is nobody below the headers")
            )
    result.listed = listed_in(config) if listed is None else listed
    for slug in result.districts:
        codes = {p.code for p in result.people if p.district == slug}
        result.left[slug] = [] if add else sorted(result.listed.get(slug, {}).keys() - codes)
    return result


def files_of(results: Import, *, add: bool = False) -> dict[str, str]:
    """The districts' files of users as the import makes them, by path; what HR does not tell of a user is kept."""
    result = {}
    for slug in results.districts:
        before = results.listed.get(slug, {})
        entries = dict(before) if add else {}
        for person in results.people:
            if person.district == slug:
                kept = {n: v for n, v in before.get(person.code, {}).items() if n not in person.cleared}
                if before.get(person.code, {}).get("leave") and "leave" in person.cleared:
                    kept["leave"] = {}  # so that Websak is told that there is none any more
                merged = {**kept, **person.fields}
                entries[person.code] = {name: merged[name] for name in fields_of(User) if name in merged}
        ordered = {code: entries[code] for code in sorted(entries)}
        result[f"{FOLDER}{slug}.yaml"] = document({SECTION: ordered}, depth={}, header=HEADER)
    return result


def write_all(root: Path, files: Mapping[str, str]) -> None:
    """Write every file, owner-only, or leave every file as it was; while that is under way no config is valid.

    Raises:
        OSError: If one cannot be written.
    """
    folder = root / USERS
    folder.mkdir(mode=0o700, exist_ok=True)
    under_way = folder / HALF_WRITTEN
    before = {path: _content(path) for path in (root / name for name in files)}
    if len(files) > 1:
        write_whole(under_way, "".join(f"{name}\n" for name in sorted(files)).encode())
    try:
        write_all_whole({root / name: text.encode() for name, text in files.items()})
    except BaseException:
        if all(_content(path) == content for path, content in before.items()):
            under_way.unlink(missing_ok=True)
        raise
    under_way.unlink(missing_ok=True)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def listed_in(config: Configuration) -> dict[str, dict[str, dict[str, Any]]]:
    """Users as the files have them, with the files' defaults."""
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for address in (*config.state, *config.dormant):
        if address.kind == KIND.name:
            origin = config.origins[address]
            shared = origin.defaults[0][origin.defaults[1]] if origin.defaults is not None else {}
            fields = plain({**shared, **(origin.section[origin.key] or {})})
            result.setdefault(address.scope, {})[address.key] = fields
    return result


def listed_in_files(root: Path, files: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The same, of files that need not fit together, such as those that an import was killed between.

    Raises:
        UnreadableError: If one cannot be read by itself.
    """
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for name in files:
        if not (root / name).exists():
            continue
        results = Documents()
        one = read_document(root / name, results)
        users = one.top.get(SECTION, {}) if one is not None else None
        if not isinstance(users, Mapping) or not all(isinstance(fields, Mapping | None) for fields in users.values()):
            raise UnreadableError(name, results.findings)
        shared = one.top.get(DEFAULTS, {}) if one is not None else {}
        shared = shared.get(SECTION, {}) if isinstance(shared, Mapping) else {}
        result[Path(name).stem] = {code: plain({**shared, **(fields or {})}) for code, fields in users.items()}
    return result


class UnreadableError(Exception):
    """A file of users that cannot be read, so what only it says would be lost."""

    def __init__(self, file: str, findings: Sequence[Diagnostic]) -> None:
        super().__init__(f"{file} cannot be read")
        self.findings = findings
