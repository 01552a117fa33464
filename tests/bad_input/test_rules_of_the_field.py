"""Rules of the field: what they find and what they leave alone, how their severity is set and one line is exempted."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from websakctl.diagnostics import RULES
from websakctl.source.load import load_configuration

BASIS = "legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]"
CODES = f"access_codes:\n  KL: {{name: Klientsaker, {BASIS}, screening_level: 3}}\n  L: {{name: Lav, {BASIS}, screening_level: 1}}\n  O: {{name: Uten, {BASIS}}}\n"
TYPE = "name: Sak, series: SAK, ordering_principle: emne"
CLIENT = "name: Sak, series: KLIENT, retention: B"
FROGNER = 'district: {name: Bydel Frogner, number: "05", orgnr: "313000109", short_name: BFR, prefix: FR}\n'


def code(text: str) -> str:
    return f"access_codes:\n{text}\n"


def case_type(text: str) -> str:
    return f"{CODES}case_types:\n  TYPE: {{{text}}}\n"


FOUND = {  # rule, and a file of config/ with a mark where the finding must point
    "form-for-no-system": ("form-without-target", "forms:\n  AA: {name: A, target: ‹specialist-system›, automatic: true}\n"),
    "form-as-no-case": ("form-without-target", "forms:\n  AA: {name: A, target: grants, automatic: ‹true›}\n"),
    "no-basis": ("access-code-without-basis", code("  ‹P›: {name: Personalsaker}")),
    "empty-basis": ("access-code-without-basis", code("  P: {name: Personalsaker, ‹legal_basis›: []}")),
    "publishable-but-hiding": ("access-code-without-basis", code('  ‹A›: {name: A, publishable: "yes", screening_level: 3}')),
    "basis-ended": ("basis-not-in-force", code("  P: {name: P, legal_basis: [{reference: a, valid_from: 2000-01-01, valid_to: ‹2026-12-31›}]}")),
    "basis-to-come": ("basis-not-in-force", code("  P: {name: P, legal_basis: [{reference: a, valid_from: ‹2027-01-02›}]}")),
    "one-ended-one-to-come": ("basis-not-in-force", code(
        "  P:\n    name: P\n    legal_basis:\n    - {reference: a, valid_from: 2000-01-01, valid_to: 2026-11-30}\n    - {reference: b, valid_from: ‹2027-02-01›}")),
    "one-of-two-ended": ("basis-ended", code(
        "  P:\n    name: P\n    legal_basis:\n    - {reference: a, valid_from: 2000-01-01}\n    - {reference: b, valid_from: 2001-01-01, valid_to: ‹2026-11-30›}")),
    "basis-reversed": ("period-reversed", code(
        "  P: {name: P, basis_chosen_per_case: true, legal_basis: [{reference: a, valid_from: 2028-01-01, valid_to: ‹2027-06-01›}]}")),
    "fortrolig": ("noark-code-collision", code(f"  ‹F›: {{name: Barnevern, {BASIS}}}")),
    "xx": ("temporary-without-end", code(f"  ‹XX›: {{name: Midlertidig, {BASIS}}}")),
    "temporary": ("temporary-without-end", code(f"  AN: {{name: Anskaffelse, temporary: ‹true›, {BASIS}}}")),
    "no-years-at-all": ("temporary-without-end", code(f"  AN: {{name: Anskaffelse, temporary: ‹true›, screening_years: 0, {BASIS}}}")),
    "published": ("personal-data-published", case_type(f"{TYPE}, retention: B, personal_data: true, publish: ‹true›")),
    "client-file-published": ("personal-data-published", case_type(f"{CLIENT}, ordering_principle: Fødselsnummer, access_code: KL, publish: ‹true›")),
    "no-access-code": ("client-file-unscreened", case_type(f"{CLIENT}, ordering_principle: ‹fødselsnummer›, screening_level: 3")),
    "fnr": ("client-file-unscreened", case_type(f"{CLIENT}, ordering_principle: ‹fnr›")),
    "no-level": ("client-file-unscreened", case_type(f"{CLIENT}, ordering_principle: ‹fødselsnummer›, access_code: O")),
    "own-level-too-low": ("client-file-screened-too-little", case_type(f"{CLIENT}, ordering_principle: fødselsnummer, access_code: KL, screening_level: ‹2›")),
    "level-of-the-code-too-low": ("client-file-screened-too-little", CODES + f"case_types:\n  ‹TYPE›: {{{CLIENT}, ordering_principle: fødselsnummer, access_code: L}}\n"),
    "disposed-of-never": ("retention-years", case_type(f"{TYPE}, retention: ‹K›, retention_basis: § 7-24")),
    "disposed-of-at-once": ("retention-years", case_type(f"{TYPE}, retention: K, retention_years: ‹0›, retention_basis: § 7-24")),
    "kept-and-disposed-of": ("retention-years", case_type(f"{TYPE}, retention: B, retention_years: ‹10›")),
    "not-decided-and-years": ("retention-years", case_type(f"{TYPE}, retention: G, retention_years: ‹10›")),
    "disposed-of-by-nobody": ("disposal-without-basis", case_type(f"{TYPE}, retention: ‹K›, retention_years: 10")),
    "person-in-a-comment": ("personal-email", "access_groups:\n  A: {} # ‹ola.nordmann@example.invalid› vet mer\n"),
    "ignore-without-brackets": ("ignore-unused", "access_groups:\n  A: {} ‹# websakctl: ignore det›\n"),
    "ignore-of-nothing": ("ignore-unused", "access_groups:\n  A: {} # websakctl: ignore[‹no-such-rule›] det\n"),
    "ignore-of-what-must-hold": ("ignore-unused", "access_groups:\n  A: {} # websakctl: ignore[‹national-id›] det\n"),
}  # fmt: skip

LEFT_ALONE = {
    "form-by-hand": "forms:\n  KONTAKT: {name: Kontaktskjema, target: websak, automatic: false}\n",
    "chosen-per-case": code("  U: {name: U, basis_chosen_per_case: true}"),
    "hides-nothing": code('  O: {name: Offentlig, publishable: "yes"}'),
    "old-basis-with-a-new-one": code(
        "  P:\n    name: P\n    legal_basis:\n    - {reference: a, valid_from: 2000-01-01, valid_to: 2022-12-31}\n    - {reference: b, valid_from: 2023-01-01}"),
    "new-law-on-its-way": code(
        "  P:\n    name: P\n    legal_basis:\n    - {reference: a, valid_from: 2000-01-01, valid_to: 2027-06-30}\n    - {reference: b, valid_from: 2027-07-01}"),
    "last-day": code("  P: {name: P, legal_basis: [{reference: a, valid_from: 2000-01-01, valid_to: 2027-01-01}]}"),
    "noarks-own-meaning": code(f"  F: {{name: Fortrolig, {BASIS}}}"),
    "temporary-with-years": code(f"  XX: {{name: Midlertidig, screening_years: 1, {BASIS}}}"),
    "temporary-with-its-basis": code("  XX: {name: M, legal_basis: [{reference: a, valid_from: 2009-01-01, valid_to: 2030-01-01}]}"),
    "level-of-the-code": case_type(f"{CLIENT}, ordering_principle: fødselsnummer, access_code: KL"),
    "published-without-persons": case_type(f"{TYPE}, retention: B, publish: true"),
    "not-decided": case_type(f"{TYPE}, retention: G"),
    "shared-mailbox": "access_groups:\n  A: {} # postmottak.frogner@example.invalid, frogner.barnehage@example.invalid, post@example.invalid\n",
    "exempted": code("  B: {name: Barn, basis_chosen_per_case: true} # websakctl: ignore[noark-code-collision] eksporten oversetter"),
    "exempted-above": code("  # websakctl: ignore[noark-code-collision] eksporten oversetter\n  # og mer\n  B: {name: Barn, basis_chosen_per_case: true}"),
    "exempted-twice": code("  B: {name: Barn} # websakctl: ignore[noark-code-collision, access-code-without-basis] til vedtaket er gjort"),
    "no-comment-but-a-text": code('  P: {name: "P # websakctl: ignore[x] y", basis_chosen_per_case: true, description: "a\n    # websakctl: ignore[x] y"}'),
    "no-comment-but-a-block": code("  P:\n    name: P\n    basis_chosen_per_case: true\n    description: |\n      a\n      # websakctl: ignore[x] y\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_is_found_at_the_value(name: str, repository: Any) -> None:
    rule, text = FOUND[name]
    repository.write({"config/a.yaml": text})
    assert repository.found() == [(rule, repository.marks[0])]
    (finding,) = repository.load().findings
    assert finding.severity == RULES[rule].severity
    assert finding.help


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_is_left_alone(name: str, repository: Any) -> None:
    repository.write({"config/a.yaml": LEFT_ALONE[name]})
    assert repository.found() == []


def mail(fields: str) -> dict[str, str]:
    units = "org_units:\n  BYDEL: {name: Bydel Frogner}\n"
    return {
        "districts/frogner/district.yaml": FROGNER,
        "districts/frogner/mail.yaml": f'{units}sub_orgs:\n  "313000206": {{name: Blåbær, {fields}}}\n',
    }


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("channel: ‹svarinn›", True),
        ("channel: ‹altinn›", True),
        ("unit: BYDEL, channel: ‹altinn›", True),
        ("channel: ‹svarinn›, readers: [Styrer]", True),
        ("channel: svarinn, unit: BYDEL", False),
        ("channel: altinn, readers: [Styrer]", False),
        ("channel: altinn, daily_routine: Leses kl. 10", False),
        ("channel: svarinn, daily_routine: Leses kl. 10", False),
        ("channel: altinn, valid_to: 2026-12-31", False),
        ("channel: ‹altinn›, valid_to: 2027-01-01", True),
    ],
)
def test_mail_must_end_on_a_desk(fields: str, found: bool, repository: Any) -> None:
    repository.write(mail(fields))
    assert repository.found() == [("sub-org-without-route", mark) for mark in repository.marks]
    assert bool(repository.marks) is found


@pytest.mark.parametrize(
    "reader",
    [
        "‹Kari Nordmann›",
        "‹Åse-Lill Øyen›",
        '‹"kari@example.invalid"›',
        "Styrer",
        "HR",
        "Assisterende styrer",
        "Leder Frogner",
    ],
)
def test_a_reader_is_a_role(reader: str, repository: Any) -> None:
    repository.write(mail(f"channel: altinn, readers: [Arkivar, {reader}]"))
    assert repository.found() == [("reader-is-a-person", mark) for mark in repository.marks]
    assert bool(repository.marks) is ("‹" in reader)


def test_no_day_judges_no_period(repository: Any) -> None:
    ended = "legal_basis: [{reference: a, valid_from: 2000-01-01, valid_to: 2026-12-31}]"
    exempted = "# websakctl: ignore[basis-not-in-force] vedtak er bestilt"
    repository.write({"config/a.yaml": code(f"  P: {{name: P, {ended}}} {exempted}")})
    assert load_configuration(repository.root, None).findings == []
    assert load_configuration(repository.root, date(2027, 1, 1)).findings == []
    (finding,) = load_configuration(repository.root, date(2026, 1, 1)).findings
    assert finding.code == "ignore-unused"


COLLISION = code("  B: {name: Barn, basis_chosen_per_case: true}")


@pytest.mark.parametrize(("said", "severities"), [("error", ["error"]), ("warning", ["warning"]), ("off", [])])
def test_the_settings_say_how_much_a_rule_matters(said: str, severities: list[str], repository: Any) -> None:
    settings = f"rules: {{noark-code-collision: {said}}}\n"
    repository.write({"config/websak.yaml": settings, "config/a.yaml": COLLISION})
    config = repository.load()
    assert [f.severity.value for f in config.findings] == severities
    assert config.valid is (said != "error")


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("rules: {‹noark-code-colision›: off}\n", "did you mean noark-code-collision?"),
        ("rules: {‹national-id›: off}\n", "those that can be set are"),
        ("rules: {noark-code-collision: ‹of›}\n", "did you mean off?"),
    ],
)
def test_other_settings_are_refused(text: str, help_: str, repository: Any) -> None:
    repository.write({"config/websak.yaml": text})
    assert repository.found() == [("bad-settings", repository.marks[0])]
    assert help_ in repository.load().findings[0].help


def test_what_must_hold_everywhere_cannot_be_ignored(repository: Any) -> None:
    number = "01819010001"  # a synthetic one, nobody's
    repository.write({"config/a.yaml": f"access_groups:\n  A: {{}} # {number} websakctl: ignore[national-id] nei\n"})
    assert "national-id" in [rule for rule, _ in repository.found()]
    repository.write({"config/a.yaml": "access_groups:\n  # websakctl: ignore[unknown-field] nei\n  A: {x: 1}\n"})
    assert [rule for rule, _ in repository.found()] == ["ignore-unused", "unknown-field"]


def test_a_mistake_in_a_template_is_one_finding_that_names_a_district(house: Callable[..., Any]) -> None:
    repository = house({"config/skeleton.yaml": ("unit: BYDEL, channel: svarinn", "channel: ‹svarinn›")})
    assert repository.found() == [("sub-org-without-route", repository.marks[0])]
    (finding,) = repository.load().findings
    assert str(finding.related) == "districts/alna/district.yaml:1:1"
    shown = repository.validate().stderr
    assert "note: made for this district, as for every other: districts/alna/district.yaml:1:1" in shown
    (reported,) = json.loads(repository.validate("--format", "json").stdout)["diagnostics"]
    assert reported["related"]["file"] == "districts/alna/district.yaml"


@pytest.mark.parametrize(
    ("override", "rule"),
    [
        ('{channel: ‹altinn›, reason: Egen, owner: Staben}', "sub-org-without-route"),
        ('{channel: ‹alltinn›, reason: Egen, owner: Staben}', "bad-value"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_override_names_what_it_overrides(override: str, rule: str, house: Callable[..., Any]) -> None:
    repository = house({"districts/alna/o.yaml": f'overrides:\n  sub_orgs:\n    "313000214": {override}\n'})
    assert repository.found() == [(rule, repository.marks[0])]
    (finding,) = repository.load().findings
    assert str(finding.related) == "config/skeleton.yaml:9:5"
    assert finding.related_label == "it overrides what is written here"


def test_an_exemption_in_a_template_holds_for_every_district(house: Callable[..., Any]) -> None:
    line = '    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn}'
    without = line.replace("unit: BYDEL, ", "") + " # websakctl: ignore[sub-org-without-route] postmottak fordeler"
    assert house({"config/skeleton.yaml": (line, without)}).found() == []


def test_einnsyn_code_comes_through_templates(house: Callable[..., Any]) -> None:
    skeleton = "config/skeleton.yaml"
    repository = house({skeleton: ("OPPV: {name: Oppvekst}", "‹OPPV›: {name: Oppvekst, einnsyn_code: OPPV}")})
    assert repository.found() == [("einnsyn-code-differs", repository.marks[0])]
    assert all("einnsyn_code" not in r.fields for r in repository.load().state.values())


def test_a_reference_in_an_override_names_what_it_overrides(house: Callable[..., Any]) -> None:
    text = 'overrides:\n  sub_orgs:\n    "313000214": {unit: ‹BYDL›, reason: Egen, owner: Staben}\n'
    repository = house({"districts/alna/o.yaml": text})
    assert repository.found() == [("unknown-reference", repository.marks[0])]
    (finding,) = repository.load().findings
    assert (str(finding.related), finding.related_label) == (
        "config/skeleton.yaml:9:5",
        "it overrides what is written here",
    )
