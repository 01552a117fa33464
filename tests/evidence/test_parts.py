"""What the evidence is made of, piece by piece: whom a text names, what falls due, which entries a day holds."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.command_line import SMALL, write_files
from websakctl.apply.journal import Journal
from websakctl.kinds.case_type import CaseType
from websakctl.model.address import Address
from websakctl.model.resource import Resource
from websakctl.operations.config.compare_districts import compare_districts
from websakctl.operations.review.disposal import YEARS_AHEAD, calendar, retention_rules
from websakctl.operations.review.journal_at import local_journal
from websakctl.operations.review.persons import WITHHELD, Persons, said_of_whom
from websakctl.source.load import load_configuration

SHIPPED = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory) -> Persons:
    units = "districts/frogner/units.yaml"
    own = {units: "org_units:\n  BH-OLA: {name: Ola Narr barnehage}\n"}
    config = load_configuration(write_files(tmp_path_factory.mktemp("persons"), {**SMALL, **own}))
    return Persons(names=False, config=config, known=["Kari Nordmann", "Byarkivet"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Etter ønske fra Per Hansen", f"Etter ønske fra {WITHHELD}"),
        ("Per Hansen ba om det", f"{WITHHELD} ba om det"),
        ("Ola Hansen ba om det", f"{WITHHELD} ba om det"),  # a unit bears the first name
        ("Kari er på ferie", f"{WITHHELD} er på ferie"),  # known from a commit
        ("spør kari", f"spør {WITHHELD}"),
        ("Ring PER HANSEN", WITHHELD),  # a word beside a name may be one
        ("Skriv til per.hansen@example.org.", f"Skriv til {WITHHELD}"),
        ("Kultur er lagt til oppvekst i Bydel Frogner", "Kultur er lagt til oppvekst i Bydel Frogner"),
        ("Vedtatt av Byarkivet, sak 26/1234. Rutinen følges.", "Vedtatt av Byarkivet, sak 26/1234. Rutinen følges."),
        ("Se Ola Narr barnehage", "Se Ola Narr barnehage"),
        ("Avtalt med Per Meier og fagleder", f"Avtalt med {WITHHELD} og fagleder"),  # no owner (eier)
    ],
)
def test_a_text_goes_without_names(persons: Persons, text: str, shown: str) -> None:
    assert persons.text(text) == shown


@pytest.mark.parametrize(
    ("who", "is_role"),
    [
        ("Byarkivet", True),
        ("Bydel Frogner, bydelsdirektørens stab", True),
        ("Opplæringsansvarlig", True),
        ("Lokal prosjektleder", True),
        ("Utviklerne av websakctl, ikke Byarkivet", True),
        ("Ikke avklart", True),
        ("Per Hansen, ikke Byarkivet", False),
        ("Utviklerne ved Per Hansen", False),
        ("Ikke Per", False),
        ("Kari Nordmann", False),
        ("Per", False),
        ("Leder Per", False),
        ("Leder per hansen", False),
        ("Byarkivet ved Per Hansen", False),
        ("arkivleder@example.org", False),
        ("Arkivleder 22334455", False),
    ],
)
def test_who_is_a_role_or_nobody(persons: Persons, who: str, is_role: bool) -> None:
    assert persons.role(who) == (who if is_role else WITHHELD)


@given(name=st.from_regex(r"[A-ZÆØÅ][a-zæøå]{2,9} [A-ZÆØÅ][a-zæøå]{3,9}x", fullmatch=True), text=st.text(max_size=30))
def test_a_full_name_is_found_wherever_it_stands(persons: Persons, name: str, text: str) -> None:
    assert name not in persons.text(f"{text} {name} {text}")


def test_people_are_numbered_as_they_come(persons: Persons) -> None:
    assert [persons.numbered("author", name) for name in "ABA"] == ["author 1", "author 2", "author 1"]
    assert persons.numbered("administrator", "B") == "administrator 1"


def case_type(code: str, **fields: Any) -> tuple[Address, Resource]:
    given = {"code": code, "name": code.title(), "series": "SAK", "ordering_principle": "emne", **fields}
    whole = {name: fields.get(name) for name in CaseType.__struct_fields__} | given
    whole |= {name: whole[name] or False for name in ("publish", "personal_data", "protected")}
    address = Address("case_type", "base", code)
    return address, Resource(address=address, fields={n: v for n, v in whole.items() if n != "code" and v is not None})


def test_retention_says_by_when_and_what_is_missing() -> None:
    state = dict(
        [
            case_type("FEM", retention="K", retention_years=5, retention_basis="plan"),
            case_type("ALT", retention="B", retention_basis="plan"),
            case_type("IKKE", retention="G"),
            case_type("UTEN", retention="K", retention_basis="plan"),
            case_type("EKS", retention="K", retention_years=10, retention_basis="plan"),
        ]
    )
    rules = {r.code: r for r in retention_rules(state, date(2028, 2, 29), [Address("case_type", "base", "EKS")])}
    assert rules["FEM"].closed_by == date(2023, 2, 28) and rules["FEM"].missing == ()
    assert rules["ALT"].closed_by is None and rules["ALT"].missing == ()
    assert len(rules["IKKE"].missing) == 2 and rules["UTEN"].missing == ("no retention period",)
    assert rules["EKS"].missing == ("only an example: nobody has confirmed it",)
    due = calendar(rules.values(), date(2028, 2, 29))
    assert {d.code for d in due} == {"FEM", "EKS"} and len(due) == 2 * (YEARS_AHEAD + 1)
    assert all(d.year - d.closed == (5 if d.code == "FEM" else 10) for d in due)


def test_a_rule_of_more_years_than_there_were_has_no_day() -> None:
    (rule,) = retention_rules(dict([case_type("X", retention="K", retention_years=200)]), date(150, 1, 1))
    assert rule.closed_by is None


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2027, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError


def test_a_day_holds_what_was_done_by_its_end_in_this_environment(tmp_path: Path) -> None:
    clock = Clock()
    with Journal(tmp_path / "journal.db", clock) as journal:
        for run, day, environment in (("one", 10, "prod"), ("two", 11, "prod"), ("other", 10, "test")):
            clock.at = datetime(2027, 2, day, 22, 59, 59, tzinfo=UTC)
            journal.write(run, "start", {"environment": environment, "changes": []})
            journal.write(run, "end", {"counts": {}})
        journal.write("odd", "result", {"fields": "nonsense"}, Address("org_unit", "frogner", "FR-X"))
        journal.write("headless", "end", {"counts": {}})
        at = local_journal(journal, "prod", datetime(2027, 2, 10, 23, tzinfo=UTC))
        later = local_journal(journal, "prod", datetime(2027, 3, 1, tzinfo=UTC))
    assert [run.run for run in at.runs()] == ["one"]
    assert [run.run for run in later.runs()] == ["one", "two"]
    assert at.digest != later.digest
    assert later.gaps == (
        "entries of the journal that cannot be read: 1",
        "runs whose start is missing in the journal: headless",
    )


def test_the_shipped_config_names_no_person_and_keeps_its_roles() -> None:
    config = load_configuration(SHIPPED, date(2027, 1, 1))
    persons = Persons(names=False, config=config, known=[])
    responsible = [r.fields["responsible"] for a, r in config.own.items() if a.kind == "preparation"]
    assert responsible and all(persons.role(who) == who for who in responsible)
    owners = [d.owner for d in compare_districts(config, None, None) if d.owner]
    assert {"Bydel Alna, bydelsdirektørens stab", "Bydel Søndre Nordstrand, bydelsdirektørens stab"} <= set(owners)
    said = {who for resource in config.whole.values() for who in said_of_whom(resource.fields)}
    assert "Utviklerne av websakctl, ikke Byarkivet" in said  # of legal sources, which Byarkivet has not confirmed
    assert {who for who in said if persons.role(who) != who} == set()
