"""Everything that is wrong is told in one run, in the order of the files, and nothing is done."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

WRONG = {
    "config/a_broken.yaml": "org_units: [\n",
    "config/b_empty.yaml": "",
    "config/c_bytes.yaml": "access_groups: {GRØNN: {}}\n".encode("latin-1"),
    "config/d_laughs.yaml": "\n".join(
        [
            "a0: &a0 [l, l, l, l, l, l, l, l, l, l]",
            *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)),
        ]
    ),
    "config/e_base.yaml": """\
access_codes:
  Q: {name: Annet, basis_chosen_per_case: true}
  Q: {name: Enda et}
case_types:
  SAK-1: {name: Sak, series: SAK, ordering_principle: emne, acces_code: P, retention: B}
  SAK-2: {name: Sak, series: 0301, ordering_principle: emne, access_code: PX, retention: B}
  SAK-3: {name: Sak, series: SAK, ordering_principle: emne, access_code: PX, retention: B}
""",
    "districts/alna/more.yaml": """\
org_units:
  RING-EN: {name: En, parent: RING-TO}
  RING-TO: {name: To, parent: RING-EN}
  NOE: {name: Noe, parent: INGEN}
sub_orgs:
  "313000207": {name: Feil siffer, unit: NOE, channel: svarinn}
  "313000206": {name: Frogners, unit: NOE, channel: svarinn}
""",
    "districts/frogner/district.yaml": """\
district:
  name: Bydel Frogner
  number: 05
  orgnr: "313000109"
  short_name: BFR
  prefix: FR
""",
}
EXPECTED = [
    "config/a_broken.yaml:1:13 yaml-syntax",
    "config/b_empty.yaml:1:1 empty-file",
    "config/c_bytes.yaml:1:19 not-utf8",
    "config/d_laughs.yaml:5:20 yaml-alias",
    "config/e_base.yaml:3:3 duplicate-key",
    "config/e_base.yaml:5:61 unknown-field",
    "config/e_base.yaml:6:30 unquoted-value",
    "config/e_base.yaml:6:75 unknown-reference",
    "config/e_base.yaml:7:74 unknown-reference",
    "districts/alna/more.yaml:2:31 reference-cycle",
    "districts/alna/more.yaml:4:28 unknown-reference",
    "districts/alna/more.yaml:6:3 orgnr-checksum",
    "districts/frogner/district.yaml:3:11 unquoted-value",
    "districts/frogner/units.yaml:4:3 orgnr-claimed-twice",
]


def test_all_findings_come_at_once_in_the_order_of_the_files(house: Callable[..., Any]) -> None:
    repository = house(WRONG)
    assert [f"{f.at} {f.code}" for f in repository.load().findings] == EXPECTED


def test_validate_tells_them_all_and_writes_nothing(house: Callable[..., Any]) -> None:
    repository = house(WRONG)
    before = repository.files()
    result = repository.validate("--format", "json")
    assert result.returncode == 3
    assert result.stderr == ""
    answer = json.loads(result.stdout)
    assert answer["valid"] is False
    assert [f"{d['file']}:{d['line']}:{d['column']} {d['rule']}" for d in answer["diagnostics"]] == EXPECTED
    assert all(d["message"] and d["help"] for d in answer["diagnostics"])
    assert repository.files() == before


@pytest.mark.parametrize("command", [["plan"], ["apply", "--auto-approve"], ["drift"], ["plan", "--format", "json"]], ids=" ".join)  # fmt: skip
def test_no_other_command_goes_on(command: list[str], house: Callable[..., Any]) -> None:
    repository = house(WRONG)
    before = repository.files()
    result = repository.run(*command)
    assert result.returncode == 3
    codes = [finding["code"] for finding in json.loads(result.stdout)["diagnostics"]] if "json" in command else []
    assert "config-invalid" in codes if "json" in command else result.stdout == ""
    assert all(expected.split()[0] in result.stderr for expected in EXPECTED)
    assert "Traceback" not in result.stderr
    assert repository.files() == before, "not even a state directory, a journal or a sandbox"


def test_the_same_mistake_in_the_skeleton_is_told_once(house: Callable[..., Any]) -> None:
    repository = house({"config/skeleton.yaml": ("{name: Oppvekst}", "{name: Oppvekst, postal_no: ‹0255›}")})
    assert repository.found() == [("unquoted-value", repository.marks[0])]


def test_what_a_file_says_for_all_its_entries_is_at_fault_there(house: Callable[..., Any]) -> None:
    numbers = '"313000303": {name: En}\n  "313000311": {name: To}\n'
    given = f"defaults:\n  sub_orgs: {{channel: svarinn, unit: ‹INGEN›}}\nsub_orgs:\n  {numbers}"
    repository = house({"districts/alna/more.yaml": given})
    assert repository.found() == [("unknown-reference", repository.marks[0])]


def test_a_default_of_the_wrong_type_is_told_once_where_it_stands(house: Callable[..., Any]) -> None:
    numbers = '"313000303": {name: En}\n  "313000311": {name: To}\n'
    given = f"defaults:\n  sub_orgs: {{channel: svarinn, level: ‹5›}}\nsub_orgs:\n  {numbers}"
    repository = house({"districts/alna/more.yaml": given})
    assert repository.found() == [("bad-value", repository.marks[0])]


def test_two_overrides_of_the_same_in_two_files(house: Callable[..., Any]) -> None:
    more = "overrides:\n  org_units:\n    ‹OPPV›: {address: Storgata 1, reason: Flyttet, owner: Staben}\n"
    repository = house({"districts/frogner/z.yaml": more})
    assert repository.found() == [("duplicate-resource", repository.marks[0])]
    (finding,) = repository.load().findings
    assert str(finding.related) == "districts/frogner/units.yaml:7:5"


def test_thousands_of_findings_take_no_time(house: Callable[..., Any]) -> None:
    lines = [f'  A{i}: {{name: X, contact: "01819010001", nmae: Y}}' for i in range(4000)]
    repository = house({"config/many.yaml": "\n".join(["org_units:", *lines])})
    began = time.process_time()
    result = repository.found()
    assert time.process_time() - began < 4
    assert len(result) == 8000
