"""Who heads a unit and who distributes its mail: said at the user, set once units and users exist, counted on the server."""

from pathlib import Path
from typing import Any

import pytest

from websakctl.apply.journal import Journal
from websakctl.live.clock import SystemClock
from websakctl.model.address import Address

from .conftest import settled
from .office import KARI, OLA, Crash, Office

LEADER = OLA.replace("}", ", logins: [{key: S-1-5}]}")
CASEWORKER = KARI.replace("}", ", logins: [{key: S-1-6}]}")
UNITS = """\
each_district:
  access_groups: {POST: {}, ADM: {}}
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV:
      name: Oppvekst
      mail_group: "POST"
      admin_group: "ADM"
      visiting_address: Torggata 1
      emails: [postmottak@example.org, arkiv@example.org]
    BHG: {name: Barnehager, parent: OPPV, mail_group: "POST"}
    HELSE: {name: Helse og mestring}
"""


def said(text: str, more: str) -> str:
    return f"{text[:-1]}, {more}}}"


def unit(at: Office, key: str) -> Any:
    return at.ask("GET", f"/Departments/external/{key}")


def group(at: Office, name: str) -> str:
    return next(row["groupId"] for row in at.ask("GET", "/AccessGroups") if row["groupName"] == name)


def with_units(at: Office) -> Office:
    (at.root / "config" / "org_units.yaml").write_text(UNITS, encoding="utf-8")
    return at


@pytest.fixture
def mail33(at33: Office) -> Office:
    with_units(at33).apply()
    at33.written()
    return at33


@pytest.fixture
def mail30(at30: Office) -> Office:
    """Where the groups were set by hand, as no route of 3.0 writes them."""
    (at30.root / "config" / "org_units.yaml").write_text(UNITS, encoding="utf-8")
    at30.apply("--kind", "access_group")
    for key in ("FR-OPPV", "FR-BHG", "SA-OPPV", "SA-BHG"):
        at30.websak.edit("department", key, mailDistributionGroup=group(at30, f"{key[:2]}-POST"))
    at30.written()
    return at30


@pytest.fixture(params=["3.0", "3.3"])
def mail(request: pytest.FixtureRequest) -> Office:
    found: Office = request.getfixturevalue("mail30" if request.param == "3.0" else "mail33")
    return found


def test_fields_of_a_unit_are_written_and_read_back_on_3_3(mail33: Office) -> None:
    oppv = unit(mail33, "FR-OPPV")
    assert (oppv["mailDistributionGroup"], oppv["localAdminAccessGroup"]) == (
        group(mail33, "FR-POST"),
        group(mail33, "FR-ADM"),
    )
    assert (oppv["visitingAddress"], oppv["emails"]) == ("Torggata 1", ["postmottak@example.org", "arkiv@example.org"])
    assert mail33.changes() == {}
    mail33.websak.edit("department", "FR-OPPV", mailDistributionGroup=group(mail33, "Postmottak"), emails="[]")
    (change,) = mail33.plan()["changes"]
    assert {f["path"]: f["before"] for f in change["fields"]} == {"mail_group": "Postmottak", "emails": []}
    mail33.apply()
    assert mail33.changes() == {} and unit(mail33, "FR-OPPV")["mailDistributionGroup"] == group(mail33, "FR-POST")
    file = mail33.root / "config" / "org_units.yaml"
    file.write_text(
        UNITS.replace("[postmottak@example.org, arkiv@example.org]", "[]").replace(
            "visiting_address: Torggata 1", "phone: '23'"
        ),
        encoding="utf-8",
    )
    mail33.apply()
    oppv = unit(mail33, "FR-OPPV")
    assert (oppv["emails"], oppv["visitingAddress"], oppv["phone"]) == ([], "Torggata 1", "23")
    assert mail33.changes() == {}


def test_what_3_0_cannot_write_is_a_step_for_a_person(at30: Office) -> None:
    with_units(at30).apply()
    steps = {s["address"]: s["what"] for s in at30.plan()["manual"] if s["address"].startswith("org_unit/frogner")}
    assert steps["org_unit/frogner/FR-OPPV"] == (
        "this Websak's API cannot write admin_group, emails, mail_group: None -> 'FR-POST', visiting_address: "
        "compare and set manually"
    )
    assert at30.changes() == {}
    for key in ("FR-BHG", "SA-BHG"):
        at30.websak.edit("department", key, mailDistributionGroup=group(at30, f"{key[:2]}-POST"))
    assert "org_unit/frogner/FR-BHG" not in {s["address"] for s in at30.plan()["manual"]}


@pytest.mark.parametrize("first", ["created", "adopted"])
def test_what_3_0_neither_writes_nor_tells_is_not_recorded_as_applied(at30: Office, first: str) -> None:
    if first == "adopted":  # it is there before, and nothing is left to write
        at30.apply()
        with_units(at30).apply()
    with_units(at30).apply()
    with Journal(at30.root / ".websakctl" / "journal.db", SystemClock()) as journal:
        known = journal.known("environment")[Address("org_unit", "frogner", "FR-OPPV")].fields
    assert "name" in known and known.keys().isdisjoint({"visiting_address", "emails", "admin_group"})
    assert "visiting_address" in at30("plan")[0]  # a step for a person, and not something that was done


def test_a_manager_is_set_once_the_user_exists_and_changed_by_a_request_of_its_own(at: Office) -> None:
    at.websak.edit("department", "FR-OPPV", addr="Gata 1")
    at.lists("frogner", OLANOR=said(LEADER, "manages: [OPPV, HELSE]"), KARNOR=CASEWORKER)
    at.apply()
    ola, kari = at.user("OLANOR")["gidId"], at.user("KARNOR")["gidId"]
    assert [unit(at, f"FR-{key}")["managerUserId"] for key in ("OPPV", "HELSE")] == [ola, ola]
    assert unit(at, "FR-OPPV")["addr"] == "Gata 1"
    assert at.changes() == {}

    at.written()
    at.lists("frogner", OLANOR=said(LEADER, "manages: [HELSE]"), KARNOR=said(CASEWORKER, "manages: [OPPV]"))
    changes = {c["address"]: [(f["path"], f["before"], f["after"]) for f in c["fields"]] for c in at.plan()["changes"]}
    assert changes == {
        "user/frogner/OLANOR": [("manages", ["FR-HELSE", "FR-OPPV"], ["FR-HELSE"])],
        "user/frogner/KARNOR": [("manages", [], ["FR-OPPV"])],
    }
    at.apply()
    assert [unit(at, f"FR-{key}")["managerUserId"] for key in ("OPPV", "HELSE")] == [kari, ola]
    assert at.changes() == {}

    at.lists("frogner", OLANOR=said(LEADER, "manages: []"), KARNOR=CASEWORKER)  # omitted: let be
    at.apply()
    assert [unit(at, f"FR-{key}")["managerUserId"] or None for key in ("OPPV", "HELSE")] == [kari, None]
    assert at.changes() == {}


def test_a_manager_set_by_hand_is_seen(at: Office) -> None:
    at.lists("frogner", OLANOR=said(LEADER, "manages: [OPPV]"))
    at.apply()
    at.websak.edit("department", "FR-OPPV", managerUserId="20005")
    (change,) = at.plan()["changes"]
    assert [(f["path"], f["before"]) for f in change["fields"]] == [("manages", [])]


def test_who_distributes_mail_is_in_the_units_group(mail: Office) -> None:
    at = mail
    at.lists("frogner", OLANOR=said(LEADER, "distributes: [OPPV]"), KARNOR=CASEWORKER)
    at.apply()
    assert "FR-POST" in at.groups("OLANOR") and "FR-POST" not in at.groups("KARNOR")
    assert at.written().count(("access_group.add_member", "FR-POST")) == 1
    assert (
        at.changes() == {}
    )  # though the group distributes the mail of another unit, too, and is no group of the role's
    at.lists("frogner", OLANOR=said(LEADER, "distributes: []"), KARNOR=said(CASEWORKER, "distributes: [OPPV, BHG]"))
    at.apply()
    assert "FR-POST" not in at.groups("OLANOR") and "FR-POST" in at.groups("KARNOR")
    assert at.written().count(("access_group.add_member", "FR-POST")) == 1
    assert at.changes() == {}
    (row,) = [g for g in at.ask("GET", "/AccessGroups") if g["groupName"] == "FR-POST"]
    at.ask("GET", f"/Users/{at.user('OLANOR')['gidId']}/AddUserToAccessGroup/{row['groupId']}")
    (change,) = at.plan()["changes"]
    assert [(f["path"], f["before"], f["after"]) for f in change["fields"]] == [
        ("distributes", ["FR-BHG", "FR-OPPV"], [])
    ]


def test_units_users_and_their_people_are_made_in_one_apply(sandbox33: object, tmp_path: Path) -> None:
    at = settled(tmp_path, sandbox33)
    with_units(at)
    at.lists("frogner", OLANOR=said(LEADER, "manages: [OPPV], distributes: [BHG]"))
    requires = {c["address"]: c["requires"] for c in at.plan()["changes"]}
    assert {"org_unit/frogner/FR-OPPV", "org_unit/frogner/FR-BHG"} <= set(requires["user/frogner/OLANOR"])
    at.apply()
    assert unit(at, "FR-OPPV")["managerUserId"] == at.user("OLANOR")["gidId"]
    assert "FR-POST" in at.groups("OLANOR") and at.changes() == {}


def test_a_unit_without_a_mail_group_is_told(at: Office) -> None:
    at.lists("frogner", OLANOR=said(LEADER, "distributes: [OPPV]"))
    _, err = at.apply(code=5)
    assert "FR-OPPV has no mail distribution group in Websak" in err
    assert [key for what, key in at.written() if what == "user.create"] == ["OLANOR"]


@pytest.mark.parametrize("number", [2, 3, 4, 5])
@pytest.mark.parametrize("sent", [True, False])
def test_a_process_that_is_gone_in_between_is_gone_on_from(mail33: Office, number: int, sent: bool) -> None:
    ola = said(LEADER.replace("LEADER", "CASEWORKER"), "manages: [OPPV], distributes: [OPPV]")
    mail33.lists("frogner", OLANOR=ola)
    with (
        mail33.crash_at(number, sent=sent, paths=("/Users", "/users", "/members/", "/departments")),
        pytest.raises(Crash),
    ):
        mail33.apply("--concurrency", "1")
    mail33.apply("--resume")
    assert mail33.changes() == {}
    assert unit(mail33, "FR-OPPV")["managerUserId"] == mail33.user("OLANOR")["gidId"]
    assert "FR-POST" in mail33.groups("OLANOR")


@pytest.mark.parametrize("fault", ["reset_after", "reset_before"])
def test_an_answer_that_is_lost_is_looked_up(mail: Office, fault: str) -> None:
    mail.lists("frogner", OLANOR=said(LEADER, "manages: [OPPV], distributes: [OPPV]"))
    mail.websak.fault(fault, method="PUT", path="epartments/[0-9]+$")
    mail.websak.fault(fault, path="ost-?[dD]istributor")
    mail.apply()
    assert unit(mail, "FR-OPPV")["managerUserId"] == mail.user("OLANOR")["gidId"]
    written = mail.websak.effects()
    assert written.count(("access_group.add_member", "FR-POST")) == 1
    assert written.count(("department.update", "FR-OPPV")) == 1 and mail.changes() == {}


@pytest.mark.parametrize(
    ("users", "message"),
    [
        (
            {"OLANOR": said(LEADER, "manages: [OPPV]"), "KARNOR": said(CASEWORKER, "manages: [OPPV]")},
            "OPPV is managed by",
        ),
        ({"OLANOR": said(LEADER, "manages: [OPV]")}, "manages names OPV, and there is no org_unit of frogner"),
        ({"OLANOR": said(LEADER, "district_groups: [POST]")}, "POST distributes the mail of"),
    ],
)
def test_what_cannot_be_is_found_offline(mail33: Office, users: dict[str, str], message: str) -> None:
    mail33.lists("frogner", **users)
    _, err = mail33("validate", code=3)
    assert message in err and "users/frogner.yaml" in err


def test_a_login_names_a_provider_that_websak_has(at33: Office) -> None:
    at33.lists("frogner", OLANOR=LEADER.replace("{key: S-1-5}", "{provider: Entra, key: oid}"))
    _, err = at33.apply(code=7)
    assert "there is no identity provider Entra in this Websak" in err and "AD, EntraId" in err
    assert at33.written() == []
    at33.websak.fault("status", path="availableidentityproviders", code=403, times=9)
    at33.lists("frogner", OLANOR=LEADER)
    warnings = at33.plan()["warnings"]
    assert [w for w in warnings if "could not be checked" in w] == [
        "which identity providers there are could not be checked: GET /api/Admin/availableidentityproviders answers 403"
    ]


def test_an_organisation_number_that_differs_from_the_route_is_told_and_not_written(at33: Office) -> None:
    number = "personalOrOrganizationNumber"
    at33.websak.edit("department", "FR-BYDEL", **{number: "974 778 726"})  # Sagene's
    at33.websak.edit("department", "SA-BYDEL", **{number: "974778726"})
    at33.websak.edit("department", "FR-OPPV", **{number: "13097248022"})  # a person's
    plan = at33.plan()
    assert plan["changes"] == []
    assert [w for w in plan["warnings"] if "organisation number" in w] == [
        "FR-BYDEL has the organisation number 974778726 in Websak, and the config leads that number's mail to SA-BYDEL"
    ]
    at33.websak.edit("department", "FR-BYDEL", **{number: "975016684"})
    assert [w for w in at33.plan()["warnings"] if "organisation number" in w] == [
        "FR-BYDEL has the organisation number 975016684 in Websak, and the config leads 874778702 there"
    ]
    assert unit(at33, "FR-BYDEL")[number] == "975016684"
