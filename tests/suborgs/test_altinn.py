"""``suborgs check altinn`` and its gate: who can read each number's mail, as an export shows it; two of each package, at work."""

import json
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli, write_files
from websakctl.operations.rollout.altinn_evidence import read_proof
from websakctl.operations.rollout.view import view_rollout
from websakctl.source.load import load_configuration

from .conftest import ROUTES

FROGNER, SAGENE, MAIN = "874778702", "974778726", "958935420"
UNIT = "975016684"  # Frogner barnehage
ORDINARY = "urn:altinn:accesspackage:ordinaerposttilvirksomheten"
CONFIDENTIAL = "urn:altinn:accesspackage:posttilvirksomhetenmedtaushetsbelagtinnhold"
HEAD = "Organisasjonsnummer;Tilgangspakke;Person"
KARI, OLA = "Kari Nordmann", "Ola Nordmann"
NATIONAL_ID = "01017000027"  # synthetic: the check digits are right, and nobody has it
USERS = """\
users:
  KARNOR: {name: Kari Nordmann, role: CASEWORKER, unit: OPPV, username: karnor, email: a@example.org}
  OLANOR: {name: Ola Nordmann, role: CASEWORKER, unit: OPPV, username: olanor, email: b@example.org}
"""
FILES = {
    **ROUTES,
    "config/gates.yaml": "gates:\n  ALTINN: {name: Lesere i Altinn, check: altinn-access}\n",
    "config/roles.yaml": 'user_roles:\n  CASEWORKER: {name: Saksbehandler, template_id: "1"}\n',
    "users/frogner.yaml": USERS,
}
RECORD = ("--on", "2026-01-05", "--by", "Arkivleder", "--record")


def everyone(orgnr: str, *names: str) -> list[str]:
    return [f"{orgnr};{package};{name}" for package in (ORDINARY, CONFIDENTIAL) for name in names]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(write_files(tmp_path / "repo", FILES))


def export(cli: Cli, *lines: str, head: str = HEAD) -> None:
    (cli.root / "export.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")


def check(cli: Cli, *args: str, code: int = 0, district: str = "frogner") -> Any:
    asked = ("suborgs", "check", "altinn", "--file", "export.csv", "--district", district, "-f", "json")
    return cli(*asked, *args, code=code).json


def lacks(result: Any) -> list[tuple[str, str, str]]:
    return [(a["orgnr"], a["package"], "; ".join(a["problems"] + a["doubts"])) for a in result["access"] if a["problems"] or a["doubts"]]  # fmt: skip


def gate(cli: Cli, day: str = "2026-01-10", district: str = "frogner") -> tuple[str, str]:
    """What the gate stands at on a day, and why."""
    today = date.fromisoformat(day)
    config = load_configuration(cli.root, today)
    view = view_rollout(config, today, altinn=read_proof(cli.root, config, today))
    (verdict,) = [v for b in view.batches for d in b.districts if d.slug == district for v in d.verdicts]
    return verdict.state.value, "; ".join(verdict.why)


def test_a_delegation_at_the_district_covers_its_units_and_one_at_the_main_unit_covers_nothing(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA))
    result = check(cli, "--detailed-exitcode")
    assert result["ok"] and result["complete"] and lacks(result) == []
    assert {a["orgnr"] for a in result["access"]} == {FROGNER, UNIT}
    export(cli, *everyone(MAIN, KARI, OLA))
    result = check(cli, "--detailed-exitcode", code=2)
    assert {what for _, _, what in lacks(result)} == {"nobody holds the access package"}
    assert len(lacks(result)) == 4 and result["at_main_number"] == 4
    export(cli, *everyone(UNIT, KARI, OLA))  # nor does one at a unit reach the district above it
    assert {orgnr for orgnr, _, _ in lacks(check(cli))} == {FROGNER}


def test_each_package_needs_two_holders_of_its_own(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA)[:3])
    assert lacks(check(cli)) == [
        (number, CONFIDENTIAL, "1 can read it, and 2 are needed") for number in sorted([FROGNER, UNIT])
    ]


def test_the_same_person_twice_is_one_holder(cli: Cli) -> None:
    rows = [row for name in (KARI, "NORDMANN, KARI", "Kari  Nordmann") for row in everyone(FROGNER, name)]
    export(cli, *rows, *everyone(UNIT, KARI))
    assert {what for _, _, what in lacks(check(cli))} == {"1 can read it, and 2 are needed"}


def test_who_is_no_listed_user_may_have_left(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, "Per Ukjent"))
    (first, *_) = lacks(check(cli, "--detailed-exitcode", code=2))
    assert first[2].startswith("1 of its holders cannot be found among the listed users")


@pytest.mark.parametrize(
    ("days", "what"),
    [
        ("valid_to: 2026-01-01", "1 of its holders left: take the access back in Altinn"),
        ("valid_to: 2099-01-15", "1 of its holders can read it to 2099-01-15 only, and PULJE-2 is live on 2099-02-02"),
        ("leave: {first_day: 2026-01-01}", "1 can read it, and 2 are needed (1 on leave)"),
    ],
)
def test_a_holder_who_leaves_or_is_away(cli: Cli, days: str, what: str) -> None:
    (cli.root / "users/sagene.yaml").write_text(USERS.replace("b@example.org", f"b@example.org, {days}").replace("NOR:", "NOR2:").replace("username: ", "username: s"), encoding="utf-8")  # fmt: skip
    (cli.root / "users/frogner.yaml").unlink()
    export(cli, *everyone(SAGENE, KARI, OLA))
    assert what in lacks(check(cli, district="sagene"))[0][2]


def test_no_evidence_is_not_passed_and_evidence_is(cli: Cli) -> None:
    assert gate(cli) == ("fail", "no export of Altinn's access management is recorded")
    export(cli, *everyone(FROGNER, KARI, OLA))
    check(cli)
    assert gate(cli)[0] == "fail", "looking is not recording"
    assert check(cli, *RECORD)["recorded"] == "users/altinn-access.json"
    assert stat.S_IMODE((cli.root / "users/altinn-access.json").stat().st_mode) == 0o600
    assert gate(cli) == ("pass", "2 numbers: both access packages have holders (Arkivleder, 2026-01-05)")
    assert gate(cli, district="sagene")[0] == "fail"  # another district's holders are not theirs
    assert "the export is " in cli("rollout", "check", "PULJE-1", "--offline", code=4).out  # days old


def test_evidence_grows_old(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA))
    check(cli, *RECORD)
    assert gate(cli, "2026-04-05")[0] == "pass"
    assert gate(cli, "2026-04-06") == ("fail", "the export is 91 days old (2026-01-05), and 90 are allowed")
    cli.edit("config/websak.yaml", "organisation:", "altinn: {max_age_days: 120}\norganisation:")
    assert gate(cli, "2026-04-06")[0] == "pass"
    assert gate(cli, "2026-01-04") == ("fail", "the export is said to be of 2026-01-05, which has not come")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("email: b@example.org", "email: b@example.org, valid_to: 2026-01-09"),
        ("  OLANOR: {name: Ola Nordmann, role: CASEWORKER, unit: OPPV, username: olanor, email: b@example.org}\n", ""),
    ],
    ids=["last-day", "no-longer-listed"],
)
def test_a_holder_who_left_since_closes_the_gate(cli: Cli, old: str, new: str) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA))
    check(cli, *RECORD)
    cli.edit("users/frogner.yaml", old, new)
    state, why = gate(cli)
    assert state == "fail" and "1 of its holders left: take the access back in Altinn" in why
    assert "Nordmann" not in why


@pytest.mark.parametrize("text", ["", "{", '{"format_version": 1}', "[]", '{"format_version": 9, "evidence": {"taken_on": "2026-01-05", "taken_by": "A", "rows": 0, "unread": 0, "holdings": []}}', '{"format_version": 1, "evidence": {"taken_on": "snart", "taken_by": "A", "rows": 0, "unread": 0, "holdings": []}}'])  # fmt: skip
def test_evidence_that_is_not_whole_proves_nothing(cli: Cli, text: str) -> None:
    (cli.root / "users/altinn-access.json").write_text(text, encoding="utf-8")
    assert gate(cli)[0] == "fail" and "users/altinn-access.json" in gate(cli)[1]


def test_a_number_whose_confidential_mail_nobody_is_said_to_read(cli: Cli) -> None:
    (cli.root / "users/sagene.yaml").write_text(USERS.replace("NOR:", "NOR2:").replace("username: ", "username: s"), encoding="utf-8")  # fmt: skip
    (cli.root / "users/frogner.yaml").unlink()
    export(cli, *everyone(SAGENE, KARI, OLA))
    (only,) = lacks(check(cli, district="sagene"))
    assert only == ("975016528", CONFIDENTIAL, "nobody is said to read it: confidential_readers names no role")
    cli.edit("districts/sagene/sub_orgs.yaml", "readers: [Styrer]", "readers: [Styrer], confidential_readers: [Styrer]")
    assert lacks(check(cli, district="sagene")) == []
    assert cli("suborgs", "-f", "json", "--arrives", "dokulink").json["routes"]


def test_columns_in_another_order_other_words_and_norwegian_package_names(cli: Cli) -> None:
    rows = [
        f"Annet;Ola;{name};31.12.2099;NO {FROGNER[:3]} {FROGNER[3:6]} {FROGNER[6:]} MVA;{first} Nordmann"
        for name in ("Ordinær post til virksomheten", "Post til virksomheten med taushetsbelagt innhold")
        for first in ("Kari", "Ola")
    ]
    export(cli, *rows, head="Kommentar;Gitt av;Tilgangspakke;Gyldig til;Orgnr;Navn")
    result = check(cli)
    assert result["ok"] and result["unknown_columns"] == ["Kommentar", "Gitt av"]
    export(cli, *(row.replace("2099", "2025") for row in rows), head="Kommentar;Gitt av;Tilgangspakke;Gyldig til;Orgnr;Navn")  # fmt: skip
    assert {what for _, _, what in lacks(check(cli))} == {"nobody holds the access package any more, 2 ended"}


def test_what_is_not_counted_is_counted_and_named(cli: Cli) -> None:
    export(
        cli, *everyone(FROGNER, KARI, OLA), f"313000109;{ORDINARY};{KARI}", f"975291294;{ORDINARY};{KARI}",
        f"{FROGNER};Lønn og personal;{KARI}", f"{FROGNER};Post/arkiv;{KARI}", f"{FROGNER};Taushetsbelagt post;{KARI}",
    )  # fmt: skip
    result = check(cli)
    assert result["unknown_numbers"] == {"975291294": 1}
    assert result["other_packages"] == {"Lønn og personal": 1} and result["roles_of_altinn_2"] == 2
    shown = cli("suborgs", "check", "altinn", "--file", "export.csv").out
    assert "1 row at numbers that the config does not have: 975291294 (1)" in shown
    assert "2 rows of roles of Altinn 2" in shown


def test_half_a_file_is_incomplete_in_its_first_line_and_passes_no_gate(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA), f"{FROGNER};{ORDINARY[:30]}", f"97501668;{ORDINARY};{KARI}", f"{UNIT};{ORDINARY};")  # fmt: skip
    result = check(cli, *RECORD)
    assert (result["ok"], result["complete"], result["export"]["rows"], result["export"]["unread"]) == (False, False, 7, 3)  # fmt: skip
    assert len(result["unread"]) == 3
    shown = cli("suborgs", "check", "altinn", "--file", "export.csv").out
    assert "Incomplete: 3 of 7 rows of the export could not be read." in shown
    assert gate(cli) == ("unknown", "3 of 7 rows of the export could not be read")


def test_an_incomplete_export_replaces_a_complete_one_only_if_it_is_said(cli: Cli) -> None:
    kept = cli.root / "users/altinn-access.json"
    half = (*everyone(FROGNER, KARI, OLA), f"{FROGNER};{ORDINARY[:30]}")
    export(cli, *half)
    check(cli, *RECORD)
    check(cli, *RECORD)  # nothing is lost by one half for another
    export(cli, *everyone(FROGNER, KARI, OLA))
    check(cli, *RECORD)
    complete = kept.read_text(encoding="utf-8")
    export(cli, *half)
    refused = cli("suborgs", "check", "altinn", "--file", "export.csv", *RECORD, code=4)
    assert "1 of 5 rows of the export could not be read" in refused.err and "--force" in refused.err
    assert kept.read_text(encoding="utf-8") == complete
    check(cli, *RECORD, "--force")
    assert gate(cli)[0] == "unknown"


def test_what_to_do_next_is_said(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, "Per Ukjent"))
    look = ("suborgs", "check", "altinn", "--file", "export.csv", "--district")
    assert "websakctl attest ALTINN DISTRICT" in cli(*look, "frogner").out
    assert "record a new export with --record --on DATE --by ROLE" in cli(*look, "sagene").out
    export(cli)
    nothing = cli(*look, "frogner", code=3).err
    assert "there is no row below the headers" in nothing
    assert not [line for line in nothing.splitlines() if line.strip() == "help:"]


def test_the_gate_names_a_command_that_records(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI))
    check(cli, *RECORD)
    today = date(2026, 1, 10)
    config = load_configuration(cli.root, today)
    view = view_rollout(config, today, altinn=read_proof(cli.root, config, today))
    (verdict,) = [v for b in view.batches for d in b.districts if d.slug == "frogner" for v in d.verdicts]
    assert all(word in str(verdict) for word in ("--record", "--on DATE", "--by ROLE", "--district frogner"))


@pytest.mark.parametrize("columns", ["60", "80"])
def test_a_narrow_table_keeps_who_is_not_known(cli: Cli, columns: str) -> None:
    export(cli, *everyone(FROGNER, KARI, "Per Ukjent"))
    shown = cli("suborgs", "check", "altinn", "--file", "export.csv", "--district", "frogner", env={"COLUMNS": columns})
    assert "not known" in shown.out and "at work" in shown.out


def test_national_identity_numbers_are_dropped_with_a_count_and_never_kept(cli: Cli) -> None:
    rows = [f"{row};{NATIONAL_ID};x" for row in everyone(FROGNER, KARI, OLA)]
    for header in ("Fødselsnummer", "Merknad"):
        export(cli, *rows, head=f"{HEAD};{header};Annet")
        done = cli("suborgs", "check", "altinn", "--file", "export.csv", "--names", *RECORD)
        assert f"4 cells of national identity numbers dropped, unread: the column '{header}'" in done.out
        kept = (cli.root / "users/altinn-access.json").read_text(encoding="utf-8")
        assert NATIONAL_ID not in done.out + done.err + kept and KARI in kept
    export(cli, f"{FROGNER};{ORDINARY};{KARI} {NATIONAL_ID}")
    done = cli("suborgs", "check", "altinn", "--file", "export.csv", *RECORD, code=3)
    assert "1 cell of this column holds a national identity number; nothing was taken" in done.err
    assert NATIONAL_ID not in done.out + done.err
    assert NATIONAL_ID not in (cli.root / "users/altinn-access.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("Organisasjonsnummer;Tilgangspakke;Merknad", "no column holds the name of who holds it"),
        ("Organisasjonsnummer;Annet;Person", "no column holds the access package"),
        ("A;B;C", "no row of headers"),
        ("Person;Tilgangspakke;Bruker", "no column holds the organisation number"),
    ],
)
def test_a_file_without_a_column_that_is_needed_is_refused(cli: Cli, head: str, said: str) -> None:
    export(cli, *everyone(FROGNER, KARI), head=head)
    assert said in cli("suborgs", "check", "altinn", "--file", "export.csv", code=3).err


def test_settings_name_other_headers(cli: Cli) -> None:
    cli.edit("config/websak.yaml", "organisation:", "altinn: {columns: {holder: [Hvem]}}\norganisation:")
    export(cli, *everyone(FROGNER, KARI, OLA), head="Organisasjonsnummer;Tilgangspakke;Hvem")
    assert check(cli)["ok"]


def test_persons_are_named_only_on_demand(cli: Cli) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA), f"{FROGNER};{ORDINARY};{KARI} 2", f"{KARI};{ORDINARY};{OLA}")
    quiet = cli("suborgs", "check", "altinn", "--file", "export.csv")
    assert "Nordmann" not in quiet.out + quiet.err
    assert "Nordmann" not in json.dumps(check(cli))
    assert KARI in cli("suborgs", "check", "altinn", "--file", "export.csv", "--names").out
    assert check(cli, "--names")["access"][0]["names"] == [KARI, OLA]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--record",), 64),
        (("--record", "--on", "2026-01-05"), 64),
        (("--record", "--on", "2099-01-05", "--by", "Arkivleder"), 64),
        (("--district", "frogne"), 64),
        (("--file", "nowhere.csv"), 64),
    ],
)
def test_a_wrong_command_line(cli: Cli, args: tuple[str, ...], code: int) -> None:
    export(cli, *everyone(FROGNER, KARI, OLA))
    cli("suborgs", "check", "altinn", "--file", "export.csv", *args, code=code)
    assert not (cli.root / "users/altinn-access.json").exists()


def test_an_old_role_of_altinn_2_among_the_readers_is_told_what_to_write(cli: Cli) -> None:
    cli.edit("districts/sagene/sub_orgs.yaml", "readers: [Styrer]", "readers: [Styrer, Post/arkiv]")
    (finding,) = [d for d in cli("validate", "-f", "json").json["diagnostics"] if d["rule"] == "reader-is-altinn-role"]
    assert finding["severity"] == "warning" and finding["line"] == 2
    assert "closed on 19 June 2026" in finding["message"] and "suborgs check altinn" in finding["help"]
