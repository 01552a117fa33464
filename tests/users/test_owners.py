"""Kinds that somebody else writes: compared and shown, and never written, whatever asks for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from .office import KARI, OLA, Office
from .test_units_people import said, unit

LEADER = OLA.replace("}", ", logins: [{key: S-1-5}]}")


def owned(at: Office, **owners: str) -> Office:
    """The environment with these owners; the variables still say where it is."""
    at.env = {**at.env, "WEBSAKCTL_ENVIRONMENT": "test"}
    settings = at.root / "config" / "websak.yaml"
    url = at.websak.variables["WEBSAKCTL_BASE_URL"]
    text = settings.read_text(encoding="utf-8")
    said_so = ", owners: {" + ", ".join(f"{k}: {v}" for k, v in owners.items()) + "}" if owners else ""
    lines = [
        f'  test: {{base_url: "{url}", client_id: from-yaml{said_so}}}' if line.startswith("  test:") else line
        for line in text.splitlines()
    ]
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return at


def steps(plan: Any) -> dict[str, str]:
    return {step["address"]: step["what"] for step in plan["manual"] if "owns" in step["what"]}


@pytest.fixture
def mine(at33: Office) -> Office:
    owned(at33).apply()  # the same Websak, under a name of its own
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.written()
    return at33


def test_what_is_owned_is_compared_and_not_written(mine: Office) -> None:
    mine.lists("frogner", KARNOR=KARI.replace("Kari Nordmann", "Kari Traa"), OLANOR=LEADER)
    owned(mine, user="entra")
    plan = mine.plan()
    assert plan["changes"] == []
    assert steps(plan) == {
        "user/frogner/KARNOR": "entra owns this kind here, and it is not written: update it there (name)",
        "user/frogner/OLANOR": steps(plan)["user/frogner/OLANOR"],
    }
    assert steps(plan)["user/frogner/OLANOR"].startswith("entra owns this kind here, and it is not written: create it")
    mine.apply()
    assert mine.written() == []
    mine.websak.edit("user", "KARNOR", title="Sjef")
    mine.websak.edit("user", "KARNOR", name="Kari Bremnes", changedAt="2099-01-01T00:00:00Z")
    drift = json.loads(mine("drift", "--format", "json")[0])["drift"]
    assert ("name", "both") in {(d["path"], d["cause"]) for d in drift}


def test_other_kinds_go_on(mine: Office) -> None:
    owned(mine, user="entra")
    mine.lists("frogner", KARNOR=KARI, OLANOR=LEADER)
    file = mine.root / "config" / "org_units.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("name: Oppvekst", "name: Oppvekst og læring"), "utf-8")
    mine.apply()
    assert unit(mine, "FR-OPPV")["name"] == "Oppvekst og læring" and mine.written() == []


@pytest.mark.parametrize("arguments", [("--kind", "user"), ("--prune", "user")])
def test_apply_refuses_the_kind_by_name(mine: Office, arguments: tuple[str, str]) -> None:
    owned(mine, user="entra")
    mine.lists("frogner", KARNOR=KARI, OLANOR=LEADER)
    _, err = mine.apply(*arguments, code=4)
    assert "would write user (entra), which others own in test; nothing was written" in err
    assert mine.written() == []


def test_a_saved_plan_a_run_and_a_rollback_of_before_are_refused(mine: Office) -> None:
    mine.lists("frogner", KARNOR=KARI, OLANOR=LEADER)
    mine("plan", "--out", "saved.json")
    owned(mine, user="entra")
    _, err = mine.apply("saved.json", code=4)
    assert "saved.json would write user (entra), which others own in test" in err
    out, _ = mine("rollback", "last")
    assert "entra owns user here, and it is not written" in out
    assert json.loads(mine("rollback", "last", "--format", "json")[0])["changes"] == []
    assert mine.written() == []


def test_what_was_begun_is_not_gone_on_with(mine: Office) -> None:
    mine.lists("frogner", KARNOR=KARI, OLANOR=LEADER)
    mine.websak.fault("status", method="POST", path="/api/Users$", code=400, times=1)
    mine.apply(code=5)
    owned(mine, user="entra")
    _, err = mine.apply("--resume", code=4)
    assert "would write user (entra), which others own in test" in err
    assert mine.written() == []


def test_people_are_not_imported(mine: Office) -> None:
    owned(mine, user="entra")
    before = (mine.root / "users" / "frogner.yaml").read_bytes()
    file = mine.root / "ansatte.csv"
    file.write_text("Navn;Rolle;Enhet;Brukernavn;E-post\nOla;LEADER;OPPV;ola;o@example.org\n", encoding="utf-8")
    _, err = mine("users", "import", "ansatte.csv", "--district", "frogner", code=4)
    assert "entra owns users in test, and they are not written from here" in err
    assert (mine.root / "users" / "frogner.yaml").read_bytes() == before


def test_nothing_is_retired_that_others_own(mine: Office) -> None:
    owned(mine, org_unit="visma")
    file = mine.root / "config" / "org_units.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "", encoding="utf-8")
    (mine.root / "districts" / "frogner" / "more.yaml").write_text(
        "retire:\n  BHG: {heir: OPPV, reason: Slått sammen}\n", encoding="utf-8"
    )
    file.write_text(
        file.read_text(encoding="utf-8").replace("    BHG: {name: Barnehager, parent: OPPV}\n", ""), encoding="utf-8"
    )
    plan = mine.plan()
    assert plan["changes"] == []
    assert steps(plan)["org_unit/frogner/FR-BHG"].startswith("visma owns this kind here")
    mine.apply()
    assert unit(mine, "FR-BHG")["validToDate"] is None


def test_who_heads_a_unit_is_not_written_where_units_are_owned(mine: Office) -> None:
    owned(mine, org_unit="visma")
    mine.lists("frogner", KARNOR=said(KARI, "manages: [OPPV], title: Sjef"))
    plan = mine.plan()
    assert [f["path"] for f in plan["changes"][0]["fields"]] == ["title"]
    step = next(s["what"] for s in plan["manual"] if s["address"].startswith("user/"))
    assert step == "visma owns org units here, and they are not written: set manages: [] -> ['FR-OPPV'] there"
    mine.apply()
    assert not unit(mine, "FR-OPPV")["managerUserId"]


@pytest.mark.parametrize(
    ("owners", "message"),
    [({"users": "entra"}, "users is no kind that an API carries"), ({"user": "' '"}, "has no name")],
)
def test_an_owner_of_what_is_no_kind_is_found(
    tmp_path: Path, at33: Office, owners: dict[str, str], message: str
) -> None:
    owned(at33, **owners)
    _, err = at33("validate", code=3)
    assert message in err


def test_doctor_tells_what_hints_of_another_writer(mine: Office) -> None:
    assert "no sign of one since" in mine("doctor")[0]
    mine.websak.edit("user", "MAL-SAKSB", changedAt="2099-01-01T00:00:00Z")
    mine.ask("POST", "/Users", {"code": "E1", "username": "e1"})
    out, _ = mine("doctor")
    line = next(line for line in out.splitlines() if line.startswith("other writers"))
    assert "2 users changed since" in line and "2 of them with a code that no file names" in line
    assert "say so under `owners:`" in line and "KARNOR" not in line
    owned(mine, user="entra")
    line = next(line for line in mine("doctor")[0].splitlines() if line.startswith("other writers"))
    assert "entra owns users" in line and "say so" not in line
