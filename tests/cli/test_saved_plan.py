"""A saved plan: applied once, as it was saved, where it was made for; stale parts are dropped and shown three ways."""

import json
import stat
from typing import Any

import pytest

from .command_line import Cli


@pytest.fixture
def applied(cli: Cli) -> Cli:
    """Applied, and then one word changed in two districts, one case type too."""
    cli.apply("--quiet")
    cli.edit("config/org_units.yaml", "Helse og mestring", "Helse og omsorg")
    cli.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    return cli


def test_applied_once(applied: Cli, websak: Any) -> None:
    saved = applied("plan", "--out", "p.json")
    assert "websakctl apply p.json" in saved.err
    websak.ask("DELETE", "effects")
    applied.apply("p.json")
    done = websak.effects()
    assert len(done) == 3
    again = applied.apply("p.json", code=4)
    assert "p.json was applied before, in run " in again.err
    (applied.root / "copy.json").write_bytes((applied.root / "p.json").read_bytes())
    applied.apply("copy.json", code=4)
    assert websak.effects() == done


def test_another_time_does_not_make_it_another_plan(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    text = (applied.root / "p.json").read_text(encoding="utf-8")
    time = json.loads(text)["created_at"]
    edited = f"{time[:-2]}{(int(time[-2]) + 1) % 10}Z"
    (applied.root / "p.json").write_text(text.replace(time, edited), encoding="utf-8")
    websak.ask("DELETE", "effects")
    assert "was changed after it was saved" in applied.apply("p.json", code=4).err
    assert websak.effects() == []


def test_a_name_that_only_looks_like_a_secret_is_written_as_it_is(cli: Cli, websak: Any) -> None:
    name = "Passord: nullstilling"
    cli.edit("config/access.yaml", "  BYARKIVET: {}\n", f'  BYARKIVET: {{}}\n  "{name}": {{}}\n')
    cli("plan", "--out", "p.json", "--kind", "access_group")
    assert name not in (cli.root / "p.json").read_text(encoding="utf-8")
    cli.apply("p.json")
    assert ("access_group.create", name) in websak.effects()
    assert cli.plan("--kind", "access_group").changed == []


def test_a_name_that_was_not_kept_is_not_made_up(cli: Cli, websak: Any) -> None:
    cli.edit("config/access.yaml", "  BYARKIVET: {}\n", '  BYARKIVET: {}\n  "Passord: nullstilling": {}\n')
    cli.apply("--kind", "access_group")
    cli.edit("config/access.yaml", '  "Passord: nullstilling": {}\n', "")
    changed = cli.plan("--kind", "access_group", "--out", "p.json").json
    websak.ask("DELETE", "effects")
    if changed["changes"]:
        assert "plan again" in cli.apply("p.json", code=5).err
    assert websak.effects() == []


def test_the_same_plan_made_again_is_a_new_plan(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json", "--kind", "case_type")
    applied.apply("p.json")
    websak.edit("case_type", "PERS", name="Personalmappe")  # somebody takes it back by hand
    applied("plan", "--out", "q.json", "--kind", "case_type")
    first, second = (json.loads((applied.root / name).read_text(encoding="utf-8")) for name in ("p.json", "q.json"))
    assert first["changes"] == second["changes"]
    applied.apply("q.json")
    assert applied.plan("--kind", "case_type").changed == []


def test_what_is_stale_is_dropped_with_what_waits_for_it_and_the_rest_is_done(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    websak.edit("department", "FR-HELSE", name="Helse og velferd")
    websak.ask("DELETE", "effects")
    outcome = applied.apply("p.json", "--quiet", "--format", "json", code=5)
    assert [key for _, key in websak.effects()] in (["SA-HELSE", "PERS"], ["PERS", "SA-HELSE"])
    three_ways = {"path": "name", "before": "Helse og mestring", "now": "Helse og velferd", "wanted": "Helse og omsorg"}
    assert outcome.json["stale"] == [
        {"address": "org_unit/frogner/FR-HELSE", "because_of": None, "fields": [three_ways]}
    ]
    assert outcome.json["counts"] | {"done": 2, "stale": 1} == outcome.json["counts"]
    reported = 'name: planned from "Helse og mestring", now "Helse og velferd", wanted "Helse og omsorg"'
    assert reported in outcome.err  # with --quiet too: it is why the exit code is 5


def test_all_or_nothing(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    websak.edit("department", "FR-HELSE", name="Helse og velferd")
    websak.ask("DELETE", "effects")
    refused = applied.apply("p.json", "--all-or-nothing", code=4)
    assert "1 of 3 changes are stale; nothing was written" in refused.err
    assert websak.effects() == []
    websak.edit("department", "FR-HELSE", name="Helse og mestring")
    applied.apply("p.json", "--all-or-nothing")


def test_what_is_no_longer_needed_is_refused_by_name_and_the_rest_is_done(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    websak.edit("department", "FR-HELSE", name="Helse og omsorg")  # somebody does it by hand meanwhile
    websak.ask("DELETE", "effects")
    refused = applied.apply("p.json", "--all-or-nothing", code=4)
    assert "1 of 3 changes are stale; nothing was written" in refused.err
    assert websak.effects() == []
    outcome = applied.apply("p.json", "--quiet", "--format", "json", code=5)
    reported = "1 of the plan's changes is already so, and it is refused: org_unit/frogner/FR-HELSE"
    assert reported in outcome.err  # with --quiet too: it is why the exit code is 5
    assert outcome.json["not_needed"] == ["org_unit/frogner/FR-HELSE"]
    assert outcome.json["stale"] == []
    assert sorted(key for _, key in websak.effects()) == ["PERS", "SA-HELSE"]
    assert applied.plan().changed == []


def test_of_a_plan_that_is_not_needed_at_all_nothing_is_written(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json", "--kind", "case_type")
    websak.edit("case_type", "PERS", name="Personalsak")
    websak.ask("DELETE", "effects")
    refused = applied.apply("p.json", code=4)
    assert "no longer needed, and nothing else was left of it; nothing was written" in refused.err
    assert "case_type/base/PERS" in refused.err
    assert websak.effects() == []
    applied.apply("p.json", code=4)


def test_who_plans_again_needs_nothing_that_is_so_already(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    websak.edit("department", "FR-HELSE", name="Helse og omsorg")
    websak.ask("DELETE", "effects")
    applied.apply("p.json", "--replan")
    assert sorted(key for _, key in websak.effects()) == ["PERS", "SA-HELSE"]


def test_a_stale_parent_takes_its_children_with_it(cli: Cli, websak: Any) -> None:
    cli("plan", "--out", "p.json", "--district", "sagene", "--kind", "org_unit")
    cli.apply("--target", "org_unit/sagene/SA-BYDEL", "--target", "org_unit/sagene/SA-OPPV", "--quiet")
    websak.edit("department", "SA-OPPV", name="Oppvekst og skole")
    outcome = cli.apply("p.json", "--format", "json", code=5)
    assert {s["address"]: s["because_of"] for s in outcome.json["stale"]} == {
        "org_unit/sagene/SA-OPPV": None,
        "org_unit/sagene/SA-BHG": "org_unit/sagene/SA-OPPV",
    }
    assert [o["address"] for o in outcome.json["outcomes"]] == ["org_unit/sagene/SA-HELSE"]
    assert "1 of the plan's changes is already so, and it is refused: org_unit/sagene/SA-BYDEL" in outcome.err


def test_an_edited_plan_is_refused(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    path = applied.root / "p.json"
    websak.ask("DELETE", "effects")
    path.write_text(path.read_text(encoding="utf-8").replace("Personalsak", "Personal"), encoding="utf-8")
    assert "was changed after it was saved" in applied.apply("p.json", code=4).err
    path.write_text("{}", encoding="utf-8")
    assert "not a saved plan" in applied.apply("p.json", code=4).err
    path.write_text('{"format_version": 99, "changes": []}', encoding="utf-8")
    assert "format version 99" in applied.apply("p.json", code=4).err
    path.write_bytes(b"\xff\xfe\x00")
    assert "not a saved plan" in applied.apply("p.json", code=4).err
    applied.apply("absent.json", code=64)
    assert websak.effects() == []


def test_a_plan_for_another_place_or_another_config_is_refused(applied: Cli, websak: Any) -> None:
    applied("plan", "--out", "p.json")
    websak.ask("DELETE", "effects")
    elsewhere = applied.apply("p.json", "--environment", "test", code=4)
    assert "was made for environment environment, and this is test" in elsewhere.err
    no_setup = applied.apply("p.json", env={"WEBSAKCTL_SETUP_URL": ""}, code=4)
    assert "case_type" in no_setup.err
    applied.edit("config/case_types.yaml", "Personalsak", "Personal")
    assert "another version of the config" in applied.apply("p.json", code=4).err
    assert websak.effects() == []


def test_a_plan_file_is_its_owners_alone_and_never_half(applied: Cli) -> None:
    target = applied.root / "p.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o644)
    applied("plan", "--out", "p.json")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text(encoding="utf-8"))["format_version"] == 1
    assert sorted(p.name for p in applied.root.iterdir() if p.name.startswith(".p.json")) == []
    nowhere = applied("plan", "--out", "no/such/p.json", code=1)
    assert "cannot write no/such/p.json" in nowhere.err
    applied("plan", "--out", ".", code=1)


@pytest.mark.parametrize("line", [["plan", "--out"], ["snapshot", "save", "--out"]])
def test_no_result_is_written_over_the_config(cli: Cli, websak: Any, line: list[str]) -> None:
    before = (cli.root / "config/org_units.yaml").read_bytes()
    assert "it is left" in cli(*line, "config/org_units.yaml", code=1).err
    assert (cli.root / "config/org_units.yaml").read_bytes() == before
