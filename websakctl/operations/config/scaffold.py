"""New files from templates: a whole repository, or one district."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

_PLACEHOLDER = re.compile(r"\{(district\.[a-z_]+)\}")


class ScaffoldError(Exception):
    """A template is not there, wants something that is not known, or a file stands in the way."""


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be written, relative to where it belongs."""

    path: str
    text: str


def shipped() -> Path:
    """The templates that come with the tool.

    Raises:
        ScaffoldError: If they were not installed.
    """
    package = Path(__file__).parents[2]
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "repository").is_dir():
            return folder
    raise ScaffoldError("the templates of websakctl are not installed")


def repository(ci: tuple[str, ...], *, requirement: str, shared_state: bool = False) -> list[NewFile]:
    """All files of a new config repository.

    Args:
        ci: The pipelines to write: ``github``, ``gitlab``.
        requirement: What pipelines install of websakctl, as pip reads it: a name with its version, a path or a git URL.
        shared_state: Environments keep their state on a branch of the remote.

    Raises:
        ScaffoldError: If the templates or the locked dependencies were not installed.
    """
    templates = shipped()
    result = [_renamed(file) for file in _files(templates / "repository")]
    if shared_state:
        result = [NewFile(path=file.path, text=file.text.replace("state: local", "state: git")) for file in result]
    result.extend(
        NewFile(path=f"templates/district/{file.path}", text=file.text) for file in _files(templates / "district")
    )
    for name in ci:
        result.extend(_files(templates / "ci" / name))
    if ci:
        result.extend(_files(templates / "ci" / "any"))
        result.append(NewFile(path="ci/websakctl.txt", text=f"{requirement}\n"))
        result.append(NewFile(path="ci/locks.txt", text=_locked_dependencies()))
    return result


def _locked_dependencies() -> str:
    """Every dependency of the tool with its hashes, as this version was tested with them."""
    package = Path(__file__).parents[2]
    for file in (package / "locks" / "pipeline.txt", package.parent / "locks" / "pipeline.txt"):
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise ScaffoldError("the locked dependencies of websakctl are not installed")


def district(templates: Path, values: Mapping[str, str]) -> list[NewFile]:
    """The files of a new district's folder.

    Args:
        templates: The folder with the district's template; the repository's own, if it has one.
        values: What the placeholders stand for, by name such as ``district.name``.

    Raises:
        ScaffoldError: If a placeholder has no value; it is named.
    """
    return [NewFile(path=file.path, text=_laid_out(file.path, _filled(file, values))) for file in _files(templates)]


def write(files: list[NewFile], folder: Path) -> None:
    """Write all or nothing: a file that is there already is never touched.

    Raises:
        ScaffoldError: If any is there.
    """
    live = [file.path for file in files if (folder / file.path).exists()]
    if live:
        raise ScaffoldError(
            f"{', '.join(live[:3])}{' …' if len(live) > 3 else ''} {'are' if len(live) > 1 else 'is'} there already; nothing was written"
        )
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")


def _files(folder: Path) -> list[NewFile]:
    return [
        NewFile(path=path.relative_to(folder).as_posix(), text=path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def _renamed(file: NewFile) -> NewFile:
    return NewFile(path=".gitignore", text=file.text) if file.path == "gitignore" else file


def _laid_out(path: str, text: str) -> str:
    """As ``fmt`` would have it, once names stand where placeholders needed quotes."""
    from websakctl.source.field_order import canonical
    from websakctl.source.formatting import CannotFormat

    try:
        return canonical(text) if path.endswith(".yaml") else text
    except CannotFormat:
        return text


def _filled(file: NewFile, values: Mapping[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ScaffoldError(f"{file.path}: {match[0]} has no value; known are {', '.join(values)}")
        return values[match[1]].replace("\\", "\\\\").replace('"', '\\"')

    return _PLACEHOLDER.sub(fill, file.text)
