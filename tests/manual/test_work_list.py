"""The work list itself: its order, its ids, its texts in both languages, and what the shipped config puts on it."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from msgspec.structs import replace as struct_replace

from tests.cli.command_line import write_files
from websakctl.diagnostics import errors_in
from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.kind import Api, set_by_people
from websakctl.model.resource import Resource
from websakctl.operations.change.make_plan import ConfigInput, make_plan
from websakctl.operations.config.compare_districts import compare_districts
from websakctl.operations.rollout.work_list import UnknownItem, WorkList, named, work_list
from websakctl.plan.document import from_document, to_document
from websakctl.plan.selection import Selection
from websakctl.report.formats.csv import FORMAT
from websakctl.report.formats.html import FORMAT as HTML
from websakctl.report.formats.text import FORMAT as TEXT
from websakctl.report.texts.bokmaal import BOKMAAL
from websakctl.report.view_models import Look, PlanReport
from websakctl.report.work_list import Wording, markdown, rows
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

from .files import MANUAL

ROOT = Path(__file__).parents[2]
KINDS = all_kinds()
BY_HAND = set_by_people(KINDS, setup_api=False)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    loaded = load_configuration(write_files(tmp_path_factory.mktemp("manual"), MANUAL))
    assert loaded.findings == []
    return loaded


def inputs(config: Configuration, **done: Any) -> ConfigInput:
    return ConfigInput(config=config, known={}, kinds={}, by_hand=BY_HAND, environment="test", **done)


def told(work: WorkList, language: Literal["nb", "en"], config: Configuration) -> str:
    return markdown(work, Wording(KINDS, config.districts, language), today="2027-02-01")


def test_once_for_all_comes_first_and_nothing_before_what_it_refers_to(config: Configuration) -> None:
    work = work_list(inputs(config))
    assert [item.number for item in work.items] == list(range(1, 20))
    scopes = [item.address.scope for item in work.items]
    assert scopes == sorted(scopes, key=lambda scope: (scope != "base", scope))
    seen: set[str] = set()
    for item in work.items:
        assert set(item.after) <= seen
        seen.add(item.id)
    assert len(seen) == len(work.items)
    after = {item.address.key: len(item.after) for item in work.items if item.address.scope == "base"}
    assert after["SVARINN"] == after["PERS"] == 1
    assert after["HJELP"] == 1


def test_what_goes_comes_last_and_what_is_shared_last_of_all(config: Configuration) -> None:
    state = {a: r for a, r in config.state.items() if a.kind in BY_HAND}
    old = {
        Address(*parts): Resource(address=Address(*parts), fields={"name": "Gammel", "case_type": case})
        for *parts, case in (("committee", "frogner", "FR-OLD", "OLD"), ("case_type", "base", "OLD", None))
    }
    work = work_list(struct_replace(inputs(config, done_by_hand={**state, **old}), known=dict(old)))  # type: ignore[arg-type]  # known by address is enough
    assert [(i.change.action.value, i.address.key) for i in work.items] == [
        ("deactivate", "FR-OLD"),
        ("deactivate", "OLD"),
    ]
    text = told(work, "nb", config)
    assert "- [ ] 1. **Fjern** utvalg FR-OLD «Gammel»" in text


def test_an_id_stays_while_the_same_is_desired(config: Configuration) -> None:
    address = Address("form", "base", "KONTAKT")
    ids = set()
    for before in ({"name": "A"}, {"name": "B"}):
        fields = {**config.state[address].fields, **before}
        work = work_list(inputs(config, done_by_hand={address: Resource(address=address, fields=fields)}))
        ids |= {item.id for item in work.items if item.address == address}
    assert len(ids) == 1
    assert ids.isdisjoint(item.id for item in work_list(inputs(config)).items)  # set up again, all fields are wanted


def test_items_by_id_address_and_glob(config: Configuration) -> None:
    work = work_list(inputs(config))
    first = work.items[0]
    assert named(work, [first.id, first.id, str(first.address)]) == [first]
    assert {item.address.key for item in named(work, ["committee/sagene/*"])} == {"SA-BU", "SA-ELDR"}
    with pytest.raises(UnknownItem):
        named(work, [first.id, "committee/nowhere/*"])
    assert work.chosen(Selection(scopes=frozenset({"sagene"}))).items[0].number > 1


def test_the_list_in_both_languages(config: Configuration) -> None:
    work = work_list(inputs(config)).chosen(Selection(kinds=frozenset({"form", "historical_base"})))
    norwegian, english = told(work, "nb", config), told(work, "en", config)
    for line in (
        "# Arbeidsliste for test",
        "1. februar 2027 · 4 oppgaver gjenstår",
        "## Én gang for alle bydelene",
        "  - mottaker: fagsystem",
        "  - automatisk journalføring: ja",
        "  - unntak: Bydel Sagene: hva: Går til en annen enhet; grunn: Egen ordning; ansvarlig: Bydel Sagene; enhet: HELSE",
        "  - migrering: planlagt",
    ):
        assert line in norwegian.splitlines(), norwegian
    for line in (
        "# Work list for test",
        "1 February 2027 · 4 items left",
        "  - target: specialist-system",
        "  - look-up: arranged",
    ):
        assert line in english.splitlines()
    assert "**Sett opp** historisk base FR-SAKARKIV «Gammel base»" in norwegian
    assert "**Set up** historical base FR-SAKARKIV" in english


def test_every_choice_that_people_read_is_translated() -> None:
    for kind in KINDS.values():
        if kind.api is Api.MANUAL:
            for name, info in kind.fields.items():
                if get_origin(info.type) is Literal:
                    assert set(get_args(info.type)) <= BOKMAAL.keys(), (kind.name, name)


def test_the_parts_of_a_value_have_words_too(config: Configuration) -> None:
    basis = [{"reference": "offl. § 13", "valid_from": "2009-01-01", "valid_to": None}]
    nb, en = (Wording(KINDS, config.districts, language) for language in ("nb", "en"))
    assert nb.value("access_code", "legal_basis", basis) == "henvisning: offl. § 13; gyldig fra: 2009-01-01"
    assert en.value("access_code", "legal_basis", basis) == "reference: offl. § 13; valid from: 2009-01-01"
    assert nb.value("licence", "allotments", {"frogner": 4}) == "Bydel Frogner: 4"


def test_nothing_in_a_name_acts_in_markdown_or_a_spreadsheet(config: Configuration) -> None:
    address = Address("form", "base", "KONTAKT")
    nasty = "=1+1 | *b* <b> `x`\u202e"
    state = {**config.state, address: Resource(address=address, fields={**config.state[address].fields, "name": nasty})}
    work = work_list(inputs(dataclasses.replace(config, state=state))).chosen(Selection(targets=("form/base/KONTAKT",)))
    text = told(work, "nb", config)
    assert "<b>" not in text
    assert "\u202e" not in text
    assert "'=1+1" in FORMAT.render(rows(work, Wording(KINDS, config.districts, "nb")), Look())


def test_a_saved_plan_keeps_its_steps(config: Configuration) -> None:
    plan = make_plan(inputs(config), {})
    document: Mapping[str, Any] = to_document(plan, tool_version="1", created_at="2027-01-01T00:00:00Z")
    again = from_document(document)
    assert {step.address: step.id for step in again.manual} == {step.address: step.id for step in plan.manual}


def test_the_shipped_config_names_what_stands_around_websak() -> None:
    config = load_configuration(ROOT)
    assert errors_in(config.findings) == 0
    by_kind: dict[str, list[Address]] = {}
    for address in config.state:
        by_kind.setdefault(address.kind, []).append(address)
    status = {r.fields["name"]: r.fields["archive"] for a, r in config.state.items() if a.kind == "specialist_system"}
    assert status == {
        "Fasit": "approved",
        "Familia": "paper",
        "Gerica": "paper",
        "Soma": "unknown",
        "Socio": "paper",
        "IST Barnehage": "approved",
        "CGM": "in-approval",
        "Gobo": "unknown",
        "Visma Flyt": "unknown",
        "Opus": "unknown",
    }
    assert (
        {a.scope for a in by_kind["committee"]}
        == {a.scope for a in by_kind["historical_base"]}
        == set(config.districts)
    )
    forms = [config.state[a].fields for a in by_kind["form"]]
    assert [f["name"] for f in forms if not f["automatic"]] == ["Kontaktskjema", "Støttekontakt"]
    assert {"SVARINN", "EINNSYN", "ESIGNERING", "WEBCRUITER", "HR", "KGV"} <= {a.key for a in by_kind["integration"]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit: OPPV, integration", "unit: OPVP, integration", "unit names OPVP, and there is no org_unit of frogner"),
        ("integration: MOTTAK}", "integration: MOTAK}", "integration names MOTAK"),
        ("specialist_system: GERICA", "specialist_system: GERIKA", "specialist_system names GERIKA"),
        ("      sagene: {what", "      sagne: {what", "exceptions names sagne"),
        (
            "Bydel Sagene, unit: HELSE",
            "Bydel Sagene, unit: HELS",
            "exceptions names HELS, and there is no org_unit of sagene",
        ),
        ("through: MOTTAK", "through: SVARINN", "these are each other's parents"),
    ],
    ids=["unit", "integration", "system", "district", "unit-of-exception", "circle"],
)
def test_references_of_what_people_set_are_checked(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = MANUAL["config/around.yaml"]
    assert old in text
    config = load_configuration(write_files(tmp_path, {**MANUAL, "config/around.yaml": text.replace(old, new)}))
    (finding,) = config.findings
    assert said in finding.message
    lines = text.replace(old, new).splitlines()
    assert new in lines[finding.at.line - 1]
    assert finding.at.column > 1


def test_an_exception_is_a_declared_deviation_and_ends(tmp_path: Path) -> None:
    text = MANUAL["config/around.yaml"].replace("unit: HELSE}", "unit: HELSE, until: 2027-01-31}")
    root = write_files(tmp_path, {**MANUAL, "config/around.yaml": text})
    (deviation,) = compare_districts(load_configuration(root), None, None)
    assert (deviation.district, deviation.how.value, deviation.until) == ("sagene", "exception", "2027-01-31")
    assert load_configuration(root, date(2027, 1, 31)).findings == []
    (finding,) = load_configuration(root, date(2027, 2, 1)).findings
    assert (finding.code, finding.severity.value, finding.at.line) == ("override-expired", "warning", 14)


def test_an_export_of_no_such_kind_is_found_by_validate(tmp_path: Path) -> None:
    settings = MANUAL["config/websak.yaml"].replace("test: {", "test: {exports: {comittee: c.csv}, ")
    (finding,) = load_configuration(write_files(tmp_path, {**MANUAL, "config/websak.yaml": settings})).findings
    assert (finding.code, finding.at.file, finding.at.line) == ("bad-settings", "config/websak.yaml", 3)
    assert "comittee is no kind that people set" in finding.message


def test_many_steps_of_one_sort_are_folded(config: Configuration) -> None:
    template = config.state[Address("committee", "frogner", "FR-BU")]
    created = (Address("committee", "frogner", f"FR-<{n}>") for n in range(300))
    state = {address: Resource(address=address, fields=template.fields) for address in created}
    plan = make_plan(inputs(dataclasses.replace(config, state=state)), {})
    report = PlanReport(plan=plan, made={})
    page = HTML.render(report, Look())
    assert "<summary>committee: 300 in 1 district: " in page
    assert page.count("<li>committee/frogner/FR-&lt;") == 200
    assert "… and 100 more" in page
    text = TEXT.render(report, Look())
    assert "Steps for a person: 300 committee (--expand lists them" in text
    assert "FR-<" not in text
    assert TEXT.render(report, Look(expand=True)).count("  - committee/frogner/FR-<") == 300
