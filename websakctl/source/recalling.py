"""The configuration as it was found the last time, taken again while every file is what it was (docs/decisions/0017-recalling.md).

What is kept can never be out of date: it is found by the content of all files, the day, and the code that judged them. Where
something asks for a place, or for more than the resources, the files that were read are parsed after all.
"""

import json
import os
import sys
from collections import ChainMap, UserDict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import cached_property
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, TypeVar

import websakctl
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.quick import read
from websakctl.model.resource import Resource, State
from websakctl.model.shape import Invalid
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Documents, Files, plain
from websakctl.source.policy_entry import PolicyEntry
from websakctl.source.settings_file import SettingsFile

FILE = "config.json"
_JUDGES = (
    ".",
    "diagnostics",
    "kinds",
    "model",
    "source",
    "source/rules",
)  # folders whose code decides what files come to
Key = TypeVar("Key")
Value = TypeVar("Value")
Load = Callable[[], Configuration]


class _Later(UserDict[Key, Value]):
    """A mapping that is filled when it is first asked for something; of which keys it has, ``known`` knows."""

    def __init__(self, fill: Callable[[], Mapping[Key, Value]], known: Container[Key]) -> None:
        self._fill, self._known = fill, known

    def __contains__(self, key: object) -> bool:
        return key in self._known

    @cached_property
    def data(self) -> Mapping[Key, Value]:  # type: ignore[override]  # the same, later
        return self._fill()


def fingerprint(files: Files, today: date | None) -> str:
    """What the outcome depends on, in one word: the files, the day, this tool's own code, and the libraries that judge."""
    found = sha256(f"{today} {websakctl.__version__} {sys.version}".encode())
    for name, origin in _libraries():
        about = origin.stat()
        found.update(f"\0{name} {about.st_size} {about.st_mtime_ns}".encode())
    home = Path(websakctl.__file__).parent
    for folder in _JUDGES:
        for entry in sorted(os.scandir(home / folder), key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                about = entry.stat()
                found.update(f"\0{folder}/{entry.name} {about.st_size} {about.st_mtime_ns}".encode())
    for part in (files.districts, files.homeless, files.users):
        found.update(json.dumps(list(part)).encode())
    for file in files.all:
        found.update(f"\0{file.name} {file.why_not} {-1 if file.raw is None else len(file.raw)}\0".encode())
        found.update(file.raw or b"")
    return found.hexdigest()


def _libraries() -> Iterator[tuple[str, Path]]:
    """Where those that read YAML and expressions are; they are not loaded for it."""
    within = PathFinder.find_spec("ruamel")  # only a folder that others put theirs into
    for name, path in (
        ("_ruamel_yaml", None),
        ("jmespath", None),
        ("ruamel.yaml", within.submodule_search_locations if within is not None else None),
    ):
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.origin is not None:
            yield name, Path(spec.origin)


def recalled(folder: Path, key: str, files: Files, load: Load) -> Configuration | None:
    """The configuration that was kept under ``key``, if it still is.

    Args:
        folder: Where it was kept.
        key: From ``fingerprint``.
        files: What was read.
        load: Parses these files, for whoever asks where something was written.
    """
    try:
        with (folder / FILE).open("rb") as kept:
            if kept.readline() != key.encode() + b"\n":
                return None
            said = json.loads(kept.read())
        whole = _Whole(load)
        state, own = _state(said["state"]), _state(said["own"])
        return Configuration(
            state=state,
            own=own,
            origins=_Later(lambda: whole.now.origins, ChainMap(state, own)),
            protected={Address(*parts) for parts in said["protected"]},
            previously={Address(*now): tuple(Address(*old) for old in olds) for now, olds in said["previously"]},
            aside={Address(*parts): fields for parts, fields in said["aside"]},
            policies={name: read(PolicyEntry, entry) for name, entry in said["policies"].items()},
            districts={name: District(name, *facts) for name, facts in said["districts"].items()},
            with_users=set(said["with_users"]),
            settings=read(SettingsFile, said["settings"]),
            texts=_Later(lambda: whole.now.texts, {file.name for file in files.all}),
            described=set(files.districts),
            files=said["files"],
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, Invalid):
        return None  # not there, or not ours: it is made anew


class _Whole:
    """The configuration with all that is not kept, made once if at all."""

    def __init__(self, load: Load) -> None:
        self._load = load

    @cached_property
    def now(self) -> Configuration:
        return self._load()


def keep(folder: Path, key: str, config: Configuration, documents: Documents) -> None:
    """Keep a configuration for the next command, readable for its owner only; where that cannot be done, nothing is lost.

    Only what nothing was found in is kept, and nothing that may hold national identity numbers. What was kept before goes: it
    may name people who are in no file any more.
    """
    if config.findings or config.settings.user_import.national_id:
        with suppress(OSError):
            (folder / FILE).unlink(missing_ok=True)
        return
    said = {
        "state": _runs(config.state.values()),
        "own": _runs(config.own.values()),
        "protected": sorted(config.protected),
        "previously": list(config.previously.items()),
        "aside": list(config.aside.items()),
        "policies": {name: vars(entry) for name, entry in config.policies.items()},
        "districts": {
            name: [d.name, d.number, d.orgnr, d.short_name, d.prefix] for name, d in config.districts.items()
        },
        "with_users": sorted(config.with_users),
        "settings": plain(documents.settings.top) if documents.settings is not None else {},
        "files": config.files,
    }
    draft = folder / f"{FILE}.{os.getpid()}"
    with suppress(OSError, UnicodeEncodeError):
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key.encode() + b"\n")
            file.write(content)
        draft.replace(folder / FILE)
        return
    with suppress(OSError):
        draft.unlink(missing_ok=True)


def _runs(resources: Iterable[Resource]) -> list[tuple[str, str, dict[str, Any]]]:
    """Resources in their order, with what many in a row have in common said once."""
    runs: list[tuple[str, str, dict[str, Any]]] = []
    before = ("", "")
    for resource in resources:
        kind, scope, key = resource.address
        if (kind, scope) != before:
            before = kind, scope
            runs.append((kind, scope, {}))
        runs[-1][2][key] = resource.fields
    return runs


def _state(runs: Iterable[tuple[str, str, dict[str, Any]]]) -> State:
    return dict(_resources(runs))


def _resources(runs: Iterable[tuple[str, str, dict[str, Any]]]) -> Iterator[tuple[Address, Resource]]:
    for kind, scope, entries in runs:
        for key, fields in entries.items():
            address = Address(kind, scope, key)
            yield address, Resource(address, fields)
