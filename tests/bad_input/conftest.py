"""A small, valid config repository to spoil, with a mark-up that says where a finding must point."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from websakctl.diagnostics import Diagnostic
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

HOUSE = {
    "config/websak.yaml": """\
organisation: {name: Prøvestad kommune, orgnr: "313000001"}
environments:
  test:
    base_url: https://websak-test.example.invalid
    root_unit: TOPP
""",
    "config/base.yaml": """\
access_codes:
  P: {name: Personalsaker, basis_chosen_per_case: true, screening_level: 3}
case_types:
  PERS: {name: Personalmappe, series: PERS, ordering_principle: emne, class_code: "4", access_code: P, retention: B}
licences:
  WEBSAK: {product: Websak, bought: 10, allotments: {frogner: 5, alna: 5}}
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2027-02-01, districts: [frogner, alna]}
""",
    "config/skeleton.yaml": """\
each_district:
  access_groups:
    LEDERE: {}
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}"}
    OPPV: {name: Oppvekst}
    BHG: {name: Barnehager, parent: OPPV}
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn}
""",
    "districts/frogner/district.yaml": """\
district:
  name: Bydel Frogner
  number: "05"
  orgnr: "313000109"
  short_name: BFR
  prefix: FR
""",
    "districts/frogner/units.yaml": """\
org_units:
  BH-EN: {name: Blåbær barnehage, parent: BHG}
sub_orgs:
  "313000206": {name: Blåbær barnehage, unit: BH-EN, channel: svarinn, batch: PULJE-1}
overrides:
  org_units:
    OPPV: {name: Oppvekst og kultur, reason: Eget navn, owner: Staben}
""",
    "districts/alna/district.yaml": """\
district:
  name: Bydel Alna
  number: "12"
  orgnr: "313000214"
  short_name: BAL
  prefix: AL
""",
    "districts/alna/units.yaml": """\
org_units:
  BH-TO: {name: Tyttebær barnehage, parent: BHG}
""",
}
_MARKED = re.compile("‹(.*?)›", re.DOTALL)


@dataclass
class Repository:
    """A config repository in a folder of its own."""

    root: Path
    marks: list[str] = field(default_factory=list)  # "file:line:column-line:column" of each ‹…›

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files below the root, without their marks; ``None`` takes one away."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_bytes(self._unmarked(name, content).encode())

    def _unmarked(self, name: str, text: str) -> str:
        while result := _MARKED.search(text):
            text = text[: result.start()] + result[1] + text[result.end() :]
            first, last = result.start(), result.start() + len(result[1])
            self.marks.append(f"{name}:{_place(text, first)}-{_place(text, last)}")
        return text

    def load(self) -> Configuration:
        return load_configuration(self.root, date(2027, 1, 1))

    def validate(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """Run ``websakctl validate`` as a process of its own."""
        return self.run("validate", *more)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line as a process of its own, with nothing about Websak in its surroundings."""
        around = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
        return subprocess.run(
            [sys.executable, "-m", "websakctl", *arguments, "--root", str(self.root)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=around,
        )

    def found(self) -> list[tuple[str, str]]:
        """Every finding as (rule, span), the span written as in ``marks``."""
        return [(finding.code, _span(finding)) for finding in self.load().findings]

    def files(self) -> dict[str, bytes]:
        """Everything below the root, to see that nothing was written."""
        return {
            str(p.relative_to(self.root)): p.read_bytes()
            for p in self.root.rglob("*")
            if p.is_file() and ".websakctl" not in p.parts  # what the tool keeps for itself
        }


def _place(text: str, index: int) -> str:
    return f"{text.count(chr(10), 0, index) + 1}:{index - (text.rfind(chr(10), 0, index) + 1) + 1}"


def _span(finding: Diagnostic) -> str:
    at = finding.at
    return f"{at.file}:{at.line}:{at.column}-{at.end_line}:{at.end_column}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A folder with nothing in it yet."""
    return Repository(tmp_path)


@pytest.fixture
def house(repository: Repository) -> Callable[..., Repository]:
    """Build the small repository with some files changed: ``house({file: (old, new)})`` or ``house({file: content})``."""

    def build(changes: Mapping[str, tuple[str, str] | str | bytes | None]) -> Repository:
        files: dict[str, str | bytes | None] = dict(HOUSE)
        for name, change in changes.items():
            if isinstance(change, tuple):
                text = str(files[name])
                assert text.count(change[0]) == 1, f"{change[0]!r} should stand once in {name}"
                files[name] = text.replace(*change)
            else:
                files[name] = change
        repository.write({name: content for name, content in files.items() if content is not None})
        return repository

    return build
