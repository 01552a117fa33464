"""``fmt``: lay the YAML out as all of it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session, require_file
from websakctl.report.view_models import TableReport

Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files or folders (default: config/ and districts/).")
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show what changes; on stderr.")]

_SUFFIXES = (".yaml", ".yml")


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "fmt", example="websakctl fmt --check")(fmt)


def fmt(call: Call, paths: Paths = None, check: Check = False, diff: Diff = False) -> None:
    """Lay the YAML files out canonically. Values, comments, anchors and line ends stay as they are."""
    from websakctl.cli.write_back import unified
    from websakctl.source.field_order import canonical
    from websakctl.source.formatting import CannotFormat
    from websakctl.source.writing import read_exactly, write_exactly

    session = Session(call)
    changed: list[str] = []
    failed: list[tuple[str, str]] = []
    files = list(_files(session, paths))
    for path in files:
        name = _name(session, path)
        try:
            before = read_exactly(path)
            after = canonical(before)
        except UnicodeDecodeError:
            failed.append((name, "it is not UTF-8"))
            continue
        except CannotFormat as error:
            failed.append((name, str(error)))
            continue
        if after != before:
            changed.append(name)
            if diff:
                session.terminal.say(unified(name, before, after))
            if not check:
                write_exactly(path, after)
    _tell(session, len(files), changed, failed, check)
    if failed:
        raise Problem(
            f"{len(failed)} of the files cannot be laid out",
            Exit.INVALID,
            "`websakctl validate` says what is wrong and where",
        )
    raise typer.Exit(Exit.FAILED if check and changed else Exit.OK)


def _tell(session: Session, count: int, changed: list[str], failed: list[tuple[str, str]], check: bool) -> None:
    for name, why in failed:
        session.terminal.warn(f"{name}: {why}")
    verb, right = "would change" if check else "changed", count - len(failed)
    headline = (
        f"{len(changed)} of {count} files {verb}."
        if changed
        else f"{right} file is laid out as it should be."
        if right == 1
        else f"{right} files are laid out as they should be."
    )
    data = {
        "format_version": 1,
        "checked": count,
        "changed": changed,
        "failed": [{"file": name, "message": why} for name, why in failed],
    }
    session.write(
        TableReport(
            headline=headline, columns=("file",) if changed else (), rows=[(name,) for name in changed], data=data
        )
    )


def _files(session: Session, paths: list[Path] | None) -> Iterator[Path]:
    if not paths:
        paths = [folder for name in ("config", "districts") if (folder := session.root / name).is_dir()]
        if not paths:
            raise Problem(
                f"there is no config in {session.root}: neither config/ nor districts/",
                Exit.INVALID,
                "go to the config repository, or name it with --root DIR",
            )
    for path in paths:
        if path.is_dir():
            yield from sorted(
                p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file() and not p.name.startswith(".")
            )
        elif path.is_file():
            yield path
        else:
            require_file(path, "name files or folders")
            raise Problem(f"{path} is neither a file nor a folder", Exit.USAGE, "name files or folders")


def _name(session: Session, path: Path) -> str:
    full = path.resolve()
    return full.relative_to(session.root).as_posix() if full.is_relative_to(session.root) else str(path)
