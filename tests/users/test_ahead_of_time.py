"""Starts and leaves that are said ahead of time, and second posts of one person: written, read back, and left alone."""

from datetime import date, timedelta

import pytest

from tests.cli.command_line import write_files
from websakctl.cli.today import today_in_oslo
from websakctl.live.days import day_in

from .office import KARI, OLA, Office

LEADER = OLA.replace("}", ", logins: [{key: S-1-5}]}")
SOON = (today_in_oslo() + timedelta(days=7)).isoformat()
LATER = (today_in_oslo() + timedelta(days=60)).isoformat()


def with_days(text: str, days: str) -> str:
    return f"{text[:-1]}, {days}}}"


def ahead(at: Office, days: int) -> None:
    settings = at.root / "config" / "websak.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + f"user_days_ahead: {days}\n", encoding="utf-8")


def test_a_leave_is_written_and_read_back(at: Office) -> None:
    leave = f"leave: {{first_day: {SOON!r}, last_day: {LATER!r}}}"
    at.lists("frogner", OLANOR=with_days(LEADER, leave))
    at.apply()
    ola = at.user("OLANOR")
    assert (ola["leaveFrom"][:10], ola["leaveTo"][:10]) == (SOON, LATER)
    assert at.changes() == {}

    at.lists("frogner", OLANOR=with_days(LEADER, f"leave: {{first_day: {SOON!r}}}"))
    (change,) = at.plan()["changes"]
    assert [(f["path"], f["before"], f["after"]) for f in change["fields"]] == [("leave.last_day", LATER, None)]
    before = at.stored("OLANOR")
    at.apply()
    ola = at.user("OLANOR")
    assert (ola["leaveFrom"][:10], ola["leaveTo"]) == (SOON, None)
    assert at.stored("OLANOR") == before and at.changes() == {}

    at.lists("frogner", OLANOR=LEADER)  # omitted: left as it is
    assert at.changes() == {}
    at.lists("frogner", OLANOR=with_days(LEADER, "leave: {}"))
    at.apply()
    assert at.user("OLANOR")["leaveFrom"] is None and at.changes() == {}


def test_a_leave_changed_by_hand_is_seen(at: Office) -> None:
    at.lists("frogner", OLANOR=with_days(LEADER, f"leave: {{first_day: {SOON!r}}}"))
    at.apply()
    at.websak.edit("user", "OLANOR", leaveFrom=f"{LATER}T00:00:00Z")
    (change,) = at.plan("--refresh", "full")["changes"]
    assert [(f["path"], f["before"]) for f in change["fields"]] == [("leave.first_day", LATER)]


def test_whoever_starts_later_is_made_on_the_first_day_unless_the_settings_say_ahead(at: Office) -> None:
    at.lists("frogner", OLANOR=with_days(LEADER, f"valid_from: {SOON!r}"))
    assert at.changes() == {}
    ahead(at, 14)
    if at.websak.server.api_version == "3.0":  # it keeps no first day, so nobody is let in before it
        plan = at.plan()
        assert plan["changes"] == []
        assert [step["what"] for step in plan["manual"] if step["address"] == "user/frogner/OLANOR"] == [
            f"this Websak has no place for its valid_from ({SOON}), and without that it is not created"
        ]
        at.apply()
        assert at.written() == []
        return
    at.apply()
    assert at.user("OLANOR")["validFrom"][:10] == SOON
    assert at.changes() == {}
    at.lists("frogner", OLANOR=with_days(LEADER, f"valid_from: {LATER!r}"))  # beyond what is made ahead
    assert at.changes() == {"user/frogner/OLANOR": "deactivate"}


@pytest.mark.parametrize("quirk", ["", "starts-inactive"])
def test_a_user_made_ahead_is_at_rest_until_its_day(at33: Office, quirk: str) -> None:
    at33.websak.ask("POST", "settings", {"quirks": [quirk] if quirk else []})
    ahead(at33, 14)
    at33.lists("frogner", OLANOR=with_days(LEADER, f"valid_from: {SOON!r}"))
    at33.apply()
    assert at33.user("OLANOR")["active"] is (quirk == "")
    assert at33.changes() == {} and at33.changes("--refresh", "full") == {}
    sooner = (today_in_oslo() + timedelta(days=3)).isoformat()
    at33.lists("frogner", OLANOR=with_days(LEADER, f"valid_from: {sooner!r}"))
    at33.apply()
    assert at33.user("OLANOR")["validFrom"][:10] == sooner
    assert at33.changes() == {}
    at33.websak.edit("user", "OLANOR", validFrom=f"{date(2020, 1, 1)}T00:00:00Z")  # its day has come
    at33.lists("frogner", OLANOR=with_days(LEADER, "valid_from: '2020-01-01'"))
    assert at33.changes("--refresh", "full") == {}


@pytest.mark.parametrize(
    ("answered", "day"),
    [
        ("2027-03-01", "2027-03-01"),
        ("2027-03-01T00:00:00", "2027-03-01"),
        ("2027-03-01T00:00:00Z", "2027-03-01"),
        ("2027-03-01T00:00:00+01:00", "2027-03-01"),
        ("2027-02-28T23:00:00Z", "2027-03-01"),
        ("2027-06-30T22:00:00.000Z", "2027-07-01"),
        ("2027-03-01T01:00:00+01:00", "2027-03-01"),
        ("2027-02-28T23:59:59", "2027-02-28"),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59.9999999", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_is_the_same_in_every_form_of_an_answer(answered: str | None, day: str | None) -> None:
    assert day_in(answered, "a day") == day


# --- second posts

SECOND = "{name: Kari Nordmann, primary: KARNOR, role: CASEWORKER, unit: HELSE}"


def test_a_second_post_is_a_secondary_user(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.lists("sagene", KARNOR2=SECOND)
    assert at33.changes() == {"user/frogner/KARNOR": "create", "user/sagene/KARNOR2": "create"}
    requires = {c["address"]: c["requires"] for c in at33.plan()["changes"]}
    assert requires["user/sagene/KARNOR2"] == ["user/frogner/KARNOR"]
    at33.apply()
    second = at33.user("KARNOR2")
    assert (second["orgUnitId"], second["emailAddr"]) == ("SA-HELSE", "kari.nordmann@example.org")
    assert at33.stored("KARNOR2")["user_accesses"] == []
    assert at33.groups("KARNOR2") == {"BYARKIVET", "SA-SAKSBEHANDLERE"}
    assert at33.changes() == {}

    at33.written()
    at33.lists("sagene", KARNOR2=SECOND.replace("{", "{title: Rådgiver, ", 1))
    at33.apply()
    assert at33.user("KARNOR2")["title"] == "Rådgiver"
    assert at33.written() == [("user.update", "KARNOR2")] and at33.changes() == {}


def test_an_older_websak_has_no_secondary_users(at30: Office) -> None:
    at30.lists("frogner", KARNOR=KARI)
    at30.lists("sagene", KARNOR2=SECOND)
    plan = at30.plan()
    assert [change["address"] for change in plan["changes"]] == ["user/frogner/KARNOR"]
    assert [step["what"] for step in plan["manual"] if step["address"] == "user/sagene/KARNOR2"] == [
        "this Websak has no place for its primary (KARNOR), and without that it is not created"
    ]
    at30.apply()
    assert [key for what, key in at30.written() if what == "user.create"] == ["KARNOR"]


def test_a_secondary_user_that_websak_refuses_is_told_in_its_words(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    at33.lists("sagene", KARNOR2=SECOND)
    at33.websak.edit("user", "KARNOR", primaryMail="another@example.org")
    _, err = at33.apply(code=5)
    assert "No active user has this as first mail address." in err


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (SECOND.replace("KARNOR", "KARNO"), "primary names KARNO, and there is no user with that key"),
        (SECOND.replace("KARNOR", "KARNOR2"), "KARNOR2 is its own primary user"),
        (SECOND.replace("}", ", username: kari2}"), "a secondary user has no username"),
        (SECOND.replace("}", ", logins: [{key: a}]}"), "a secondary user has no logins"),
        (SECOND.replace("}", ", email: k@example.org}"), "the e-mail address is not the first one of KARNOR"),
    ],
)
def test_a_secondary_user_that_cannot_be_is_found_offline(at33: Office, second: str, message: str) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.lists("sagene", KARNOR2=second)
    _, err = at33("validate", code=3)
    assert message in err and "users/sagene.yaml:2" in err


def test_a_secondary_user_of_a_secondary_user_is_found_offline(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.lists("sagene", KARNOR2=SECOND, KARNOR3=SECOND.replace("primary: KARNOR", "primary: KARNOR2"))
    _, err = at33("validate", code=3)
    assert "KARNOR2 is a secondary user itself" in err


@pytest.mark.parametrize(
    ("leave", "message"),
    [
        ("{first_day: '2027-03-01', last_day: '2027-02-01'}", "the leave ends 2027-02-01, before it begins 2027-03-01"),
        ("{last_day: '2027-02-01'}", "the leave has a last day and no first day"),
        ("{first_day: 1.3.2027}", "is not a date"),
    ],
)
def test_a_leave_that_cannot_be_is_found_offline(at33: Office, leave: str, message: str) -> None:
    at33.lists("frogner", KARNOR=with_days(KARI, f"leave: {leave}"))
    _, err = at33("validate", code=3)
    assert message in err


def test_codes_of_persons_are_offered_by_no_schema(at33: Office) -> None:
    """Schemas lie in git, and users do not."""
    at33.lists("frogner", KARNOR=KARI)
    write_files(at33.root, {})
    at33("schema", "--write")
    assert "KARNOR" not in (at33.root / "config" / "files.schema.json").read_text(encoding="utf-8")
