"""One mistake in a valid config gives one finding, at the very value that is wrong, with what to do about it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from websakctl.cli.app import run

SYNTHETIC_PERSON = "01819010001"  # month + 80: the registers' synthetic numbers, nobody's

FR = "districts/frogner/units.yaml"
FROGNER = "districts/frogner/district.yaml"
ALNA = "districts/alna/units.yaml"
BASE = "config/base.yaml"
SKELETON = "config/skeleton.yaml"
SETTINGS = "config/websak.yaml"
PERS = (
    "PERS2: {name: Personalmappe, series: PERS, ordering_principle: emne, "
    'class_code: "4", access_code: P, retention: B}'
)


@dataclass(frozen=True)
class Mistake:
    """Which file says what instead of what, and the rules it breaks; ‹…› marks what each finding must point at."""

    name: str
    file: str
    old: str
    new: str
    rule: str
    help: str  # words that the help must have
    says: str = ""  # words that the message must have
    more: dict[str, tuple[str, str]] | None = None  # changes elsewhere


def at(name: str, file: str, old: str, new: str, rule: str, help_: str, says: str = "", **more: Any) -> Mistake:
    return Mistake(name, file, old, new, rule, help_, says, more or None)


MISTAKES = [
    # fields and their values
    at("needed-field-misspelt", SKELETON, "{name: Oppvekst}", "{‹nmae›: Oppvekst}", "unknown-field", "did you mean name?"),
    at("field-misspelt", SKELETON, "{name: Oppvekst}", "{name: Oppvekst, ‹adress›: X}", "unknown-field", "did you mean address?"),
    at("field-unlike-any", SKELETON, "{name: Oppvekst}", "{name: Oppvekst, ‹zzz›: X}", "unknown-field", "the fields are abbreviation, address"),
    at("field-missing", SKELETON, "OPPV: {name: Oppvekst}", "‹OPPV›: {}", "missing-field", "add `name", "name is missing"),
    at("entry-left-empty", SKELETON, "OPPV: {name: Oppvekst}", "‹OPPV›:", "missing-field", "add `name"),
    at("field-without-value", SKELETON, "{name: Oppvekst}", "{name: ‹›}", "wrong-type", "give it a text"),
    at("lost-zero", BASE, 'class_code: "4"', "class_code: ‹04›", "unquoted-value", 'quote it: "04"', "parsed as the number 4"),
    at("date-is-fine-but-number-is-not", FR, "name: Blåbær barnehage, parent", "name: Blåbær barnehage, postal_no: ‹0255›, parent", "unquoted-value", 'quote it: "0255"', "the number 255"),
    at("octal", BASE, 'class_code: "4"', "class_code: ‹0o17›", "unquoted-value", 'quote it: "0o17"'),
    at("true-for-text", BASE, "series: PERS", "series: ‹true›", "unquoted-value", 'quote it: "true"'),
    at("float-for-text", BASE, 'class_code: "4"', "class_code: ‹1.10›", "unquoted-value", 'quote it: "1.10"'),
    at("exponent-for-text", BASE, 'class_code: "4"', "class_code: ‹1e3›", "unquoted-value", 'quote it: "1e3"'),
    at("infinity-for-text", BASE, 'class_code: "4"', "class_code: ‹.inf›", "unquoted-value", 'quote it: ".inf"'),
    at("text-for-number", BASE, "bought: 10", "bought: ‹many›", "wrong-type", ""),
    at("quoted-number", BASE, "bought: 10", 'bought: ‹"10"›', "wrong-type", "take the quotes away: 10"),
    at("part-of-a-seat", BASE, "bought: 10", "bought: ‹10.5›", "wrong-type", ""),
    at("yes-for-true", BASE, "retention: B}", "retention: B, publish: ‹yes›}", "wrong-type", "write true or false"),
    at("list-for-text", BASE, "series: PERS", "‹series›: [PERS]", "wrong-type", ""),
    at("mapping-for-text", BASE, "series: PERS", "‹series›: {PERS: 1}", "wrong-type", ""),
    at("text-for-list", BASE, "districts: [frogner, alna]", "districts: ‹frogner›", "wrong-type", "write [A, B]"),
    at("text-for-mapping", BASE, "allotments: {frogner: 5, alna: 5}", "allotments: ‹frogner›", "wrong-type", "indented"),
    at("entry-is-a-text", SKELETON, "OPPV: {name: Oppvekst}", "OPPV: ‹Oppvekst›", "wrong-type", "{name: Oppvekst}"),
    at("entries-are-a-list", ALNA, "org_units:\n  BH-TO: {name: Tyttebær barnehage, parent: BHG}", "‹org_units›:\n  - {name: Tyttebær barnehage}", "wrong-type", "key by key"),
    at("not-one-of", BASE, "retention: B}", "retention: ‹X›}", "bad-value", "one of B, K, G"),
    at("nearly-one-of", SKELETON, "channel: svarinn", "channel: ‹svarin›", "bad-value", "did you mean svarinn?"),
    at("too-high", BASE, "screening_level: 3", "screening_level: ‹4›", "bad-value", ""),
    at("below-zero", BASE, "bought: 10", "bought: ‹-1›", "bad-value", ""),
    at("no-such-day", BASE, "go_live: 2027-02-01", "go_live: ‹2027-02-30›", "bad-value", "", "not a date"),
    at("day-the-norwegian-way", BASE, "go_live: 2027-02-01", "go_live: ‹01.02.2027›", "bad-value", "", "write YYYY-MM-DD"),
    at("day-without-dashes", BASE, "go_live: 2027-02-01", 'go_live: ‹"20270201"›', "bad-value", "", "write YYYY-MM-DD"),
    at("name-too-long", SKELETON, "{name: Oppvekst}", f"{{name: ‹{'Å' * 71}›}}", "bad-value", "shorten it to 70"),
    at("name-empty", SKELETON, "{name: Oppvekst}", '{name: ‹""›}', "bad-value", ""),
    at("name-with-blanks-around", SKELETON, "{name: Oppvekst}", '{name: ‹" Oppvekst "›}', "bad-value", 'write "Oppvekst"'),
    at("name-on-two-lines", SKELETON, "{name: Oppvekst}", '{name: ‹"Opp\\nvekst"›}', "bad-value", "line"),
    at("escape-in-a-name", SKELETON, "{name: Oppvekst}", '{name: ‹"Opp\\e[31mvekst"›}', "bad-value", "control"),
    at("nul-in-a-name", SKELETON, "{name: Oppvekst}", '{name: ‹"Opp\\0vekst"›}', "bad-value", "control"),
    at("escape-in-a-text", SKELETON, "{name: Oppvekst}", '{name: Oppvekst, contact: ‹"a\\eb"›}', "bad-value", "control"),
    at("inside-a-list", BASE, "screening_level: 3}", "screening_level: 3, legal_basis: [{reference: a, valid_from: ‹2027›}]}", "bad-value", "YYYY-MM-DD"),
    at("unknown-inside-a-list", BASE, "screening_level: 3}", "screening_level: 3, legal_basis: [{reference: a, valid_from: 2027-01-01, ‹valid_too›: x}]}", "unknown-field", "did you mean valid_to?"),
    at("missing-inside-a-list", BASE, "screening_level: 3}", "screening_level: 3, legal_basis: [‹{›reference: a}]}", "missing-field", "add `valid_from"),
    at("item-of-a-list", BASE, "districts: [frogner, alna]", "districts: [frogner, ‹12›]", "unquoted-value", "quote it"),
    at("negative-seats", BASE, "{frogner: 5, alna: 5}", "{frogner: 5, alna: ‹-5›}", "bad-value", ""),
    # keys
    at("key-with-blank", ALNA, "BH-TO:", '‹"BH TO"›:', "bad-key", "a key of this kind is"),
    at("key-in-small-letters", ALNA, "BH-TO:", "‹bh-to›:", "bad-key", "a key of this kind is"),
    at("key-empty", ALNA, "BH-TO:", '‹""›:', "bad-key", "a key of this kind is"),
    at("key-said-as-a-field", SKELETON, "OPPV: {name: Oppvekst}", "OPPV: {name: Oppvekst, ‹key›: OPPV}", "unknown-field", "the key above"),
    at("key-twice", SKELETON, "    OPPV: {name: Oppvekst}", "    OPPV: {name: Oppvekst}\n    ‹OPPV›: {name: Annet}", "duplicate-key", "keep one"),
    at("field-twice", SKELETON, "{name: Oppvekst}", "{name: Oppvekst, ‹name›: Annet}", "duplicate-key", "keep one"),
    at("section-twice", ALNA, "parent: BHG}\n", "parent: BHG}\n‹org_units›: {}\n", "duplicate-key", "keep one"),
    at("key-quoted-and-not", SKELETON, "    OPPV: {name: Oppvekst}", '    OPPV: {name: Oppvekst}\n    ‹"OPPV"›: {name: Annet}', "duplicate-key", "keep one"),
    # organisation numbers
    at("check-digit", FR, '"313000206"', '‹"313000207"›', "orgnr-checksum", "business register", "check digit should be 6"),
    at("eight-digits", FR, '"313000206"', '‹"31300020"›', "orgnr-checksum", "business register", "nine digits"),
    at("no-digit-fits", FR, '"313000206"', '‹"313000150"›', "orgnr-checksum", "business register", "no check digit fits"),
    at("check-digit-of-a-district", FROGNER, '"313000109"', '‹"313000108"›', "orgnr-checksum", ""),
    at("check-digit-of-the-organisation", SETTINGS, '"313000001"', '‹"313000002"›', "orgnr-checksum", ""),
    at("orgnr-unquoted", FROGNER, '"313000109"', "‹313000109›", "unquoted-value", 'quote it: "313000109"'),
    at("claimed-by-two", FR, '"313000206"', '‹"313000214"›', "orgnr-claimed-twice", "keep it in the district", "by alna and by frogner"),
    # references
    at("parent-to-nothing", FR, "parent: BHG", "parent: ‹BGH›", "unknown-reference", "did you mean BHG?"),
    at("parent-to-nothing-in-the-skeleton", SKELETON, "parent: OPPV", "parent: ‹OPVP›", "unknown-reference", "did you mean OPPV?"),
    at("full-key-for-a-local-one", FR, "parent: BHG", "parent: ‹FR-BHG›", "unknown-reference", "did you mean BHG?"),
    at("unit-of-another-district", FR, "unit: BH-EN", "unit: ‹BH-TO›", "unknown-reference", ""),
    at("access-code-to-nothing", BASE, "access_code: P", "access_code: ‹PX›", "unknown-reference", "P"),
    at("batch-to-nothing", FR, "batch: PULJE-1", "batch: ‹PULJE-2›", "unknown-reference", "did you mean PULJE-1?"),
    at("district-to-nothing", BASE, "districts: [frogner, alna]", "districts: [frogner, ‹alne›]", "unknown-reference", "did you mean alna?"),
    at("seats-for-nobody", BASE, "{frogner: 5, alna: 5}", "{frogner: 5, ‹alne›: 5}", "unknown-reference", "did you mean alna?"),
    at("cycle-of-two", SKELETON, "OPPV: {name: Oppvekst}", "OPPV: {name: Oppvekst, parent: ‹BHG›}", "reference-cycle", "take the parent away"),
    at("cycle-of-one", SKELETON, "OPPV: {name: Oppvekst}", "OPPV: {name: Oppvekst, parent: ‹OPPV›}", "reference-cycle", "take the parent away"),
    at("cycle-over-the-top", SKELETON, 'abbreviation: "{district.short_name}"}', 'abbreviation: "{district.short_name}", parent: ‹BHG›}', "reference-cycle", "take the parent away"),
    at("abbreviation-twice", FR, "name: Blåbær barnehage, parent", "name: Blåbær barnehage, abbreviation: ‹FR-BHG›, parent", "not-unique", "of its own"),
    at("more-allotted-than-bought", BASE, "bought: 10", "bought: ‹9›", "allotment-over-bought", "by 1, or buy"),
    # places
    at("section-misspelt", ALNA, "org_units:", "‹org_unit›:", "unknown-section", "did you mean org_units?"),
    at("section-misspelt-in-config", BASE, "access_codes:", "‹acces_codes›:", "unknown-section", "did you mean access_codes?"),
    at("skeleton-misspelt", SKELETON, "each_district:", "‹each_distict›:", "unknown-section", "did you mean each_district?"),
    at("skeleton-section-misspelt", SKELETON, "  org_units:", "  ‹org_unit›:", "unknown-section", "did you mean org_units?"),
    at("overrides-misspelt", FR, "overrides:", "‹override›:", "unknown-section", "did you mean overrides?"),
    at("case-types-in-a-district", ALNA, "org_units:", f"‹case_types›:\n  {PERS}\norg_units:", "wrong-scope", "config/"),
    at("case-types-in-the-skeleton", SKELETON, "each_district:", f"each_district:\n  ‹case_types›:\n    {PERS}", "wrong-scope", "config/"),
    at("sub-orgs-in-the-base", BASE, "access_codes:", '‹sub_orgs›:\n  "313000303": {name: X, channel: svarinn}\naccess_codes:', "wrong-scope", "a district's folder"),
    at("sections-as-a-list", SKELETON, "each_district:\n  access_groups:\n    LEDERE: {}\n", "each_district:\n  ‹access_groups›: [LEDERE]\n", "wrong-type", "key by key"),
    at("file-beside-the-folders", ALNA, "", "", "district-incomplete", "districts/grorud/", districts__grorud_yaml=None),
    # overrides
    at("override-of-a-fixed-field", FR, "name: Oppvekst og kultur,", "name: Oppvekst og kultur, ‹parent›: BHG,", "override-not-allowed", "may override address"),
    at("override-of-no-field", FR, "name: Oppvekst og kultur,", "name: Oppvekst og kultur, ‹nmae›: X,", "unknown-field", "did you mean name?"),
    at("override-of-nothing", FR, "OPPV: {name: Oppvekst og", "‹OPVP›: {name: Oppvekst og", "override-unknown", "did you mean OPPV?"),
    at("override-of-ones-own", FR, "OPPV: {name: Oppvekst og", "‹BH-EN›: {name: Oppvekst og", "override-unknown", "where it is written"),
    at("override-of-a-kind-of-the-base", FR, "overrides:\n", "overrides:\n  ‹access_codes›: {}\n", "wrong-scope", "config/"),
    at("override-without-reason", FR, "OPPV: {name: Oppvekst og kultur, reason: Eget navn,", "‹OPPV›: {name: Oppvekst og kultur,", "missing-field", "add `reason"),
    at("override-without-owner", FR, "OPPV: {name: Oppvekst og kultur, reason: Eget navn, owner: Staben}", "‹OPPV›: {name: Oppvekst og kultur, reason: Eget navn}", "missing-field", "add `owner"),
    at("override-until-never", FR, "owner: Staben", "owner: Staben, until: ‹snart›", "bad-value", "", "not a date"),
    at("override-until-past", FR, "owner: Staben", "owner: Staben, until: ‹2020-01-01›", "override-expired", "ask Staben"),
    at("override-with-a-bad-value", FR, "name: Oppvekst og kultur", "name: ‹5›", "unquoted-value", 'quote it: "5"'),
    at("override-is-a-text", FR, "OPPV: {name: Oppvekst og kultur, reason: Eget navn, owner: Staben}", "OPPV: ‹Oppvekst og kultur›", "wrong-type", "with reason and owner"),
    at("overrides-are-a-list", FR, "overrides:\n  org_units:\n    OPPV: {name: Oppvekst og kultur, reason: Eget navn, owner: Staben}", "‹overrides›: [OPPV]", "wrong-type", "section"),
    # placeholders
    at("placeholder-misspelt", SKELETON, "{name: Oppvekst}", '{name: ‹"{district.nmae} oppvekst"›}', "unknown-placeholder", "did you mean district.name?"),
    at("placeholder-in-capitals", SKELETON, "{name: Oppvekst}", '{name: ‹"{District.Name}"›}', "unknown-placeholder", "did you mean district.name?"),
    at("placeholder-with-blanks", SKELETON, "{name: Oppvekst}", '{name: ‹"{ district.name }"›}', "unknown-placeholder", "did you mean district.name?"),
    at("placeholder-in-a-key", SKELETON, '"{district.orgnr}"', '‹"{district.orgnummer}"›', "unknown-placeholder", "did you mean district.orgnr?"),
    at("placeholder-outside-the-skeleton", FR, "name: Blåbær barnehage, parent", 'name: ‹"{district.name}"›, parent', "unknown-placeholder", "each_district"),
    at("placeholder-in-the-base", BASE, "name: Personalsaker", 'name: ‹"{district.name}"›', "unknown-placeholder", "each_district"),
    at("placeholder-in-an-override", FR, "name: Oppvekst og kultur", 'name: ‹"{district.name}"›', "unknown-placeholder", "each_district"),
    # districts
    at("district-field-missing", FROGNER, "district:\n  name: Bydel Frogner\n", "‹district›:\n", "missing-field", "add `name"),
    at("district-field-misspelt", FROGNER, "  prefix: FR\n", "  prefix: FR\n  ‹prefixx›: FR\n", "unknown-field", "did you mean prefix?"),
    at("district-number-lost-its-zero", FROGNER, '"05"', "‹05›", "unquoted-value", 'quote it: "05"'),
    at("district-twice", FR, "org_units:\n  BH", '‹district›: {name: Bydel Frogner, number: "05", orgnr: "313000109", short_name: BFR, prefix: FR}\norg_units:\n  BH', "duplicate-resource", "keep one"),
    at("district-number-of-another", FROGNER, '"05"', '‹"12"›', "not-unique", "its own"),
    at("district-orgnr-of-another", "districts/frogner/district.yaml", '"313000109"', '‹"313000214"›', "not-unique", "its own"),
    at("district-prefix-of-another", "districts/frogner/district.yaml", "prefix: FR", "prefix: ‹AL›", "not-unique", "its own"),
    at("district-folder-misnamed", FROGNER, "Bydel Frogner", "‹Bydel Sagene›", "district-incomplete", "sagene"),
    # made twice
    at("unit-of-the-skeleton-again", FR, "  BH-EN:", "  ‹OPPV›: {name: Oppvekst}\n  BH-EN:", "duplicate-resource", "use `overrides:`"),
    # settings
    at("settings-misspelt", SETTINGS, "environments:", "‹enviroments›:", "bad-settings", "did you mean environments?"),
    at("setting-misspelt", SETTINGS, "base_url:", "‹base_ur›:", "bad-settings", "did you mean base_url?"),
    at("setting-out-of-range", SETTINGS, "root_unit: TOPP", "root_unit: TOPP\n    concurrency: ‹0›", "bad-settings", ""),
    at("setting-of-the-wrong-type", SETTINGS, "root_unit: TOPP", 'root_unit: TOPP\n    protected: ‹"true"›', "wrong-type", "without quotes"),
    at("section-among-the-settings", SETTINGS, "environments:", "‹org_units›: {}\nenvironments:", "bad-settings", ""),
    # YAML that means two things
    at("merge-key", ALNA, "  BH-TO: {name: Tyttebær barnehage, parent: BHG}", "  BH-TO: &to {name: Tyttebær barnehage, parent: BHG}\n  BH-TRE: {‹<<›: *to, abbreviation: X}", "yaml-feature", "write the fields out"),
    at("tag", ALNA, "name: Tyttebær", "name: ‹!navn Tyttebær barnehage›, contact: X", "yaml-feature", "take the tag away"),
    at("tag-of-a-number", BASE, "bought: 10", 'bought: ‹!!int "10"›', "yaml-feature", "take the tag away"),
    at("python-object", ALNA, "name: Tyttebær", "name: ‹!!python/object/apply:os.system ls›, contact: X", "yaml-feature", "take the tag away"),
    at("second-document", ALNA, "parent: BHG}\n", "parent: BHG}\n‹---›\norg_units: {}\n", "yaml-feature", "split the file"),
    at("list-as-a-key", ALNA, "  BH-TO:", "  ? ‹[›A, B]\n  : {name: X}\n  BH-TO:", "yaml-feature", "use a text as the key"),
    at("alias-to-nothing", ALNA, "name: Tyttebær barnehage", "name: ‹*navn›", "yaml-alias", "write the value out"),
    at("alias-to-itself", ALNA, "org_units:\n", "org_units: &alle\n  BH-SEG: ‹*alle›\n", "yaml-alias", "write the value out"),
    # what must never be in git
    at("national-id", FR, "name: Blåbær barnehage, parent", f'name: Blåbær barnehage, contact: "ring ‹{SYNTHETIC_PERSON}›", parent', "national-id", "take it out"),
    at("national-id-unquoted", FR, "name: Blåbær barnehage, parent", f"name: Blåbær barnehage, contact: ‹{SYNTHETIC_PERSON}›, parent", "national-id", "take it out"),
    at("national-id-with-a-blank", FR, "name: Blåbær barnehage, parent", "name: Blåbær barnehage, contact: ‹018190 10001›, parent", "national-id", "take it out"),
    at("national-id-with-a-dash", FR, "name: Blåbær barnehage, parent", "name: Blåbær barnehage, contact: ‹018190-10001›, parent", "national-id", "take it out"),
    at("national-id-as-a-key", FR, '"313000206":', f'"‹{SYNTHETIC_PERSON}›":', "national-id", "take it out"),
    at("national-id-in-a-comment", FR, "org_units:\n  BH", f"# spør ‹{SYNTHETIC_PERSON}›\norg_units:\n  BH", "national-id", "take it out"),
    at("secret", SETTINGS, "root_unit: TOPP", "root_unit: TOPP\n    ‹client_secret›: hemmelig123", "secret-in-config", "websakctl auth login"),
    at("secret-in-braces", SETTINGS, "  test:", '  prod: {base_url: "https://a.invalid", ‹client_secret›: hemmelig123}\n  test:', "secret-in-config", "websakctl auth login"),
    at("secret-on-the-next-line", SETTINGS, "root_unit: TOPP", "root_unit: TOPP\n    ‹client_secret›:\n      hemmelig123", "secret-in-config", "websakctl auth login"),
    at("password-in-norwegian", FR, "name: Blåbær barnehage, parent", "name: Blåbær barnehage, ‹passord›: hemmelig123, parent", "secret-in-config", "websakctl auth login"),
    at("secret-in-an-address", SETTINGS, "https://websak-test.example.invalid", "https://‹bruker:hemmelig123›@websak-test.example.invalid", "secret-in-config", "websakctl auth login"),
    at("private-key", FR, "name: Blåbær barnehage, parent", 'name: Blåbær barnehage, contact: "‹-----BEGIN PRIVATE KEY-----›", parent', "secret-in-config", "websakctl auth login"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_is_one_finding_at_the_value(mistake: Mistake, house: Callable[..., Any]) -> None:
    if mistake.name == "file-beside-the-folders":
        repository = house({"districts/grorud.yaml": "‹›district: {}\n"})
    else:
        repository = house({mistake.file: (mistake.old, mistake.new)})
    config = repository.load()
    assert repository.found() == [(mistake.rule, repository.marks[0])]
    (finding,) = config.findings
    assert finding.help
    assert mistake.help in finding.help
    assert mistake.says in finding.message
    assert config.valid is (finding.severity == "warning")


def test_the_house_itself_is_in_order(house: Callable[..., Any]) -> None:
    repository = house({})
    config = repository.load()
    assert config.findings == []
    assert {str(a) for a in config.state} >= {
        "org_unit/frogner/FR-BH-EN",
        "sub_org/alna/313000214",
        "case_type/base/PERS",
    }


@pytest.mark.parametrize(
    "mistake", [m for m in MISTAKES if m.rule in ("national-id", "secret-in-config")], ids=lambda mistake: mistake.name
)
def test_what_must_not_get_out_is_not_printed(
    mistake: Mistake, house: Callable[..., Any], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("WEBSAKCTL_")]:
        monkeypatch.delenv(name)
    repository = house({mistake.file: (mistake.old, mistake.new)})
    for style in ("text", "json", "sarif", "junit", "github"):
        assert run(["validate", "--format", style, "--root", str(repository.root)]) == 3
    reported = "".join(capfd.readouterr())
    assert reported.count(mistake.rule) >= 5
    for secret in (SYNTHETIC_PERSON, "10001", "hemmelig123"):
        assert secret not in reported
