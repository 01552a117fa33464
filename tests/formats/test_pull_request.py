"""A pull request as a colleague sees it: annotations at the characters while it is wrong, one group for fifteen once it is right."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from websakctl.sandbox.process import stop_server

ROOT = Path(__file__).parents[2]
UNITS = """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    BHG: {name: Barnehager, parent: OPPV}
"""
CODES = """\
access_codes:
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true}
case_types:
  HOERING: {name: Høring, series: SAK, ordering_principle: emne, access_code: U, retention: B}
"""


def run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    return subprocess.run(
        [sys.executable, "-m", "websakctl", *args], cwd=root, env=env, capture_output=True, text=True, timeout=60
    )


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def applied(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/units.yaml").write_text(UNITS, encoding="utf-8")
    (tmp_path / "config/codes.yaml").write_text(CODES, encoding="utf-8")
    for facts in ROOT.glob("districts/*/district.yaml"):
        folder = tmp_path / "districts" / facts.parent.name
        folder.mkdir(parents=True)
        kept = re.sub(r"\n(# [^\n]*\n)*overrides:.*", "\n", facts.read_text(encoding="utf-8"), flags=re.DOTALL)
        (folder / "district.yaml").write_text(kept, encoding="utf-8")
    run(tmp_path, "sandbox", "reset", "--empty")
    done = run(tmp_path, "apply", "--auto-approve")
    assert done.returncode == 0, done.stderr
    yield tmp_path
    stop_server(tmp_path / ".websakctl")
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_three_annotations_and_then_one_group_for_fifteen(applied: Path) -> None:
    units, codes = applied / "config/units.yaml", applied / "config/codes.yaml"
    edit(
        units, "    OPPV: {name: Oppvekst}", "    OPPVEKST: {name: Oppvekst, previously: [OPPV]}"
    )  # and forgets BHG's parent
    edit(codes, "access_code: U,", "access_code: UU,")
    numbers = applied / "districts/frogner/sub_orgs.yaml"
    numbers.write_text(
        'sub_orgs:\n  "975016685": {name: Frogner barnehage, unit: BHG, channel: svarinn}\n', encoding="utf-8"
    )
    wrong = run(applied, "validate", "--format", "github")
    assert wrong.returncode == 3
    places = re.findall(
        r"^::error file=(.+?),line=(\d+),col=(\d+),endLine=\d+,endColumn=(\d+),title=(.+?)::",
        wrong.stdout,
        re.MULTILINE,
    )
    assert len(wrong.stdout.splitlines()) == 3
    at = codes.read_text(encoding="utf-8").splitlines()[3].index("UU") + 1
    assert places == [
        ("config/codes.yaml", "4", str(at), str(at + 1), "unknown-reference"),
        ("config/units.yaml", "5", "37", "40", "unknown-reference"),
        ("districts/frogner/sub_orgs.yaml", "2", "3", "13", "orgnr-checksum"),
    ]
    edit(units, "parent: OPPV}", "parent: OPPVEKST}")
    edit(codes, "access_code: UU,", "access_code: U,")
    numbers.unlink()
    assert run(applied, "validate", "--format", "github").stdout.strip() == ""
    comment = run(applied, "plan", "--format", "markdown").stdout
    groups = [line for line in comment.splitlines() if line.startswith("- `")]
    assert len(groups) == 1
    assert "15 districts" in groups[0]
    assert "OPPVEKST" in groups[0]
    assert "0 to create, 15 to update" in comment
    assert re.search(r"^- Address: `http://127\.0\.0\.1:\d+`$", comment, re.MULTILINE)
    assert re.search(
        r"^- Compared: config .+, with Websak as read \d{4}-\d\d-\d\d \d\d:\d\d CES?T$", comment, re.MULTILINE
    )
    drift = run(applied, "drift", "--format", "markdown").stdout
    assert re.fullmatch(r"<!-- websakctl drift \S+ -->", drift.splitlines()[0])
