"""Read the files of a config repository: which there are, and what they hold."""

import codecs
import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from websakctl.diagnostics import Diagnostic, Position
from websakctl.source.tree import Map, Seq, Span

MAX_BYTES = 11_000_000  # of one file: more than 100 000 units
MAX_BYTES_IN_ALL = 64_000_000
SETTINGS_FILE = "config/websak.yaml"
USERS = "users"  # the folder
HALF_WRITTEN = ".half-written"  # in it: which files an import is replacing, while it does
_SUFFIXES = (".yaml", ".yml")
_LONE_CR = re.compile(r"\r(?!\n)")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its path relative to the root (with ``/``), its text and its top mapping."""

    file: str
    text: str
    top: Map

    def key_position(self, spans: dict[str, Span], key: str) -> Position:
        """Where ``key`` stands."""
        s = spans[key]
        return Position(self.file, s.kline + 1, s.kcol + 1, s.kend_line + 1, s.kend_col + 1)

    def value_position(self, spans: dict[str, Span], key: str) -> Position:
        """Where the value of ``key`` stands; a list or mapping is where its key is, which says more than its first character."""
        s = spans[key]
        if s.of_many:
            return self.key_position(spans, key)
        return Position(self.file, s.vline + 1, s.vcol + 1, s.vend_line + 1, s.vend_col + 1)


@dataclass(slots=True, eq=False)
class Documents:
    """All files of a repository, in a fixed order: config first, then each district by slug."""

    base: list[Document] = field(default_factory=list)
    districts: dict[str, list[Document]] = field(default_factory=dict)
    users: dict[str, Document] = field(default_factory=dict)  # by the file's stem, which should be a district's slug
    settings: Document | None = None
    findings: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # by file, for showing source lines; secrets are blotted out
    lost: list[str] = field(default_factory=list)  # texts that could not be parsed
    bytes: int = 0  # of all files so far


def read_documents(root: Path, instead: Mapping[str, str | None] | None = None) -> Documents:
    """Read and parse every ``config/**/*.yaml``, ``districts/*/*.yaml`` and ``users/*.yaml`` below ``root``.

    Args:
        root: The config repository.
        instead: Texts by path, taken for what stands there: what they come to can be seen before they are written.
            ``None`` for a text: as if the file were not there.
    """
    reading = _Reading(root, instead or {})
    result = reading.found
    for document in reading.documents(reading.paths("config")):
        if document.file == SETTINGS_FILE:
            result.settings = document
        else:
            result.base.append(document)
    districts = root / "districts"
    inside = {p for p in districts.iterdir() if not p.name.startswith(".")} if districts.is_dir() else set()
    inside |= {districts / name.split("/")[1] for name in reading.added if name.startswith("districts/")}
    for path in sorted(inside):
        if path.is_dir() or not path.exists():
            result.districts[path.name] = list(reading.documents(reading.paths(f"districts/{path.name}")))
        elif path.suffix.lower() in _SUFFIXES:
            name = _name(root, path)
            result.findings.append(
                Diagnostic(
                    code="district-incomplete",
                    at=Position(name),
                    message="a district is a folder, and this file is in none",
                    help=f"move it to {name.rpartition('.')[0]}/",
                )
            )
    users = root / USERS
    existing = set(filter(_is_yaml, users.iterdir())) if users.is_dir() else set()
    existing |= {root / name for name in reading.added if name.startswith(f"{USERS}/")}
    result.findings.extend(_misnamed(_name(root, path)) for path in sorted(existing) if path.suffix != ".yaml")
    paths = {path.stem: path for path in sorted(existing) if path.suffix == ".yaml"}
    for slug, path in sorted(paths.items()):
        for of_users in reading.documents([path]):
            result.users[slug] = of_users
    if (half := half_written(root)) and not half <= reading.instead.keys():
        result.findings.append(
            Diagnostic(
                code="file-unreadable",
                at=Position(f"{USERS}/{HALF_WRITTEN}"),
                message=f"`users import` was interrupted between two of {', '.join(sorted(half))}: people may be in both or in none",
                help="run the same `websakctl users import` again; it replaces them, and deletes this file",
            )
        )
    return result


def half_written(root: Path) -> set[str]:
    """Files of users that an import was killed between writing, by path."""
    try:
        lines = (root / USERS / HALF_WRITTEN).read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    except UnicodeDecodeError:
        lines = []
    return {line for line in lines if line.startswith(f"{USERS}/")} or {f"{USERS}/"}


class _Reading:
    """Reads the files of one repository, or what is to stand there in their place."""

    def __init__(self, root: Path, instead: Mapping[str, str | None]) -> None:
        self.root, self.instead, self.found = root, instead, Documents()
        self.added = [name for name, text in instead.items() if text is not None]

    def paths(self, folder: str) -> list[Path]:
        """The YAML files below a folder, those that are to come included."""
        added = (self.root / name for name in self.added if name.startswith(f"{folder}/"))
        return sorted({*_yaml_files(self.root, self.root / folder), *added})

    def documents(self, paths: list[Path]) -> Iterator[Document]:
        """Those of the files that can be read, and are mappings of sections."""
        for path in paths:
            name = _name(self.root, path)
            if name not in self.instead:
                document = _read(self.root, path, self.found)
            elif (text := self.instead[name]) is not None:
                document = _parsed(name, text.encode(), self.found)
            else:
                continue
            if document is not None:
                yield document


def read_document(path: Path, result: Documents) -> Document | None:
    """Read one file by itself, named by its last part; what is wrong with it goes to ``result``."""
    return _read(path.parent, path, result)


def leads_out(root: Path, path: Path) -> bool:
    """Whether links (or ``..``) lead from below the root to somewhere else."""
    home, real = os.path.realpath(root), os.path.realpath(path)
    return real != home and not real.startswith(os.path.join(home, ""))  # noqa: PTH118  # texts, several hundred of them


def _yaml_files(root: Path, folder: Path) -> list[Path]:
    """Every YAML file below a folder, through links too; a folder that cannot or may not be looked into is among them, to be told."""
    result: set[Path] = set()
    seen: set[str] = set()

    def not_looked_into(error: OSError) -> None:
        result.add(Path(os.fsdecode(error.filename)))

    if not folder.is_dir():
        return []
    for here, folders, files in os.walk(folder, onerror=not_looked_into, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        if leads_out(root, Path(here)):
            result.add(Path(here))
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(here, name) for name in (*files, *folders) if not name.startswith("."))
        result.update(path for path in paths if _is_yaml(path))
    return sorted(result)


def _is_yaml(path: Path) -> bool:
    """Whether a file is meant to be YAML, by its name in capitals or with an editor's ``.txt`` behind it too."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return not path.name.startswith(".") and (
        suffixes[-1:] in ([".yaml"], [".yml"]) or suffixes in ([".yaml", ".txt"], [".yml", ".txt"])
    )


def _misnamed(name: str) -> Diagnostic:
    stem = re.sub(r"\.ya?ml(\.txt)?\Z", "", name, flags=re.IGNORECASE)
    return Diagnostic(
        code="file-unreadable",
        at=Position(name),
        message="the file is not read, because of the end of its name",
        help=f"rename it to {stem}.yaml",
    )


def _name(root: Path, path: Path) -> str:
    """The path below the root, in letters that can be written anywhere."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")


def _read(root: Path, path: Path, result: Documents) -> Document | None:
    name = _name(root, path)
    if path.suffix.lower() == ".txt":
        result.findings.append(_misnamed(name))
        return None
    if leads_out(
        root, path
    ):  # what stands there would be shown in excerpts, and belongs to nobody who reviews the config
        result.findings.append(
            Diagnostic(
                code="file-unreadable",
                at=Position(name),
                message="this is a link that leads out of the repository; it is not read",
                help="put the file itself here",
            )
        )
        return None
    try:
        if path.exists() and not path.is_file():
            if path.suffix.lower() not in _SUFFIXES:
                os.scandir(path).close()  # says why it cannot be looked into
            raise OSError(errno.EISDIR, "this is not a file")
        size = path.stat().st_size
        raw = b"" if size > MAX_BYTES else path.read_bytes()
    except OSError as error:
        result.findings.append(
            Diagnostic(
                code="file-unreadable",
                at=Position(name),
                message=f"{error.strerror or error}",
                help="check the file and its permissions",
            )
        )
        return None
    return None if _too_large(name, size, result) else _parsed(name, raw, result)


def _too_large(file: str, size: int, result: Documents) -> bool:
    """Whether a file is not read because of its size, or because of the files before it."""
    result.bytes += size
    if size > MAX_BYTES:
        message, help_ = f"the file has {size / 1e6:.1f} MB", f"split it; one file may have {MAX_BYTES // 10**6} MB"
    elif result.bytes > MAX_BYTES_IN_ALL:
        message = f"the files up to this one have {result.bytes / 1e6:.1f} MB"
        help_ = f"all YAML of a repository may have {MAX_BYTES_IN_ALL // 10**6} MB; move what is no config elsewhere"
    else:
        return False
    result.findings.append(Diagnostic(code="file-unreadable", at=Position(file), message=message, help=help_))
    return True


def _parsed(file: str, raw: bytes, result: Documents) -> Document | None:
    from websakctl.source.parsing import parse
    from websakctl.source.sensitive import look_through

    start = Position(file)
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        sensitive, result.texts[file] = look_through(raw.decode("utf-8", "replace"), file, None)
        result.findings.extend(sensitive)
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        at = Position(file, line, column, line, column + 1)
        result.lost.append(raw.decode("utf-8", "replace"))
        guess = raw[error.start : error.start + 1].decode("latin-1")
        result.findings.append(
            Diagnostic(
                code="not-utf8",
                at=at,
                message=(
                    "the file is UTF-16, not UTF-8"
                    if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
                    else f"byte 0x{raw[error.start]:02X} is not UTF-8 (in Latin-1 it would be {guess!r})"
                ),
                help="save the file as UTF-8 in your editor",
            )
        )
        return None
    if "\r" in text:
        text = _LONE_CR.sub("\n", text)  # a line end to the parser, so it is one in every position too
    parsed = parse(text, file)
    sensitive, result.texts[file] = look_through(text, file, parsed.value)
    result.findings.extend([*sensitive, *parsed.findings])
    if parsed.value is None and parsed.findings:
        result.lost.append(text)
    if isinstance(parsed.value, Map):
        if parsed.value:
            return Document(file=file, text=text, top=parsed.value)
        parsed = parse("", file)
    elif parsed.value is not None:
        result.lost.append(text)
        result.findings.append(
            Diagnostic(
                code="wrong-type",
                at=start,
                message="the file is not a mapping of sections",
                help="start with a section such as `org_units:`",
            )
        )
        return None
    if not any(
        finding.severity == "error" and finding.at.file == file and finding.code.startswith("yaml")
        for finding in result.findings
    ):
        result.findings.append(
            Diagnostic(
                code="empty-file",
                at=start,
                message="the file holds nothing",
                help="delete the file, or write at least one section",
            )
        )
    return None


def raw_text(document: Document, span: Span) -> str:
    """The value's text as it was written (its first line)."""
    line = document.text.split("\n", span.vline + 1)[span.vline]
    return line[span.vcol : span.vend_col if span.vend_line == span.vline else None].strip()


def plain(value: Any) -> Any:
    """Turn a tree with positions into plain dicts and lists."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def texts(document: Document, holder: Any) -> Iterator[tuple[str, Callable[[], Position]]]:
    """Every text in a part of a file, keys too, with what looks up its place."""
    steps: Iterable[tuple[Any, Any]] = ()
    if isinstance(holder, Map):
        steps = holder.items()
    elif isinstance(holder, Seq):
        steps = enumerate(holder)
    for step, value in steps:
        if isinstance(step, str):
            yield step, partial(_key_at, document, holder, step)
        if isinstance(value, str):
            yield value, partial(_value_at, document, holder, step)
        else:
            yield from texts(document, value)


def _key_at(document: Document, holder: Map, key: str) -> Position:
    return document.key_position(holder.spans, key)


def _value_at(document: Document, holder: Map | Seq, step: Any) -> Position:
    s = holder.spans[step]
    return Position(document.file, s.vline + 1, s.vcol + 1, s.vend_line + 1, s.vend_col + 1)
