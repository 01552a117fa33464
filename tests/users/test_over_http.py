"""Users made, changed, retired and brought back in a real Websak, and every trap of the API on the way."""

import json

import pytest

from .office import KARI, OLA, Crash, Office


def test_from_the_first_day_to_the_last(at: Office) -> None:
    at.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    assert at.changes() == {"user/frogner/KARNOR": "create", "user/frogner/OLANOR": "create"}
    at.apply()
    assert at.changes() == {}
    kari, ola = at.user("KARNOR"), at.user("OLANOR")
    assert (kari["name"], kari["orgUnitId"], kari["userAccessCodes"]) == ("Kari Nordmann", "FR-OPPV", "10,20")
    assert kari["accessTemplateId"] == "20001" and kari["emailAddr"] == "kari.nordmann@example.org"
    assert at.groups("KARNOR") == {"BYARKIVET", "FR-SAKSBEHANDLERE"}
    assert ola["userAccessCodes"] == "10,30"
    roles = {row["id"]: (row["departmentList"], row["gradeList"]) for row in at.user("OLANOR", "/roles")}
    assert roles.keys() == {"LD", "SB"}
    assert roles["LD"] == (ola["departmentId"], "U") and roles["SB"][1] == "A"

    at.lists("frogner", KARNOR=KARI)
    assert at.changes() == {"user/frogner/OLANOR": "deactivate"}
    at.apply()
    assert at.user("OLANOR")["active"] is False
    at.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    assert at.changes() == {"user/frogner/OLANOR": "activate"}
    at.apply()
    assert at.user("OLANOR")["active"] is True
    assert at.changes() == {}


def test_another_role_and_unit_leave_nothing_of_the_old(at: Office) -> None:
    ola = OLA.replace("}", ", logins: [{key: ola}]}")  # a PUT on 3.0 would erase what it does not hold
    at.lists("frogner", OLANOR=ola)
    at.apply()
    at.lists("frogner", OLANOR=ola.replace("LEADER", "CASEWORKER").replace("HELSE", "OPPV"))
    change = at.plan()["changes"][0]
    assert {f["path"] for f in change["fields"]} == {"role", "unit", "access_functions", "groups", "district_groups"}
    at.apply()
    ola = at.user("OLANOR")
    assert (ola["accessTemplateId"], ola["orgUnitId"], ola["userAccessCodes"]) == ("20001", "FR-OPPV", "10,20")
    assert at.groups("OLANOR") == {"BYARKIVET", "FR-SAKSBEHANDLERE"}
    assert at.changes() == {}


def test_another_role_that_says_nothing_of_access_gives_what_its_template_gives(at: Office) -> None:
    """Not what the old role gave, which the journal still knows."""
    kari = KARI.replace("}", ", logins: [{key: kari}]}")
    at.lists("frogner", KARNOR=kari)
    at.apply()
    at.lists("frogner", KARNOR=kari.replace("CASEWORKER", "ARCHIVIST"))
    at.apply()
    assert at.user("KARNOR")["userAccessCodes"] == "10,40"
    assert at.changes() == {}


def test_a_write_loses_nothing_that_the_config_does_not_name(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.websak.edit("user", "KARNOR", addr="Sommerrogata 1", note="Husk", phone="21802180", leaveFrom="2026-07-01")
    at33.lists("frogner", KARNOR=KARI.replace("Kari Nordmann", "Kari Normann"))
    at33.apply()
    kari = at33.user("KARNOR")
    assert (kari["name"], kari["addr"], kari["note"]) == ("Kari Normann", "Sommerrogata 1", "Husk")
    assert (kari["phone"], kari["leaveFrom"][:10]) == ("21802180", "2026-07-01")
    assert kari["emailAddr"] == "kari.nordmann@example.org"


def test_what_the_api_never_tells_is_compared_with_what_was_applied(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.lists("frogner", KARNOR=KARI.replace("kari.nordmann@", "kari.n@"))
    fields = at33.plan()["changes"][0]["fields"]
    assert [(f["path"], f["before"], f["after"]) for f in fields] == [
        ("email", "kari.nordmann@example.org", "kari.n@example.org")
    ]
    at33.apply()
    assert at33.user("KARNOR")["emailAddr"] == "kari.n@example.org"
    assert at33.changes() == {}
    out, _ = at33("drift")
    assert "No drift" in out


def test_what_the_api_never_tells_is_not_shown_as_a_difference(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    shown = at33("show", "user/frogner/KARNOR")[0]
    assert "differs" not in shown
    assert "(never told)" in shown


def test_a_user_whose_login_is_not_known_is_never_replaced(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.written()
    without = KARI.replace("username: karnor, ", "").replace("Kari Nordmann", "Kari Normann")
    at33.lists("frogner", KARNOR=without.replace("CASEWORKER,", 'CASEWORKER, access_functions: ["10"],'))
    plan = at33.plan()
    assert [f["path"] for f in plan["changes"][0]["fields"]] == ["access_functions"]  # that has a request of its own
    assert "would erase its username" in at33("plan")[0]
    at33.apply()
    assert at33.written() == [("user.set_access_codes", "KARNOR")]
    assert at33.user("KARNOR")["name"] == "Kari Nordmann"


def test_a_user_that_is_there_already_is_taken_over_and_not_made_again(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.written()
    (at33.root / ".websakctl" / "journal.db").unlink()
    assert at33.changes() == {}
    at33.apply()
    assert at33.written() == []


def test_a_role_that_websak_does_not_tell_is_the_one_last_applied(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.websak.edit("user", "KARNOR", accessTemplateId="-1", accessCodes='["10"]')
    (change,) = at33.plan("--refresh", "full")["changes"]
    assert [f["path"] for f in change["fields"]] == ["access_functions"]
    at33.apply()
    assert at33.user("KARNOR")["userAccessCodes"] == "10,20" and at33.changes() == {}
    at33.websak.edit("user", "KARNOR", accessCodes='["10"]')
    at33.lists("frogner", KARNOR=KARI.replace("CASEWORKER", "LEADER"))
    (change,) = at33.plan("--refresh", "full")["changes"]
    assert {"role", "access_functions"} <= {f["path"] for f in change["fields"]}


def test_a_run_is_taken_back_with_all_that_it_gave(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.apply()
    at33.lists(
        "frogner", KARNOR=KARI.replace("Kari Nordmann", "Kari Traa").replace("OPPV", "HELSE").replace("kari.n", "k.t")
    )
    at33.apply()
    at33("rollback", "last", "--out", "back.json")
    at33("apply", "back.json", "--auto-approve")
    kari = at33.user("KARNOR")
    assert (kari["name"], kari["orgUnitId"], kari["userAccessCodes"]) == ("Kari Nordmann", "FR-OPPV", "10,20")
    assert kari["emailAddr"] == "kari.nordmann@example.org"
    assert at33.user("OLANOR")["active"] is True
    assert at33.groups("KARNOR") == {"BYARKIVET", "FR-SAKSBEHANDLERE"}


def test_what_somebody_changes_by_hand_is_drift(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.websak.edit("user", "KARNOR", accessCodes='["10", "20", "99"]', name="Kari Traa")
    drift = json.loads(at33("drift", "--format", "json", "--refresh", "full")[0])["drift"]
    assert {(d["path"], d["cause"]) for d in drift} == {("access_functions", "live"), ("name", "live")}


def test_a_unit_that_websak_does_not_know_is_told_and_not_taken_for_done(at33: Office) -> None:
    """An unknown department silently becomes the template's."""
    at33.lists("frogner", KARNOR=KARI)

    def rename() -> None:
        at33.websak.edit("department", "FR-OPPV", externalId="ANNEN", code="ANNEN", abbreviation="ANNEN")

    with at33.before_writing("/api/Users", rename):
        _, err = at33.apply(code=7)
    assert "user/frogner/KARNOR was made, but Websak put it into the unit 1001 instead of FR-OPPV" in err
    assert at33.user("KARNOR")["orgUnitId"] == "OSLO"
    at33.websak.edit("department", "ANNEN", externalId="FR-OPPV", code="FR-OPPV", abbreviation="FR-OPPV")
    assert at33.changes() == {"user/frogner/KARNOR": "update"}
    at33.apply()
    assert at33.user("KARNOR")["orgUnitId"] == "FR-OPPV" and at33.changes() == {}


@pytest.mark.parametrize("fault", ["reset_after", "reset_before"])
def test_a_create_without_an_answer_is_looked_up(at: Office, fault: str) -> None:
    at.lists("frogner", KARNOR=KARI)
    at.websak.fault(fault, method="POST", path="/api/Users$")
    at.apply()
    assert at.written().count(("user.create", "KARNOR")) == 1
    assert at.changes() == {}
    assert at.groups("KARNOR") == {"BYARKIVET", "FR-SAKSBEHANDLERE"}


@pytest.mark.parametrize(("number", "sent"), [(1, True), (2, False), (3, True), (4, False), (5, True)])
def test_a_process_that_is_gone_in_the_middle_of_a_user_is_gone_on_from(at: Office, number: int, sent: bool) -> None:
    """A leader takes the most requests; each is lost before it is sent, or before its answer is heard."""
    at.lists("frogner", OLANOR=OLA.replace("LEADER", "LEADER, groups: [BYARKIVET]"))
    with at.crash_at(number, sent=sent), pytest.raises(Crash):
        at.apply("--concurrency", "1")
    at.apply("--resume")
    assert at.changes() == {}
    assert at.written().count(("user.create", "OLANOR")) == 1
    assert {row["id"] for row in at.user("OLANOR", "/roles")} == {"LD", "SB"}


NEW_MAIL = KARI.replace("kari.nordmann@", "kari.n@")


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_write_without_an_answer_that_cannot_be_looked_up_is_sent_again(at33: Office, phase: str) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.lists("frogner", KARNOR=NEW_MAIL)
    at33.websak.fault("status", method="PUT", path="^/api/Users/", code=503, phase=phase)
    at33.apply()
    assert at33.user("KARNOR")["emailAddr"] == "kari.n@example.org"
    assert at33.changes() == {}


def test_a_write_that_cannot_be_looked_up_and_is_never_answered_stays_unknown(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.lists("frogner", KARNOR=NEW_MAIL)
    at33.websak.fault("status", method="PUT", path="^/api/Users/", code=503, times=3)
    out, err = at33.apply("--format", "json", code=5)
    assert json.loads(out)["counts"]["unknown"] == 1
    assert "Websak never tells what was written there: apply again" in err
    assert at33.changes() == {"user/frogner/KARNOR": "update"}
    at33.apply()
    assert at33.user("KARNOR")["emailAddr"] == "kari.n@example.org"
    assert at33.changes() == {}


LOGGED_IN = KARI.replace("}", ", title: Rådgiver, logins: [{key: karnor}]}")


@pytest.mark.parametrize(("number", "sent"), [(1, False), (1, True), (2, False), (2, True)])
def test_what_cannot_be_looked_up_is_written_again_by_who_goes_on(at33: Office, number: int, sent: bool) -> None:
    at33.lists("frogner", KARNOR=LOGGED_IN)
    at33.apply()
    at33.lists("frogner", KARNOR=LOGGED_IN.replace("Rådgiver", "Sjef").replace("key: karnor", "key: karnor2"))
    with at33.crash_at(number, sent=sent), pytest.raises(Crash):
        at33.apply("--concurrency", "1")
    assert "it cannot be looked up, and is written again" in at33.apply("--resume")[1]
    assert at33.user("KARNOR")["title"] == "Sjef"
    logins = at33.ask("GET", f"/Users/{at33.user('KARNOR')['gidId']}/useraccesses")
    assert [row["key"] for row in logins] == ["karnor2"]
    assert at33.changes() == {}


def test_what_somebody_did_half_of_meanwhile_is_done_whole(at33: Office) -> None:
    at33.lists("frogner", KARNOR=LOGGED_IN)
    at33.apply()
    at33.lists("frogner", KARNOR=LOGGED_IN.replace("Rådgiver", "Sjef").replace("kari.nordmann@", "kari.n@"))
    at33("plan", "--out", "p.json")
    at33.websak.edit("user", "KARNOR", title="Sjef")
    at33.apply("p.json")
    assert at33.user("KARNOR")["emailAddr"] == "kari.n@example.org"
    assert at33.changes() == {}


def test_what_is_left_for_people_is_not_taken_for_applied(at33: Office) -> None:
    without = KARI.replace("email: kari.nordmann@example.org", "zones: [Åpen sone]")
    at33.lists("frogner", KARNOR=KARI.replace("}", ", zones: [Åpen sone]}"))
    at33.apply()
    at33.lists("frogner", KARNOR=without.replace("Åpen sone", "Intern sone"))
    steps = at33.plan()["manual"]
    assert any("zones differ" in step["what"] for step in steps)
    at33.apply()  # nothing is to do, and nothing is taken over
    assert at33.plan()["manual"] == steps
    at33.lists("frogner", KARNOR=without.replace("Åpen sone]", "Intern sone], groups: []"))
    at33.apply()  # a part of it that needs no replacing
    assert at33.groups("KARNOR") == {"FR-SAKSBEHANDLERE"}
    assert at33.plan()["manual"] == steps


def test_a_district_without_a_file_is_left_alone(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.lists("sagene", OLANOR=OLA)
    at33.apply()
    (at33.root / "users" / "sagene.yaml").unlink()
    assert at33.changes() == {}
    at33.apply()
    at33.lists("sagene", OLANOR=OLA.replace("Ola", "Olav"))  # and is known when it comes back
    assert at33.changes() == {"user/sagene/OLANOR": "update"}


def test_somebody_who_moves_to_another_district_is_one_user(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.lists("sagene", LISHAN=OLA.replace("olanor", "lishan").replace("ola.", "lise."))
    at33.apply()
    at33.lists("frogner", OLANOR=OLA)
    at33.lists("sagene", LISHAN=OLA.replace("olanor", "lishan").replace("ola.", "lise."), KARNOR=KARI)
    change = at33.plan()["changes"]
    assert [(c["address"], c["action"]) for c in change] == [("user/sagene/KARNOR", "update")]
    at33.apply()
    assert at33.user("KARNOR")["orgUnitId"] == "SA-OPPV"
    assert at33.groups("KARNOR") == {"BYARKIVET", "SA-SAKSBEHANDLERE"}
    assert at33.changes() == {}


def test_groups_that_nobody_here_manages_are_let_be(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    gid = at33.user("KARNOR")["gidId"]
    everybody = next(g["groupId"] for g in at33.ask("GET", "/AccessGroups") if g["groupName"] == "Alle brukere")
    for group in (
        everybody,
        next(g["groupId"] for g in at33.ask("GET", "/AccessGroups") if g["groupName"] == "SA-SAKSBEHANDLERE"),
    ):
        at33.ask("PUT", f"/v2/accessgroups/{group}/members/{gid}")
    assert at33.changes() == {}  # of another district, too, which lists no users
    at33.lists("frogner", KARNOR=KARI.replace("CASEWORKER", "CASEWORKER, groups: []"))
    at33.apply()
    assert at33.groups("KARNOR") == {"Alle brukere", "FR-SAKSBEHANDLERE", "SA-SAKSBEHANDLERE"}


def test_logins_are_mapped_when_made_and_changed_by_a_request_of_their_own(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI.replace("}", ", logins: [{key: S-1-5}]}"))
    at33.apply()
    gid = at33.user("KARNOR")["gidId"]
    assert [(a["provider"], a["key"]) for a in at33.user(gid, "/useraccesses")] == [("AD", "S-1-5")]
    at33.lists("frogner", KARNOR=KARI.replace("}", ", logins: [{provider: EntraId, key: oid-1}]}"))
    at33.written()
    at33.apply()
    assert ("user.set_accesses", "KARNOR") in at33.written()
    assert [(a["provider"], a["key"]) for a in at33.user(gid, "/useraccesses")] == [("EntraId", "oid-1")]
    assert at33.changes() == {}


def test_zones_of_the_role_are_given(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI.replace("CASEWORKER", "ARCHIVIST"))
    at33.apply()
    assert {zone["id"] for zone in at33.user("KARNOR")["availableZones"]} == {1, 2}
    assert at33.changes() == {}


def test_nothing_of_a_person_is_written_back_into_the_config(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.apply()
    at33.lists("frogner", KARNOR=KARI)
    (at33.root / ".websakctl" / "journal.db").unlink()  # so that Ola is nobody's
    at33.websak.edit("user", "KARNOR", name="Kari Traa")
    at33.websak.edit("department", "FR-HELSE", name="Helse og omsorg")
    before = (at33.root / "users/frogner.yaml").read_bytes()
    assert at33.plan("--refresh", "full")["summary"]["unmanaged"] >= 1
    at33("pull", "--all", "--auto-approve", "--force", "--reason", "Vedtatt", "--owner", "Bydel Frogner")
    assert (at33.root / "users/frogner.yaml").read_bytes() == before
    written = [
        p.read_text(encoding="utf-8")
        for folder in ("config", "districts")
        for p in (at33.root / folder).rglob("*.yaml")
    ]
    assert "Helse og omsorg" in "".join(written)
    assert not any("OLANOR" in text or "Traa" in text for text in written)


def test_the_last_administrator_is_not_taken_away_without_a_word(at33: Office) -> None:
    admin = KARI.replace("CASEWORKER", "CASEWORKER, access_functions: ['0', '10']")
    at33.lists("frogner", KARNOR=admin, OLANOR=OLA)
    at33.apply()
    for fewer in ({"OLANOR": OLA}, {"OLANOR": OLA, "KARNOR": admin.replace("'0', ", "")}):
        at33.lists("frogner", **fewer)
        _, err = at33.apply(code=4)
        assert "--allow lock-out:frogner=1" in err
    at33.lists("frogner", KARNOR=admin)
    at33.apply()


def test_who_is_gone_from_the_file_is_counted_by_the_guards(at33: Office) -> None:
    ten = {f"U{n}": KARI.replace("karnor", f"u{n}").replace("kari.", f"u{n}.") for n in range(8)}
    at33.lists("frogner", **ten)
    at33.apply()
    at33.lists("frogner", U0=ten["U0"])
    _, err = at33.apply(code=4)
    assert "--allow deactivate:user=7" in err


def test_an_answer_without_a_word_and_a_look_that_fails_is_no_failure(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.apply()
    at33.lists("frogner", KARNOR=KARI)

    def fail() -> None:
        at33.websak.fault(
            "status", method="GET", path=r"^/api/Users/\d+(\?|$)", code=500, times=6
        )  # as often as it is asked

    with at33.before_writing("/api/v2/users", fail):
        out, _ = at33.apply("--format", "json")
    assert json.loads(out)["counts"]["done"] == 1
    assert at33.user("OLANOR")["active"] is False


def test_who_moves_to_another_district_takes_new_logins_along(at33: Office) -> None:
    live = OLA.replace("}", ", logins: [{key: ola}]}")
    at33.lists("frogner", KARNOR=KARI, OLANOR=live)
    at33.lists("sagene", LISHAN=OLA.replace("olanor", "lishan").replace("ola.", "lise."))
    at33.apply()
    at33.lists("frogner", KARNOR=KARI)
    at33.lists(
        "sagene",
        LISHAN=OLA.replace("olanor", "lishan").replace("ola.", "lise."),
        OLANOR=live.replace("key: ola", "key: ola2"),
    )
    (change,) = at33.plan()["changes"]
    assert "logins" in {f["path"] for f in change["fields"]}
    at33.apply()
    logins = at33.ask("GET", f"/Users/{at33.user('OLANOR')['gidId']}/useraccesses")
    assert [row["key"] for row in logins] == ["ola2"]
    assert at33.changes() == {}


def test_what_became_of_a_user_is_seen_whatever_the_config_lacks(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33("snapshot", "save", "--out", "before.json")
    at33.lists("frogner", KARNOR=KARI.replace(", email: kari.nordmann@example.org", ""))
    at33.websak.edit("user", "KARNOR", name="Kari Traa")
    for command in (["snapshot", "diff", "before.json"], ["drift"]):
        document = json.loads(at33(*command, "--format", "json")[0])
        assert [(c["address"], [f["path"] for f in c["fields"]]) for c in document["changes"]] == [
            ("user/frogner/KARNOR", ["name"])
        ], command


def test_a_move_in_the_config_is_no_change_in_websak(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.lists("sagene", LISHAN=OLA.replace("olanor", "lishan").replace("ola.", "lise."))
    at33.apply()
    at33("snapshot", "save", "--out", "before.json")
    at33.lists("frogner", KARNOR=KARI)
    at33.lists("sagene", LISHAN=OLA.replace("olanor", "lishan").replace("ola.", "lise."), OLANOR=OLA)
    drift = json.loads(at33("drift", "--format", "json")[0])
    assert drift["changes"] == []
    assert {w["cause"] for w in drift["drift"]} <= {"config"}
    assert json.loads(at33("snapshot", "diff", "before.json", "--format", "json")[0])["changes"] == []


def test_what_was_half_done_can_be_taken_back(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.websak.fault("status", method="POST", path="/roles", code=400)
    at33.apply(code=5)
    assert at33.user("OLANOR")["active"] is True
    at33("rollback", "last", "--out", "back.json")
    at33.apply("back.json")
    assert at33.user("OLANOR")["active"] is False


def test_a_run_that_made_users_with_numbers_can_be_taken_back(at33: Office) -> None:
    settings = at33.root / "config" / "websak.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "user_import: {national_id: true}\n", encoding="utf-8")
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA.replace("}", ', national_no: "13097248022"}'))
    at33.apply()
    at33("rollback", "last", "--out", "back.json")
    at33.apply("back.json")
    assert at33.user("OLANOR")["active"] is False
