"""What the vendor's documents say about meaning: nothing is lost by a write, and nothing is read out of what was not told.

Counted on the server, on both versions, and on the other reading of each doubtful point.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import sandbox
from websakctl.live.access_groups import AccessGroupsReader

from .conftest import settled
from .office import KARI, OLA, Crash, Office

LOGIN = ", logins: [{key: S-1-5}]}"
LEADER = OLA.replace("}", LOGIN)
QUIRKS = [
    "",
    "zones-kept",
    "logins-kept",
    "functions-told",
    "unknown-404",
    "mail-withheld",
    "any-order",
    "capped-pages",
]


@pytest.fixture(params=[f"{version} {quirk}".strip() for version in ("3.0", "3.3") for quirk in QUIRKS])
def honest(request: pytest.FixtureRequest, tmp_path: Path) -> Office:
    """An office at each version, as documented and with each doubtful point the other way."""
    version, _, quirk = request.param.partition(" ")
    result = settled(tmp_path, request.getfixturevalue(f"sandbox{version.replace('.', '')}"))
    result.websak.ask("POST", "settings", {"quirks": [quirk] if quirk else []})
    return result


def counts(out: str) -> dict[str, int]:
    """What came of an apply, without the zeros."""
    return {status: count for status, count in json.loads(out)["counts"].items() if count}


def test_what_is_done_to_users_comes_out_right(honest: Office) -> None:
    """A first apply, a second plan, a hand-given function, a changed title, and a changed login."""
    at = honest
    at.lists("frogner", OLANOR=LEADER)
    out, _ = at.apply("--format", "json")
    assert counts(out) == {"done": 1}
    assert at.changes() == {}
    assert at.changes("--refresh", "full") == {}
    assert at.written().count(("user.create", "OLANOR")) == 1
    assert at.stored("OLANOR")["access_codes"] == ["10", "30"]

    at.ask("POST", "/Users/OLANOR/accesscodes", {"codes": ["0"]}, lookupField="Code")
    at.written()
    (change,) = at.plan()["changes"]
    assert [(f["path"], f["before"]) for f in change["fields"]] == [("access_functions", ["0", "10", "30"])]
    drift = json.loads(at("drift", "--format", "json")[0])["drift"]
    assert [(d["path"], d["cause"]) for d in drift] == [("access_functions", "live")]
    at.apply("--allow", "lock-out:frogner=1")
    assert at.written() == [("user.set_access_codes", "OLANOR")]
    assert at.stored("OLANOR")["access_codes"] == ["10", "30"]

    before = at.stored("OLANOR")
    at.lists("frogner", OLANOR=LEADER.replace("{", "{title: Sjef, ", 1))
    at.apply()
    assert at.user("OLANOR")["title"] == "Sjef"
    assert at.stored("OLANOR") == before  # zones, logins, functions and addresses
    assert at.written() == [("user.update", "OLANOR")]

    at.lists("frogner", OLANOR=LEADER.replace("{", "{title: Sjef, ", 1).replace("S-1-5", "S-1-6"))
    assert [f["path"] for f in at.plan()["changes"][0]["fields"]] == ["logins"]
    at.apply()
    assert [access["key"] for access in at.stored("OLANOR")["user_accesses"]] == ["S-1-6"]
    assert {**at.stored("OLANOR"), "user_accesses": 0} == {**before, "user_accesses": 0}
    assert len(at.written()) == 1
    assert at.changes() == {}


@pytest.mark.parametrize("lacking", ["zones", "logins"])
def test_who_would_lose_something_on_3_0_is_a_step_for_a_person(at30: Office, lacking: str) -> None:
    ola = LEADER if lacking == "zones" else OLA
    if lacking == "zones":
        roles = at30.root / "config" / "user_roles.yaml"
        roles.write_text(roles.read_text(encoding="utf-8").replace("    zones: [Åpen sone]\n", ""), encoding="utf-8")
    at30.lists("frogner", OLANOR=ola)
    at30.apply()
    at30.websak.edit("user", "OLANOR", accessToZones="[1, 3]", userAccesses='[{"provider": "AD", "key": "x"}]')
    before = at30.stored("OLANOR")
    at30.written()
    at30.lists("frogner", OLANOR=ola.replace("{", "{title: Sjef, ", 1))
    plan = at30.plan()
    assert plan["changes"] == [] and f"would erase its {lacking}" in plan["manual"][0]["what"]
    at30.apply()
    assert at30.stored("OLANOR") == before and at30.written() == []
    assert at30.plan()["manual"] == plan["manual"]


def test_zones_given_by_hand_survive_a_write_on_3_3(at33: Office) -> None:
    roles = at33.root / "config" / "user_roles.yaml"
    roles.write_text(roles.read_text(encoding="utf-8").replace("    zones: [Åpen sone]\n", ""), encoding="utf-8")
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.websak.edit("user", "KARNOR", accessToZones="[2, 3]")
    at33.lists("frogner", KARNOR=KARI.replace("{", "{title: Sjef, ", 1))
    at33.apply()
    assert at33.stored("KARNOR")["access_to_zones"] == [2, 3]
    assert at33.user("KARNOR")["title"] == "Sjef"


def test_a_zone_that_websak_does_not_have_is_told_before_anything_is_sent(at: Office) -> None:
    at.lists("frogner", KARNOR=KARI.replace("}", ", zones: [Indre sone]}"))
    _, err = at.apply(code=7)
    assert "there is no zone Indre sone in this Websak" in err and "Intern sone" in err
    assert at.written() == []


def test_a_login_that_the_config_did_not_have_is_a_change(at: Office) -> None:
    at.lists("frogner", OLANOR=OLA)
    at.apply()
    at.lists("frogner", OLANOR=LEADER)
    assert [f["path"] for f in at.plan()["changes"][0]["fields"]] == ["logins"]
    at.apply()
    assert [access["key"] for access in at.stored("OLANOR")["user_accesses"]] == ["S-1-5"]
    assert at.changes() == {}


def test_the_guard_knows_who_administers(at: Office) -> None:
    admin = LEADER.replace("LEADER", "LEADER, access_functions: ['0', '10']")
    at.lists("frogner", OLANOR=admin)
    at.apply()
    at.lists("frogner", OLANOR=LEADER)
    _, err = at.apply(code=4)
    assert "--allow lock-out:frogner=1" in err


@pytest.mark.parametrize("version", ["3.0", "3.3"])
def test_four_refused_users_among_24_leave_20_done(
    request: pytest.FixtureRequest, tmp_path: Path, version: str
) -> None:
    at = settled(tmp_path, request.getfixturevalue(f"sandbox{version.replace('.', '')}"))
    people = {f"U{n}": KARI.replace("karnor", f"u{n}").replace("kari.", f"u{n}.") for n in range(24)}
    for n in (3, 4, 11, 12):
        at.ask("POST", "/Users", {"code": f"X{n}", "username": f"x{n}"})
        at.websak.edit("user", f"X{n}", username=f"u{n}")  # the login is another's
    at.written()
    at.lists("frogner", **people)
    out, err = at.apply("--format", "json", code=5)
    assert counts(out) == {"done": 20, "failed": 4}
    assert err.count("Another user has this username.") == 4
    created = [key for operation, key in at.written() if operation == "user.create"]
    assert sorted(created) == sorted(set(created)) and len(created) == 20


def test_a_refusal_that_was_carried_out_all_the_same_is_done(at30: Office) -> None:
    at30.lists("frogner", KARNOR=KARI)
    refused: dict[str, Any] = {"code": 500, "body": '"No."', "headers": {"Content-Type": "application/json"}}
    at30.websak.fault("status", method="POST", path="^/api/Users$", phase="after", **refused)
    at30.apply()
    assert at30.written().count(("user.create", "KARNOR")) == 1
    assert at30.changes() == {}


def test_a_role_without_grades_is_refused_on_3_0_before_anything_is_sent(at: Office) -> None:
    role = "roles: {SB: {units: own}}"
    at.lists("frogner", KARNOR=KARI.replace("}", f", {role}}}"), OLANOR=OLA)
    if at.websak.server.api_version == "3.3":
        at.apply()
        assert at.changes() == {}
        return
    _, err = at.apply(code=7)
    assert "role SB of user KARNOR names no grades, which User API 3.0 requires" in err
    assert at.written() == []


def test_an_empty_list_is_not_believed(at: Office) -> None:
    at.websak.ask("POST", "reset", {"seed": "empty"})
    for command in (["plan"], ["drift"], ["apply", "--auto-approve"]):
        _, err = at(*command, code=7)
        assert "Websak lists no org units" in err and "--believe-empty org_unit" in err
    assert at.written() == []
    at("plan", "--believe-empty", "org_unit", code=64)  # and the full read that goes with it
    at.apply("--believe-empty", "org_unit")
    assert at.changes() == {}


def test_an_address_changed_by_hand_is_seen(at: Office) -> None:
    at.lists("frogner", OLANOR=LEADER)
    at.apply()
    assert at.changes() == {}
    at.websak.edit(
        "user", "OLANOR", mailAddresses='["ny@example.org", "to@example.org"]', changedAt="2099-01-01T00:00:00Z"
    )
    plan = at.plan()  # of a third address nobody would know, so nothing is written before the file says them all
    assert plan["changes"] == []
    assert [
        "would erase its other_emails" in step["what"] for step in plan["manual"] if "OLANOR" in step["address"]
    ] == [True]
    at.lists("frogner", OLANOR=LEADER.replace("{", "{other_emails: [to@example.org, tre@example.org], ", 1))
    (change,) = at.plan()["changes"]
    assert ("email", "ny@example.org") in [(f["path"], f["before"]) for f in change["fields"]]
    at.apply()
    assert at.stored("OLANOR")["mail_addresses"] == ["ola.nordmann@example.org", "to@example.org", "tre@example.org"]
    assert at.changes() == {}


def test_a_third_address_is_not_lost(at: Office) -> None:
    at.lists("frogner", OLANOR=LEADER)
    at.apply()
    three = ["ola.nordmann@example.org", "to@example.org", "tre@example.org"]
    at.websak.edit("user", "OLANOR", mailAddresses=json.dumps(three), changedAt="2099-01-01T00:00:00Z")
    at.written()
    at.lists("frogner", OLANOR=LEADER.replace("{", "{title: Sjef, ", 1))
    at.apply()
    assert at.stored("OLANOR")["mail_addresses"] == three and at.written() == []


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Any:
    yield from sandbox(tmp_path_factory, "3.0@2023")


def test_a_server_of_2023_is_managed_with_what_it_has(older: Any, tmp_path: Path) -> None:
    """It has no flat list, no look-up by external id or code, and no routes for roles and access functions."""
    at = settled(tmp_path, older)
    at.lists("frogner", OLANOR=LEADER)
    out, _ = at.apply("--format", "json")
    assert counts(out) == {"done": 1}
    assert at.written().count(("user.create", "OLANOR")) == 1
    plan = at.plan()
    assert plan["changes"] == []
    assert [step["what"] for step in plan["manual"] if step["address"].startswith("user/")] == [
        "this Websak does not report access_functions and roles: compare and set manually"
    ]
    at.lists("frogner", OLANOR=LEADER.replace("{", "{title: Sjef, ", 1))
    before = at.stored("OLANOR")
    at.apply()
    assert at.written() == [("user.update", "OLANOR")] and at.stored("OLANOR") == before
    out, _ = at("doctor")
    assert "no POST /api/Users/{userId}/roles: roles are steps for a person" in out
    assert "no GET /api/Departments/flat: the tree is read" in out


def test_who_can_read_is_unknown_where_no_route_tells_roles(older: Any, tmp_path: Path) -> None:
    at = settled(tmp_path, older)
    at.lists("frogner", OLANOR=LEADER)
    at.apply()
    result = json.loads(at("access", "who", "--code", "P", "--level", "3", "--format", "json")[0])
    reads = {reader["user"]: reader["reads"] for reader in result["readers"]}
    assert (reads["OLANOR"], reads["SYS-BYARK"]) == ("unknown", "yes")
    assert "users whose roles in Websak are not told" in {gap["what"] for gap in result["incomplete"]}


def test_the_newest_3_0_is_told_apart_from_older_ones(at30: Office) -> None:
    at30.lists("frogner", OLANOR=LEADER)
    at30.apply()
    assert [step for step in at30.plan()["manual"] if step["address"].startswith("user/")] == []
    out, _ = at30("doctor")
    assert out.count("all that it needs is there") == 3


@pytest.mark.parametrize("sent", [True, False])
def test_a_login_on_3_0_that_nobody_knows_of_is_written_again(at30: Office, sent: bool) -> None:
    """The whole user goes with it, as no other request carries a login: once more, with all that it had."""
    at30.lists("frogner", OLANOR=LEADER)
    at30.apply()
    before = at30.stored("OLANOR")
    at30.lists("frogner", OLANOR=LEADER.replace("S-1-5", "S-1-6"))
    with at30.crash_at(1, sent=sent), pytest.raises(Crash):
        at30.apply("--concurrency", "1")
    at30.apply("--resume")
    assert [access["key"] for access in at30.stored("OLANOR")["user_accesses"]] == ["S-1-6"]
    assert {**at30.stored("OLANOR"), "user_accesses": 0} == {**before, "user_accesses": 0}
    assert at30.changes() == {}


def test_many_groups_are_listed_once_while_a_lock_is_held(sandbox33: Any, tmp_path: Path) -> None:
    at = settled(tmp_path, sandbox33)
    groups = at.root / "config" / "more_groups.yaml"
    groups.write_text("access_groups:\n" + "".join(f"  G{n}: {{}}\n" for n in range(8)), encoding="utf-8")
    listed: list[str] = []
    read = AccessGroupsReader.read

    def counted(reader: AccessGroupsReader) -> list[Any]:
        listed.append(type(reader).__name__)
        return read(reader)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AccessGroupsReader, "read", counted)
        at.env = {}  # with the Setup API, and so with its lease
        at.apply("--kind", "access_group")
    created = [key for operation, key in at.websak.effects() if operation == "access_group.create"]
    assert sorted(key for key in created if key.startswith("G")) == [f"G{n}" for n in range(8)]
    assert (
        listed.count("AccessGroupsWriter") == 3
    )  # live once more under the lease, before the first create, to read back


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Any:
    yield from sandbox(tmp_path_factory, "3.0@2021")


def test_a_server_of_2021_is_managed_with_what_it_has(oldest: Any, tmp_path: Path) -> None:
    """It has no pages, no external ids and no look-ups: units are known by their codes, and none is made from here."""
    at = settled(tmp_path, oldest)
    steps = {s["address"]: s["what"] for s in at.plan()["manual"]}
    assert steps["org_unit/sagene/SA-OPPV"] == (
        "this Websak has no place for its external_id (SA-OPPV), and without that it is not created"
    )
    assert [c for c in at.changes() if c.startswith("org_unit/")] == []
    at.lists("frogner", OLANOR=LEADER)
    out, _ = at.apply("--format", "json")
    assert counts(out) == {"done": 1}
    assert at.written().count(("user.create", "OLANOR")) == 1
    assert at.plan()["changes"] == []
