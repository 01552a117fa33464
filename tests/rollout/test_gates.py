"""Every gate: what passes it, what is in its way, what nobody knows; attestations, waivers and the order of gates."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.operations.rollout.view import RolloutView, view_rollout
from websakctl.plan.change import Action, Change, ManualStep, Plan
from websakctl.rollout.gates import Standing, Verdict
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

TODAY = date(2027, 1, 10)
MAIN = "874778702"
FILES = {
    "config/websak.yaml": 'organisation: {name: Oslo kommune, orgnr: "958935420"}\n',
    "config/units.yaml": "each_district:\n  org_units:\n    BYDEL: {name: '{district.name}'}\n    OPPV: {name: Oppvekst}\n",
    "config/roles.yaml": 'user_roles:\n  CASEWORKER: {name: Saksbehandler, template_id: "1", licences: [PLUS]}\n',
    "config/rollout.yaml": "rollout_batches:\n  P1: {name: Første, go_live: 2027-02-01, districts: [frogner]}\n"
    "licences:\n  PLUS: {product: Websak+, bought: 3, allotments: {frogner: 3}}\n",
    "config/mail.yaml": 'each_district:\n  sub_orgs:\n    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, '
    "channel: svarinn, arrives: svarinn}\n",
    "districts/frogner/district.yaml": f'district: {{name: Bydel Frogner, number: "05", orgnr: "{MAIN}", short_name: BFR, prefix: FR}}\n',
}
EMPTY = Plan(
    environment="sandbox",
    changes=(),
    groups=(),
    unchanged=0,
    unmanaged=(),
    manual=(),
    findings=(),
    warnings=(),
    digests=lambda: ("", ""),
)


def config(tmp_path: Path, gate: str, attested: str = "", **files: str) -> Configuration:
    """A repository with one gate (or several lines of them), and what is attested in Frogner."""
    written = {**FILES, "config/gates.yaml": f"gates:\n  {gate}\n"}
    if attested:
        written["districts/frogner/attested.yaml"] = f"attestations:\n  {attested}\n"
    written |= {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = load_configuration(tmp_path, TODAY)
    assert result.valid, [str(f.message) for f in result.findings]
    return result


def look(
    found: Configuration, plan: Plan | None = EMPTY, live: State | None = None, users: State | None = None
) -> RolloutView:
    asked = plan is not None
    return view_rollout(
        found, TODAY, live=(live or {}) if asked else None, users=(users or {}) if asked else None, plan=plan
    )


def verdicts(found: Configuration, plan: Plan | None = EMPTY, users: State | None = None) -> dict[str, Verdict]:
    (district,) = look(found, plan, users=users).of("P1").districts
    return {v.gate: v for v in district.verdicts}


def judged(found: Configuration, plan: Plan | None = EMPTY, users: State | None = None) -> tuple[str, str]:
    """The only gate's state, and why."""
    (verdict,) = verdicts(found, plan, users).values()
    return verdict.state.value, "; ".join(verdict.why)


def users_file(*codes: str) -> str:
    people = (
        f"  {c}: {{name: {c}, role: CASEWORKER, unit: OPPV, username: {c}, email: {c}@example.org}}\n" for c in codes
    )
    return "users:\n" + "".join(people)


# --- org tree

ORG = "G1: {name: Tre, check: org-tree}"


def test_a_tree_that_websak_has_is_passed(tmp_path: Path) -> None:
    assert judged(config(tmp_path, ORG)) == ("pass", "2 units, all in Websak")


def test_a_tree_that_is_not_made_yet_is_confirmed_by_people_or_not_at_all(tmp_path: Path) -> None:
    new = Change(address=Address("org_unit", "frogner", "FR-OPPV"), action=Action.CREATE, fields=(), reason="")
    planned = replace(EMPTY, changes=(new,))
    assert judged(config(tmp_path / "a", ORG), planned) == (
        "unknown",
        "1 of 2 units are not in Websak as the config has them, and nobody has attested the tree",
    )
    attested = config(tmp_path / "b", ORG, "G1: {by: Arkivar, on: 2027-01-05, evidence: sak 27/3}")
    assert judged(attested, planned) == ("pass", "Arkivar, 2027-01-05: sak 27/3")


def test_a_unit_that_only_websak_knows_is_in_the_way(tmp_path: Path) -> None:
    plan = replace(EMPTY, unmanaged=(Address("org_unit", "frogner", "FR-X"), Address("org_unit", "sagene", "SA-X")))
    assert judged(config(tmp_path, ORG), plan) == ("fail", "in Websak and not in the config: org_unit/frogner/FR-X")


def test_a_tree_is_unknown_while_websak_is_not_asked(tmp_path: Path) -> None:
    assert judged(config(tmp_path, ORG), None) == ("unknown", "Websak was not asked")


def test_a_district_without_units_fails(tmp_path: Path) -> None:
    result = config(tmp_path, ORG, config__units="each_district: {}\n", config__mail="each_district: {}\n")
    assert judged(result) == ("fail", "the config has no unit of the district")


# --- users and licences

USERS = "G1: {name: Brukere, check: users}"
SEATS = "G1: {name: Lisenser, check: licences}"


def test_users_are_counted_by_role(tmp_path: Path) -> None:
    assert judged(config(tmp_path, USERS, users__frogner=users_file("A", "B"))) == ("pass", "2 users: 2 CASEWORKER")


def test_a_district_that_lists_nobody_fails(tmp_path: Path) -> None:
    assert judged(config(tmp_path, USERS)) == ("fail", "no user is listed")


def test_seats_that_suffice(tmp_path: Path) -> None:
    assert judged(config(tmp_path, SEATS, users__frogner=users_file("A", "B", "C")))[0] == "pass"


def test_seats_that_lack_are_named_with_pool_and_number(tmp_path: Path) -> None:
    state, why = judged(config(tmp_path, SEATS, users__frogner=users_file("A", "B", "C", "D", "E")))
    assert state == "fail"
    assert why == "PLUS: 2 seats missing once P1 is live; PLUS: 2 seats missing of the district's allotment"


@pytest.mark.parametrize(
    ("plan", "listed", "why"),
    [(None, ("A",), "Websak was not asked"), (EMPTY, (), "no users are listed, so the need is not known")],
    ids=["offline", "no-list"],
)
def test_seats_nobody_can_count_are_unknown(
    tmp_path: Path, plan: Plan | None, listed: tuple[str, ...], why: str
) -> None:
    files = {"users__frogner": users_file(*listed)} if listed else {}
    assert judged(config(tmp_path, SEATS, **files), plan) == ("unknown", why)


def test_users_of_no_known_role_may_take_the_last_seats(tmp_path: Path) -> None:
    result = config(tmp_path, SEATS, users__frogner=users_file("A", "B"))
    strangers = {a: Resource(address=a, fields={"role": None}) for a in (Address("user", "frogner", c) for c in "XY")}
    assert judged(result, users=strangers) == (
        "unknown",
        "PLUS: 2 active users of no known role may take the last seats",
    )


def test_users_beside_the_districts_take_no_district_s_seat(tmp_path: Path) -> None:
    result = config(tmp_path, SEATS, users__frogner=users_file("A", "B", "C"))
    system = Address("user", "base", "SYS")
    assert judged(result, users={system: Resource(address=system, fields={"role": None})})[0] == "pass"


def test_without_a_pool_nobody_knows(tmp_path: Path) -> None:
    text = "rollout_batches:\n  P1: {name: Første, go_live: 2027-02-01, districts: [frogner]}\n"
    roles = 'user_roles:\n  CASEWORKER: {name: Saksbehandler, template_id: "1"}\n'
    assert judged(config(tmp_path, SEATS, config__rollout=text, config__roles=roles))[0] == "unknown"


# --- mail

MAIL = "G1: {name: Post, check: mail-routes}"
NUMBER = "G1: {name: Hovednummer, check: main-number}"


SCHOOL = '  "975016684": {name: Barnehage, unit: OPPV, channel: svarinn, arrives: svarinn%s}\n'


def test_every_number_with_a_route_passes(tmp_path: Path) -> None:
    text = f"sub_orgs:\n{SCHOOL % ''}"
    users = users_file("A").replace("unit: OPPV", "unit: OPPV, distributes: [BYDEL, OPPV]")
    assert judged(config(tmp_path, MAIL, districts__frogner__numbers=text, users__frogner=users)) == (
        "pass",
        "2 numbers have a route",
    )


def test_a_route_ends_with_people(tmp_path: Path) -> None:
    text = f"sub_orgs:\n{SCHOOL % ''}"
    assert judged(config(tmp_path / "a", MAIL, districts__frogner__numbers=text)) == (
        "unknown",
        "no user is said to distribute the mail of FR-BYDEL, FR-OPPV",
    )
    users = users_file("A").replace("unit: OPPV", "unit: OPPV, distributes: [BYDEL]")
    assert judged(config(tmp_path / "b", MAIL, districts__frogner__numbers=text, users__frogner=users)) == (
        "fail",
        "975016684 Barnehage: no distributor: no user passes on the mail of FR-OPPV",
    )


@pytest.mark.parametrize(
    ("group", "said", "state"), [(None, "", "fail"), (None, ", mail_group: POST", "pass"), ("Post", "", "pass")]
)
def test_a_unit_without_a_mail_group_lets_no_mail_through(
    tmp_path: Path, group: str | None, said: str, state: str
) -> None:
    files = {
        "districts__frogner__numbers": f"sub_orgs:\n{SCHOOL % ''}\naccess_groups: {{POST: {{}}}}\n",
        "config__units": FILES["config/units.yaml"].replace("}'}", f"}}'{said}}}").replace("vekst}", f"vekst{said}}}"),
        "users__frogner": users_file("A").replace("unit: OPPV", "unit: OPPV, distributes: [BYDEL, OPPV]"),
    }
    live = {
        a: Resource(address=a, fields={"mail_group": group, "external_id": a.key})
        for a in (Address("org_unit", "frogner", key) for key in ("FR-BYDEL", "FR-OPPV"))
    }
    (district,) = look(config(tmp_path, MAIL, **files), live=live).of("P1").districts
    assert [v.state.value for v in district.verdicts] == [state]


def test_a_district_that_lists_none_of_its_sub_units_does_not_say_that_all_have_a_route(tmp_path: Path) -> None:
    assert judged(config(tmp_path, MAIL)) == (
        "unknown",
        "only the district's own number is listed, none of its sub-units'",
    )


def test_a_number_with_a_hole_is_named(tmp_path: Path) -> None:
    text = 'sub_orgs:\n  "975016684": {name: Barnehage, channel: altinn, readers: [Styrer], arrives: dokulink}\n'
    state, why = judged(config(tmp_path, MAIL, districts__frogner__numbers=text))
    assert state == "fail"
    assert why.startswith("975016684 Barnehage: no daily routine")


def test_no_number_at_all_is_unknown(tmp_path: Path) -> None:
    assert judged(config(tmp_path, MAIL, config__mail="each_district: {}\n"))[0] == "unknown"


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        ("", f"{MAIN} has no route"),
        ("channel: altinn, readers: [Arkivar], daily_routine: Hver dag", f"{MAIN} is to go through altinn"),
        ("channel: svarinn, unit: BYDEL, arrives: dokulink", "its mail arrives through dokulink today"),
        ("channel: svarinn, unit: BYDEL", "its mail arrives through what nobody has said today"),
    ],
)
def test_a_main_number_that_is_not_in_svarinn_fails(tmp_path: Path, mail: str, why: str) -> None:
    text = (
        f'each_district:\n  sub_orgs:\n    "{{district.orgnr}}": {{name: N, {mail}}}\n'
        if mail
        else "each_district: {}\n"
    )
    assert judged(config(tmp_path, NUMBER, config__mail=text)) == ("fail", why)


def test_a_main_number_in_svarinn_passes(tmp_path: Path) -> None:
    assert judged(config(tmp_path, NUMBER)) == ("pass", f"{MAIN} arrives through SvarInn")


ORDERED = "R1: {name: Mottak}\n  G1: {name: Hovednummer, check: main-number, after: R1}"
READY = "R1: {by: Dokumentsenteret, on: 2027-01-05, evidence: sak 27/1}"


def test_a_number_registered_before_anybody_receives_is_a_danger(tmp_path: Path) -> None:
    verdict = verdicts(config(tmp_path, ORDERED))["G1"]
    assert verdict.state is Standing.FAIL
    assert verdict.why[0] == "it is so already, and R1 must come first, which is not passed (unknown)"


def test_a_number_registered_once_the_receiving_side_is_ready_passes(tmp_path: Path) -> None:
    assert verdicts(config(tmp_path, ORDERED, READY))["G1"].state is Standing.PASS


def test_the_days_are_compared_too(tmp_path: Path) -> None:
    text = FILES["config/mail.yaml"].replace("arrives: svarinn", "arrives: svarinn, valid_from: 2027-01-02")
    verdict = verdicts(config(tmp_path, ORDERED, READY, config__mail=text))["G1"]
    assert verdict.state is Standing.FAIL
    assert verdict.why[0] == "it is so since 2027-01-02, before R1 was passed (2027-01-05)"


def test_what_waits_for_another_gate_says_so(tmp_path: Path) -> None:
    result = verdicts(config(tmp_path, "R1: {name: Mottak}\n  G1: {name: Stengt, after: R1}"))["G1"]
    assert (result.state, result.why) == (Standing.UNKNOWN, ("nobody has attested it", "it waits for R1"))


# --- what people set up by hand


@pytest.mark.parametrize(
    ("check", "entry"),
    [
        ("committees", "committees:\n  BU: {name: Bydelsutvalget}\n"),
        ("old-base", "historical_bases:\n  SAK: {name: Gammel}\n"),
    ],
)
def test_what_is_set_by_hand_is_passed_once_nothing_is_left(tmp_path: Path, check: str, entry: str) -> None:
    gate = f"G1: {{name: X, check: {check}}}"
    result = config(tmp_path, gate, districts__frogner__x=entry)
    (address,) = (a for a in result.state if a.kind in ("committee", "historical_base"))
    assert judged(result) == ("pass", "1 set up")
    left = replace(EMPTY, manual=(ManualStep(address=address, what="set it by hand"),))
    assert judged(result, left) == ("fail", f"not set up: {address.key}")
    assert judged(result, None)[0] == "unknown"


@pytest.mark.parametrize("check", ["committees", "old-base", "publishing"])
def test_what_the_config_does_not_tell_is_for_people_to_attest(tmp_path: Path, check: str) -> None:
    gate = f"G1: {{name: X, check: {check}}}"
    assert judged(config(tmp_path, gate))[0] == "unknown"
    assert judged(config(tmp_path, gate, "G1: {by: Arkivar, on: 2027-01-05, evidence: sak 27/2}"))[0] == "pass"


def test_publishing_tells_what_is_published_by_itself(tmp_path: Path) -> None:
    text = "case_types:\n  STOEY: {name: Støy, series: SAK, ordering_principle: emne, retention: B, publish: true}\n"
    assert judged(config(tmp_path, "G1: {name: X, check: publishing}", config__types=text))[1].endswith(
        "by themselves: STOEY"
    )


# --- attestations and waivers

TRAINING = "G1: {name: Opplæring}"
WAIVER = "G1: {waived: {by: Prosjekteier, why: Kurset er flyttet, until: %s}}"


def test_what_nobody_has_attested_is_unknown_and_not_passed(tmp_path: Path) -> None:
    verdict = verdicts(config(tmp_path, TRAINING))["G1"]
    assert verdict.state is Standing.UNKNOWN
    assert verdict.next == "attest it, with date and evidence"
    assert verdict.how == "in districts/frogner/, under attestations: G1"


def test_who_when_and_evidence_pass_it(tmp_path: Path) -> None:
    result = config(tmp_path, TRAINING, "G1: {by: Kursleder, on: 2027-01-05, evidence: 'https://example.org/1'}")
    assert judged(result) == ("pass", "Kursleder, 2027-01-05: https://example.org/1")


@pytest.mark.parametrize(
    ("said", "lacks"),
    [("by: A, on: 2027-01-05", "evidence"), ("evidence: x", "by, on"), ("by: A, evidence: x", "on")],
)
def test_half_an_attestation_passes_nothing(tmp_path: Path, said: str, lacks: str) -> None:
    state, why = judged(config(tmp_path, TRAINING, f"G1: {{{said}}}"))
    assert (state, why) == ("unknown", f"the attestation does not say {lacks}; nobody has attested it")


def test_what_is_attested_from_tomorrow_is_not_yet_so(tmp_path: Path) -> None:
    assert judged(config(tmp_path, TRAINING, "G1: {by: A, on: 2027-01-11, evidence: x}"))[0] == "unknown"


def test_an_attestation_never_overrules_what_the_tool_finds(tmp_path: Path) -> None:
    assert judged(config(tmp_path, USERS, "G1: {by: A, on: 2027-01-05, evidence: x}")) == ("fail", "no user is listed")


@pytest.mark.parametrize("gate", [TRAINING, USERS], ids=["attested", "automatic"])
def test_a_waiver_lets_through_until_its_day(tmp_path: Path, gate: str) -> None:
    state, why = judged(config(tmp_path, gate, WAIVER % "2027-01-10"))
    assert state == "waived"
    assert why.startswith("waived by Prosjekteier until 2027-01-10: Kurset er flyttet")


@pytest.mark.parametrize(("gate", "state"), [(TRAINING, "unknown"), (USERS, "fail")])
def test_a_waiver_that_has_ended_lets_nothing_through(tmp_path: Path, gate: str, state: str) -> None:
    now, why = judged(config(tmp_path, gate, WAIVER % "2027-01-09"))
    assert now == state
    assert why.startswith("its waiver ended on 2027-01-09")


def test_a_gate_says_what_to_do_next_in_its_own_words(tmp_path: Path) -> None:
    assert verdicts(config(tmp_path, "G1: {name: X, next: Hold kurset}"))["G1"].next == "Hold kurset"


def test_a_gate_that_is_passed_leaves_nothing_to_do(tmp_path: Path) -> None:
    assert verdicts(config(tmp_path, NUMBER))["G1"].next == ""


# --- examples

EXAMPLES = {
    ORG: ("config__units", FILES["config/units.yaml"].replace("BYDEL: {", "BYDEL: {status: example, ")),
    SEATS: ("config__rollout", FILES["config/rollout.yaml"].replace("bought: 3", "status: example, bought: 3")),
    MAIL: ("districts__frogner__numbers", f"sub_orgs:\n{SCHOOL % ', status: example'}"),
    NUMBER: (
        "config__mail",
        FILES["config/mail.yaml"].replace("arrives: svarinn", "arrives: svarinn, status: example"),
    ),
    "G1: {name: X, check: committees}": ("districts__frogner__x", "committees:\n  BU: {name: BU, status: example}\n"),
    "G1: {name: X, check: old-base}": ("districts__frogner__x", "historical_bases:\n  S: {name: S, status: example}\n"),
    "G1: {name: X, match: \"routes[?arrives=='paper'].orgnr\"}": (
        "districts__frogner__numbers",
        f"sub_orgs:\n{SCHOOL % ', status: example'}",
    ),
    "G1: {name: X, match: \"resources[?kind=='org_unit' && fields.name=='NAV']\"}": (
        "config__units",
        FILES["config/units.yaml"].replace("OPPV: {", "OPPV: {status: example, "),
    ),
}


@pytest.mark.parametrize("gate", EXAMPLES)
def test_example_data_passes_no_gate_until_somebody_attests_or_waives_it(tmp_path: Path, gate: str) -> None:
    place, text = EXAMPLES[gate]
    users = {"users__frogner": users_file("A").replace("unit: OPPV", "unit: OPPV, distributes: [BYDEL, OPPV]")}
    confirmed = config(
        tmp_path / "a", gate, **{place: text.replace("status: example, ", "").replace(", status: example", "")}, **users
    )
    assert judged(confirmed)[0] == "pass"
    state, why = judged(config(tmp_path / "b", gate, **{place: text}, **users))
    assert state == "example"
    assert re.search(r"(\b1 of \d+ is an example|\d+ of \d+ are examples)$", why)
    attested = "G1: {by: A, on: 2027-01-05, evidence: x}"
    assert judged(config(tmp_path / "c", gate, attested, **{place: text}, **users))[0] == "pass"
    assert judged(config(tmp_path / "d", gate, WAIVER % "2027-02-01", **{place: text}, **users))[0] == "waived"


def test_what_is_wrong_with_an_example_is_told_as_wrong(tmp_path: Path) -> None:
    text = 'sub_orgs:\n  "975016684": {name: Barnehage, channel: altinn, readers: [Styrer], arrives: dokulink, status: example}\n'
    state, why = judged(config(tmp_path, MAIL, districts__frogner__numbers=text))
    assert state == "fail"
    assert why.startswith("975016684 Barnehage: no daily routine")
    assert why.endswith("1 of 2 is an example")


def test_an_example_elsewhere_concerns_no_other_district_and_no_other_gate(tmp_path: Path) -> None:
    sagene = 'district: {name: Bydel Sagene, number: "03", orgnr: "974778726", short_name: BSA, prefix: SA}\n'
    units = "org_units:\n  X: {name: X, status: example}\n"
    two = f"{ORG}\n  G2: {{name: Hovednummer, check: main-number}}"
    result = config(tmp_path, two, districts__sagene__district=sagene, districts__sagene__units=units)
    assert {v.state for v in verdicts(result).values()} == {Standing.PASS}


# --- gates without code


@pytest.mark.parametrize(
    ("expression", "state", "why"),
    [
        ("resources[?kind=='org_unit' && fields.name=='Oppvekst']", "fail", "org_unit/frogner/FR-OPPV"),
        ("resources[?kind=='org_unit' && fields.name=='NAV']", "pass", "its expression finds nothing in the way"),
        ("seats.PLUS.allotted < `5`", "fail", "Få lisenser"),
        ("batch.go_live == '2027-02-02'", "pass", "its expression finds nothing in the way"),
        ("routes[].orgnr", "fail", MAIN),
        ("shared[?kind=='licence' && live==null].key", "fail", "PLUS"),
        ("district.name", "unknown", "its expression gives str, not a list, true or false"),
        ("length(`1`)", "unknown", "its expression cannot be judged: "),
        ("length(unmanaged)", "unknown", "its expression gives int, not a list, true or false"),
        ("resurces[?kind == 'x']", "unknown", "its expression cannot be judged: there is no resurces"),
    ],
)
def test_an_expression_finds_what_is_in_the_way(tmp_path: Path, expression: str, state: str, why: str) -> None:
    now, reported = judged(config(tmp_path, f'G1: {{name: Få lisenser, match: "{expression}"}}'))
    assert now == state
    assert reported.startswith(why)


def test_an_expression_that_is_none_is_found_by_validate(tmp_path: Path) -> None:
    for name, text in {**FILES, "config/gates.yaml": "gates:\n  G1: {name: X, match: '[?'}\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (finding,) = load_configuration(tmp_path, TODAY).findings
    assert (finding.code, finding.at.file, finding.at.line) == ("bad-value", "config/gates.yaml", 2)
    assert "JMESPath" in finding.message


def test_an_attestation_of_a_gate_that_is_not_declared_is_found_by_validate(tmp_path: Path) -> None:
    config(tmp_path, "OPPLAERING: {name: X}")
    path = tmp_path / "districts/frogner/attested.yaml"
    path.write_text("attestations:\n  OPPLARING: {by: A, on: 2027-01-05, evidence: x}\n", encoding="utf-8")
    (finding,) = load_configuration(tmp_path, TODAY).findings
    assert (finding.code, finding.at.line, finding.help) == ("unknown-reference", 2, "did you mean OPPLAERING?")


def test_the_same_gate_is_attested_in_several_districts(tmp_path: Path) -> None:
    sagene = 'district: {name: Bydel Sagene, number: "03", orgnr: "974778726", short_name: BSA, prefix: SA}\n'
    given = "attestations:\n  G1: {by: A, on: 2027-01-05, evidence: x}\n"
    config(
        tmp_path,
        TRAINING,
        "G1: {by: A, on: 2027-01-05, evidence: x}",
        districts__sagene__district=sagene,
        districts__sagene__x=given,
    )


# --- a batch


def test_a_batch_is_ready_when_every_gate_lets_it_through(tmp_path: Path) -> None:
    assert look(config(tmp_path / "a", NUMBER)).of("P1").ready
    assert not look(config(tmp_path / "b", TRAINING)).of("P1").ready


def test_a_batch_that_is_in_is_live_from_its_day_and_no_other_ever_is(tmp_path: Path) -> None:
    past = FILES["config/rollout.yaml"].replace("2027-02-01", "2027-01-04")
    unit = Address("org_unit", "frogner", "FR-OPPV")
    live: State = {unit: Resource(address=unit, fields={})}
    left = replace(EMPTY, changes=(Change(address=unit, action=Action.UPDATE, fields=(), reason=""),))

    def state(folder: str, gate: str, text: str, plan: Plan | None = EMPTY, live: State = live) -> str:
        return look(config(tmp_path / folder, gate, config__rollout=text), plan, live).of("P1").state.value

    assert state("a", NUMBER, FILES["config/rollout.yaml"]) == "set up"
    assert state("b", NUMBER, past) == "live"
    assert state("c", NUMBER, past, left) == "late"  # not all of it is in Websak
    assert state("d", NUMBER, past, live={}) == "late"
    assert state("e", NUMBER, past, None) == "late"  # Websak was not asked
    assert state("f", TRAINING, past) == "late"
    assert state("g", NUMBER, FILES["config/rollout.yaml"], left) == "ready"
    assert state("h", TRAINING, FILES["config/rollout.yaml"]) == "not ready"


@pytest.mark.parametrize(
    "more",
    [", paused: true, pause_reason: Eierne}", ", districts: []}"],
    ids=["paused", "no-districts"],
)
def test_a_batch_that_is_paused_or_empty_is_not_ready(tmp_path: Path, more: str) -> None:
    given = FILES["config/rollout.yaml"].replace(
        ", districts: [frogner]}", more if "districts" in more else f", districts: [frogner]{more}"
    )
    view = look(config(tmp_path, NUMBER, config__rollout=given)).of("P1")
    assert not view.ready
    assert view.pause_reason == ("Eierne" if "paused" in more else None)


def test_without_gates_nothing_says_that_a_batch_is_ready(tmp_path: Path) -> None:
    result: Any = config(tmp_path, NUMBER, config__gates="gates: {}\n")
    assert not look(result).of("P1").ready
