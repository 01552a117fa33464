"""A key that changes: declared it is renamed in place, undeclared its look-alike is refused."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from websakctl.sandbox.process import stop_server

ROOT = Path(__file__).parents[2]
SKELETON = "config/org_units.yaml"
BASE = """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    BHG: {name: Barnehager, parent: OPPV}
"""
CODES = """\
access_codes:
  P: {name: Personalsaker, basis_chosen_per_case: true, screening_years: 60}
case_types:
  PERS: {name: Personalmappe, series: PERS, ordering_principle: emne, access_code: P, screening_level: 3, retention: B}
"""
SUB_ORGS = """\
sub_orgs:
  "975016684": {name: Frogner barnehage, unit: OPPV, channel: svarinn}
"""


def run(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("WEBSAKCTL_")}
    done = subprocess.run(
        [sys.executable, "-m", "websakctl", *args], cwd=root, env=env, capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    return done


def plan(root: Path) -> dict[str, object]:
    return dict(json.loads(run(root, "plan", "--format", "json").stdout))


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("renames")
    (root / "config").mkdir()
    (root / SKELETON).write_text(BASE, encoding="utf-8")
    (root / "config/codes.yaml").write_text(CODES, encoding="utf-8")
    for slug in ("frogner", "sagene"):
        (root / "districts" / slug).mkdir(parents=True)
        shutil.copy(ROOT / "districts" / slug / "district.yaml", root / "districts" / slug)
    (root / "districts/frogner/sub_orgs.yaml").write_text(SUB_ORGS, encoding="utf-8")
    run(root, "sandbox", "reset", "--empty")
    done = run(root, "apply", "--auto-approve")
    assert done.returncode == 0, done.stderr
    yield root
    stop_server(root / ".websakctl")


@pytest.fixture
def repository(applied: Path) -> Iterator[Path]:
    """The applied repository; edits to its files are taken back, and Websak follows."""
    kept = {path: path.read_bytes() for path in applied.rglob("*.yaml")}
    yield applied
    for path, content in kept.items():
        path.write_bytes(content)
    run(applied, "sandbox", "reset", "--empty")
    assert run(applied, "apply", "--auto-approve").returncode == 0


def test_a_declared_rename_is_an_update_in_place_in_every_district(repository: Path) -> None:
    edit(repository, SKELETON, "OPPV: {name: Oppvekst}", "OPPX: {name: Oppvekst, previously: [OPPV]}")
    edit(repository, SKELETON, "parent: OPPV", "parent: OPPX")
    edit(repository, "districts/frogner/sub_orgs.yaml", "unit: OPPV", "unit: OPPX")
    document = plan(repository)
    changes = {str(c["address"]): c for c in document["changes"]}  # type: ignore[attr-defined]
    assert sorted(changes) == ["org_unit/frogner/FR-OPPX", "org_unit/sagene/SA-OPPX", "sub_org/frogner/975016684"]
    assert changes["org_unit/frogner/FR-OPPX"]["action"] == "update"
    assert {"path": "key", "before": "FR-OPPV", "after": "FR-OPPX"} in changes["org_unit/frogner/FR-OPPX"]["fields"]
    assert changes["sub_org/frogner/975016684"]["requires"] == ["org_unit/frogner/FR-OPPX"]
    assert document["findings"] == []
    assert run(repository, "apply", "--auto-approve").returncode == 0
    assert plan(repository)["changes"] == []
    assert json.loads(run(repository, "drift", "--format", "json").stdout)["changes"] == []
    reported = run(repository, "validate", "--format", "json")
    assert [d["rule"] for d in json.loads(reported.stdout)["diagnostics"]] == ["rename-done"]


def test_what_refers_to_a_renamed_code_follows_by_itself(repository: Path) -> None:
    edit(repository, "config/codes.yaml", "  P: {name: Personalsaker,", "  PS: {name: Personalsaker, previously: [P],")
    edit(repository, "config/codes.yaml", "access_code: P,", "access_code: PS,")
    changes = plan(repository)["changes"]
    assert [(c["address"], c["action"]) for c in changes] == [("access_code/base/PS", "update")]  # type: ignore[attr-defined]
    done = run(repository, "apply", "--auto-approve")
    assert done.returncode == 0, done.stderr
    assert plan(repository)["changes"] == []


def test_an_undeclared_look_alike_is_refused_as_a_probable_rename(repository: Path) -> None:
    edit(repository, SKELETON, "OPPV: {name: Oppvekst}", "OPPX: {name: Oppvekst}")
    edit(repository, SKELETON, "parent: OPPV", "parent: OPPX")
    edit(repository, "districts/frogner/sub_orgs.yaml", "unit: OPPV", "unit: OPPX")
    refused = run(repository, "apply", "--auto-approve")
    assert refused.returncode == 4
    assert "previously: [OPPV]" in refused.stdout
    assert "--allow rename:org_unit/OPPX=2" in refused.stderr
    edit(repository, SKELETON, "OPPX: {name: Oppvekst}", "OPPX: {name: Oppvekst, previously: []}")
    assert plan(repository)["findings"] == []  # said to be new: a removal of two and two new ones


def test_a_rename_from_something_that_stays_is_not_valid(repository: Path) -> None:
    edit(
        repository,
        SKELETON,
        "    BHG: {name: Barnehager, parent: OPPV}",
        "    BHG: {name: Barnehager, previously: [OPPV]}",
    )
    done = run(repository, "validate", "--format", "json")
    assert done.returncode == 3
    result = json.loads(done.stdout)["diagnostics"]
    assert {(d["rule"], d["file"], d["line"]) for d in result} == {("rename-conflict", SKELETON, 5)}


def test_a_group_cannot_be_renamed_by_the_api_and_is_a_step_for_a_person(repository: Path) -> None:
    (repository / "config/groups.yaml").write_text("access_groups: {LESERE: {}}\n", encoding="utf-8")
    assert run(repository, "apply", "--auto-approve").returncode == 0
    (repository / "config/groups.yaml").write_text(
        "access_groups: {SKRIVERE: {previously: [LESERE]}}\n", encoding="utf-8"
    )
    document = plan(repository)
    assert document["changes"] == []
    assert [m["address"] for m in document["manual"]] == ["access_group/base/SKRIVERE"]  # type: ignore[attr-defined]
    (repository / "config/groups.yaml").unlink()
