"""``snapshot``: the whole live setup, canonical; edited ones are refused; two are compared, or one with what is now."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from websakctl.redaction import national_id_valid

from .command_line import Cli, write_files


def save(cli: Cli, name: str) -> Path:
    cli("snapshot", "save", "--out", name)
    return cli.root / name


def without_time(path: Path) -> bytes:
    return b"\n".join(line for line in path.read_bytes().splitlines() if b'"taken_at"' not in line)


def test_the_same_state_gives_the_same_bytes(applied: Cli, websak: Any) -> None:
    first = save(applied, "a.json")
    websak.edit("department", "SA-HELSE", name="Noe annet")
    second = save(applied, "b.json")
    websak.edit("department", "SA-HELSE", name="Helse og mestring")
    third = save(applied, "c.json")
    assert without_time(first) == without_time(third) != without_time(second)
    document = json.loads(first.read_text(encoding="utf-8"))
    addresses = [o["address"] for o in document["objects"]]
    assert addresses == sorted(addresses)
    assert "org_unit/base/PROSJ" in addresses  # what is not managed too
    assert {o["address"] for o in document["objects"] if not o["active"]} == {"org_unit/base/TEST"}
    lines = first.read_text(encoding="utf-8").splitlines()
    assert sum('"address"' in line for line in lines) == len(addresses)  # one a line, for other tools


def test_how_letters_are_encoded_makes_no_difference(applied: Cli, websak: Any) -> None:
    websak.edit("department", "SA-HELSE", name="Pårørende")
    first = save(applied, "a.json")
    websak.edit("department", "SA-HELSE", name=unicodedata.normalize("NFD", "Pårørende"))
    assert without_time(save(applied, "b.json")) == without_time(first)
    assert applied("snapshot", "diff", "a.json", "--format", "json").changed == {}


def test_two_are_compared_and_one_with_now(applied: Cli, websak: Any) -> None:
    save(applied, "a.json")
    websak.edit("case_type", "PERS", name="Personal", publish=True)
    websak.edit("licence", "WEBSAK-PLUS", allotments={"frogner": 40})
    websak.edit("access_code", "P", active=False)
    websak.edit("department", "TEST", valid_to_date=None)
    websak.edit("department", "SA-HELSE", name="Endret")
    save(applied, "b.json")
    desired = {
        "case_type/base/PERS": "update",
        "licence/base/WEBSAK-PLUS": "update",
        "access_code/base/P": "deactivate",
        "org_unit/base/TEST": "activate",
        "org_unit/sagene/SA-HELSE": "update",
    }
    between, now = (applied("snapshot", "diff", "a.json", *second, "--format", "json") for second in (["b.json"], []))
    assert between.changed == now.changed == desired
    by = {c["address"]: c for c in now.json["changes"]}
    assert by["licence/base/WEBSAK-PLUS"]["fields"] == [{"path": "allotments.sagene", "before": 50, "after": None}]
    assert by["case_type/base/PERS"]["reason"] == "was changed"
    assert applied("snapshot", "diff", "b.json", "a.json", "--format", "json").changed == {
        **desired,
        "access_code/base/P": "activate",
        "org_unit/base/TEST": "deactivate",
    }
    text = applied("snapshot", "diff", "a.json", "--detailed-exitcode", code=2).out
    assert text.splitlines()[-1].startswith("Difference: 0 created, 3 updated, 1 deactivated, 1 activated.")
    assert "guard" not in text
    assert "apply" not in text
    nothing = applied("snapshot", "diff", "b.json", "--detailed-exitcode", code=0).out
    assert "Nothing differs" in nothing
    assert "last applied" not in nothing
    page = applied("snapshot", "diff", "a.json", "--format", "html", "--lang", "nb").out
    assert '<html lang="nb">' in page and "forskjell i " in page
    some = applied("snapshot", "diff", "a.json", "--kind", "case_type", "--format", "json")
    assert set(some.changed) == {"case_type/base/PERS"}
    assert applied("snapshot", "diff", "a.json", "--district", "sagene", "--format", "matrix").out.count("~") >= 1


def test_many_that_are_gone_are_no_matter_for_a_guard(applied: Cli, websak: Any) -> None:
    save(applied, "a.json")
    for key in ("BYDEL", "OPPV", "HELSE"):
        for prefix in ("FR", "SA"):
            websak.edit("department", f"{prefix}-{key}", valid_to_date="2026-01-01")
    result = applied("snapshot", "diff", "a.json", "--format", "json")
    assert set(result.changed.values()) == {"deactivate"}
    assert len(result.changed) == 6
    assert result.json["findings"] == []


def test_edited_and_broken_ones_are_refused(applied: Cli) -> None:
    path = save(applied, "a.json")
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("Personalmappe", "Personal"),
        ('"active": true', '"active": false'),
        ('"case_type/base/PERS"', '"case_type/base/PERX"'),
        ('"format_version": 1', '"format_version": 2'),
        ('"what": "websakctl snapshot"', '"what": "something"'),
        ('"objects"', '"things"'),
        ('"fields"', '"felter"'),
        ('"digest": "sha256:', '"digest": "sha256:0'),
    ):
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        refused = applied("snapshot", "diff", "a.json", code=4)
        assert "a.json" in refused.err
    for content in (
        "",
        "[]",
        "{}",
        "nonsense",
        text[: len(text) // 2],
        '{"what": "websakctl snapshot", "format_version": 1, "objects": 1}',
    ):
        path.write_text(content, encoding="utf-8")
        refused = applied("snapshot", "diff", "a.json", code=4)
        assert "plan" not in refused.err
    path.write_bytes(b"\xff\xfe")
    applied("snapshot", "diff", "a.json", code=4)
    path.write_text(text.replace("\n", "\n\n"), encoding="utf-8")  # only written otherwise
    applied("snapshot", "diff", "a.json")
    assert "there is no snapshot nei" in applied("snapshot", "diff", "nei", code=64).err


def test_the_list_names_them_and_takes_a_broken_one(applied: Cli) -> None:
    assert "There are no snapshots here" in applied("snapshot", "list").out
    applied("snapshot", "save")
    (applied.state / "snapshots" / "broken.json").write_text("{", encoding="utf-8")
    (applied.state / "snapshots" / "odd.json").write_text('{"objects": 3}', encoding="utf-8")
    listed = {row["name"]: row for row in applied("snapshot", "list", "--format", "json").json["items"]}
    (good,) = set(listed) - {"broken", "odd"}
    assert listed[good]["environment"] == "environment"
    assert listed[good]["objects"] > 20
    assert listed["broken"]["objects"] is listed["odd"]["objects"] is None
    assert "cannot be read" in applied("snapshot", "list").out
    assert "Nothing differs" in applied("snapshot", "diff", good).out
    applied("snapshot", "diff", "broken", code=4)


def test_an_environment_with_a_name_that_is_no_file_name(applied: Cli) -> None:
    for name in ("a/b", "../up", "år"):
        applied("snapshot", "save", "--environment", name)
        applied("upgrade", "check", "before", "--environment", name)
    assert sorted(p.parent.name for p in applied.root.rglob("*.json")) == [".websakctl"] * 3 + ["snapshots"] * 6


def test_identity_numbers_in_names_and_keys_are_not_kept(applied: Cli, websak: Any) -> None:
    """Made-up ones, written in by hand: one in a name, two as access groups' names, one as an external id."""
    numbers = [n for n in (f"414100{i:05}" for i in range(100000)) if national_id_valid(n)][:3]
    websak.edit("department", "SA-HELSE", name=f"Mappe {numbers[0]}")
    websak.edit("department", "PROSJ", external_id=numbers[1])
    websak.edit("access_group", "Postmottak", name=f"Sak {numbers[1]}")
    websak.edit("access_group", "Alle brukere", name=f"Sak {numbers[2]}")
    path = save(applied, "a.json")
    text = path.read_text(encoding="utf-8")
    assert not [n for n in numbers if n in text]
    assert text.count("Sak [national identity number]") == 3  # two groups, and the unit whose mail one of them gets
    assert "Nothing differs" in applied("snapshot", "diff", "a.json").out
    websak.edit("department", "SA-HELSE", name="Mappe")
    difference = applied("snapshot", "diff", "a.json", "--format", "json")
    assert difference.json["changes"][0]["fields"] == [
        {"path": "name", "before": "Mappe [national identity number]", "after": "Mappe"}
    ]


def test_half_a_letter_stops_nothing(applied: Cli, websak: Any) -> None:
    """A server that cuts names may cut through the middle of a letter that takes two code units."""
    codes = [{"code": "V", "name": "Kultur \ud83d", "etag": "1", "active": True, "legal_basis": []}]
    body = json.dumps({"items": codes, "next": None})  # escaped, as servers do it
    as_json = {"Content-Type": "application/json"}
    websak.fault("status", method="GET", path="/access-codes$", times=None, code=200, body=body, headers=as_json)
    write_files(applied.root, {"config/more.yaml": "access_codes:\n  V: {name: Kultur, basis_chosen_per_case: true}\n"})
    save(applied, "a.json")
    applied("snapshot", "diff", "a.json")
    assert applied("plan", "--kind", "access_code", "--format", "json").changed["access_code/base/V"] == "update"
    applied("drift")


@pytest.mark.parametrize("version", ["3.0", "3.3"])
def test_either_version_of_the_server_gives_the_same_objects(
    cli: Cli, websak: Any, request: pytest.FixtureRequest, version: str
) -> None:
    if version == "3.0":
        cli.env = dict(request.getfixturevalue("sandbox30").fresh().variables)
    document = json.loads(save(cli, "a.json").read_text(encoding="utf-8"))
    assert document["api_version"] == version
    assert "org_unit/frogner/FR-HELSE" in {o["address"] for o in document["objects"]}


def test_the_last_one_is_of_this_environment(applied: Cli, websak: Any) -> None:
    applied("snapshot", "save")
    (ours,) = (applied.root / ".websakctl" / "snapshots").glob("*.json")
    name = ours.stem.rpartition("-")[0]
    for other in (f"{name}-new-29990101T000000", f"{name}-2-29990101T000000"):
        (ours.parent / f"{other}.json").write_text("{}", encoding="utf-8")
    assert "Nothing differs" in applied("snapshot", "diff", "last").out
