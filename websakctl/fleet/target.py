"""What a fleet is made of, and which part of it is meant."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from websakctl.files import STATE_DIR
from websakctl.source.fleet_file import TargetEntry


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One Websak: a config repository and an environment of it."""

    name: str
    root: Path
    environment: str
    state_dir: Path


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """Part ``index`` of ``count``, counted from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, given: str) -> "Shard":
        """Read ``I/N``.

        Raises:
            ValueError: If it is not that, or I is not from 1 to N.
        """
        index, slash, count = given.partition("/")
        if not slash or not (index.isascii() and index.isdigit() and count.isascii() and count.isdigit()):
            raise ValueError(f"{given} is not I/N")
        shard = cls(index=int(index), count=int(count))
        if not 1 <= shard.index <= shard.count:
            raise ValueError(f"{given}: I goes from 1 to N")
        return shard

    def of(self, targets: Iterable[Target]) -> tuple[Target, ...]:
        """Its targets: every N-th by name, so that all shards are as large as one another."""
        return tuple(sorted(targets, key=lambda t: t.name))[self.index - 1 :: self.count]


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """All targets of a fleet file."""

    file: Path
    targets: tuple[Target, ...]

    @property
    def digest(self) -> str:
        """Fingerprint of which targets there are: parts of different fleets are not put together."""
        names = sorted((t.name, t.environment) for t in self.targets)
        return f"sha256:{hashlib.sha256(json.dumps(names).encode()).hexdigest()}"


def fleet_of(file: Path, entries: Mapping[str, TargetEntry], environment: str | None = None) -> Fleet:
    """Make a fleet from its file's entries; ``environment`` wins over theirs."""
    home = file.resolve().parent

    def target(name: str, entry: TargetEntry) -> Target:
        root = Path(os.path.normpath(home / entry.root))
        state = home / entry.state_dir if entry.state_dir else root / STATE_DIR
        return Target(
            name=name, root=root, environment=environment or entry.environment, state_dir=Path(os.path.normpath(state))
        )

    return Fleet(file=file, targets=tuple(target(name, entry) for name, entry in sorted(entries.items())))


def chosen(targets: Iterable[Target], only: Iterable[str], shard: Shard | None) -> tuple[Target, ...]:
    """The targets whose name matches a glob of ``only`` (all without one), and of these the shard's."""
    globs = tuple(only)
    matching = tuple(t for t in targets if not globs or any(fnmatchcase(t.name, glob) for glob in globs))
    return shard.of(matching) if shard else matching


def variable_of(target: str, what: str) -> str:
    """The variable that holds ``CLIENT_ID``, ``CLIENT_SECRET`` or ``TOKEN_URL`` of a target."""
    return f"WEBSAKCTL_{target.upper().replace('-', '_')}_{what}"
