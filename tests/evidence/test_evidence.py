"""The folder for an inspection: the same bytes anywhere, nobody's name, and every gap said in the first line."""

import json
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command_line import Cli
from tests.conftest import Sandbox
from tests.state.clones import BRANCH, KEY, Machines, config, publish
from tests.state.conftest import Remote, remote, seeded  # noqa: F401  # fixtures
from websakctl.apply.journal import Journal
from websakctl.cli.review import evidence as command
from websakctl.live.clock import SystemClock
from websakctl.model.address import Address
from websakctl.operations.review.sign_access import ENTRY

from .repository import CODE, FILES, FIRST, LATER, NAME, NUMBER, begin, commit, everything, git, make, rows, written

LATER_DAY = """\
import datetime
real = datetime.datetime
class Later(real):
    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + datetime.timedelta(days=4000)
class Date(datetime.date):
    @classmethod
    def today(cls):
        return real.today().date() + datetime.timedelta(days=4000)
datetime.datetime, datetime.date = Later, Date
"""


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory, sandbox33: Sandbox) -> Cli:
    """The repository, applied with a reason and a guard overruled, and its evidence in ``out``."""
    root = begin(tmp_path_factory.mktemp("evidence") / "repo")
    sandbox = sandbox33.fresh("empty")
    cli = Cli(root, {**sandbox.variables, "USER": CODE})
    cli.apply("--reason", f"Ringte {NAME} om {NUMBER}, sak 27/12")
    with Journal(root / ".websakctl/journal.db", SystemClock()) as journal:
        environment = journal.entries()[0].body["environment"]
        review = {"environment": environment, "district": "frogner", "by": NAME, "on": "2098-01-01", "evidence": "sak 98/1", "source": "live", "people": 4, "findings": 1, "incomplete": 2, "not_checked": ["who has left"]}  # fmt: skip
        journal.write("signing", ENTRY, review, Address("access_review", "frogner", environment))
    make(cli, "out")
    return cli


@pytest.fixture
def copy(cli: Cli, tmp_path: Path) -> Cli:
    """The same, to be spoiled."""
    shutil.copytree(cli.root, tmp_path / "repo")
    shutil.rmtree(tmp_path / "repo/out")
    return Cli(tmp_path / "repo", cli.env)


# --- the same everywhere


def test_the_same_day_and_commits_give_the_same_bytes_on_another_day_and_machine(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "later").mkdir()
    (tmp_path / "later/sitecustomize.py").write_text(LATER_DAY, encoding="utf-8")
    elsewhere = {
        "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "C", "PYTHONHASHSEED": "7", "COLUMNS": "40",
        "PYTHONPATH": str(tmp_path / "later"), "USER": "somebody-else",
    }  # fmt: skip
    arguments = ("--root", str(cli.root), "evidence", "--as-of", LATER, "--out", "deep/er/out", "--format", "json")
    outcome = cli(*arguments, env=elsewhere, cwd=tmp_path)
    assert written(tmp_path / "deep/er/out") == written(cli.root / "out")
    assert outcome.json["files"] == {
        **json.loads((cli.root / "out/manifest.json").read_text("utf-8"))["files"],
        **{n: outcome.json["files"][n] for n in ("SHA256SUMS", "manifest.json")},
    }


def test_another_clone_makes_the_same_from_the_state_branch(remote: Remote, sandbox33: Sandbox) -> None:  # noqa: F811
    publish(remote, {**FILES, **config(sandbox33)})
    sandbox33.fresh("empty")
    machines = Machines(remote, sandbox33)
    ola = machines.machine("ola")
    ola("state", "migrate")
    ola.apply("--reason", f"{NAME} ba om det, sak 27/1")
    first = make(ola, "out")
    kari = machines.machine("kari")
    (kari.root / ".websakctl").mkdir()
    assert written(make(kari, "out")) == written(first)
    shown = json.loads((first / "manifest.json").read_text("utf-8"))
    assert shown["complete"] is True and shown["state"]["commit"] == machines.head()
    assert [row[6] for row in rows(first, "runs")] == ["sak 27/1, [holdt tilbake]"]
    assert FIRST not in everything(first) and FIRST in everything(make(ola, "named", "--names"))

    ola.edit("config/org_units.yaml", "Barnehager", "Barnehagene")
    git(ola.root, "commit", "--quiet", "-am", "nytt", at="2098-11-01T10:00:00+0100")
    ola.apply("--reason", "sak 27/2")
    assert written(make(ola, "later")) != written(first)
    git(ola.root, "reset", "--quiet", "--hard", "HEAD~1")
    again = make(ola, "again", "--state-commit", shown["state"]["commit"])
    assert written(again) == written(first)

    unknown = ola("evidence", "--as-of", LATER, "--out", "x", "--state-commit", "0123456789", code=64)
    assert f"no commit of the state branch {BRANCH}" in unknown.err
    git(kari.root, "update-ref", "-d", f"refs/remotes/origin/{BRANCH}")
    lost = kari("evidence", "--as-of", LATER, "--out", "lost", code=1)
    assert lost.out.startswith(f"INCOMPLETE: the state branch {BRANCH} was never fetched here, so no run is known.\n")
    assert KEY not in everything(first)


def test_a_file_of_entries_that_was_changed_in_the_branch_is_named(remote: Remote, sandbox33: Sandbox) -> None:  # noqa: F811
    publish(remote, config(sandbox33))
    sandbox33.fresh("empty")
    ola = Machines(remote, sandbox33).machine("ola")
    ola("state", "migrate")
    ola.apply("--reason", "sak 27/1")
    names = git(ola.root, "ls-tree", "-r", "--name-only", f"refs/websakctl/seen/{BRANCH}", "entries/").splitlines()
    git(ola.root, "checkout", "--quiet", "--detach", f"refs/websakctl/seen/{BRANCH}")
    (ola.root / names[0]).write_text("half", encoding="utf-8")
    git(ola.root, "commit", "--quiet", "-am", "tidied")
    git(ola.root, "update-ref", f"refs/websakctl/seen/{BRANCH}", "HEAD")
    git(ola.root, "checkout", "--quiet", "main")
    outcome = ola("evidence", "--as-of", LATER, "--out", "out", "--format", "json", code=1)
    reasons = outcome.json["incomplete_because"]
    assert outcome.json["complete"] is False
    assert any(r.startswith(f"{names[0]} of the state branch cannot be read") for r in reasons)
    assert f"{names[0]} was changed or removed after it was pushed" in reasons


# --- what it holds


def test_sha256sum_checks_every_file_and_finds_a_changed_one(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shutil.copytree(cli.root / "out", folder)
    names = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text("ascii").splitlines()}
    assert names == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}

    def check() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)

    assert check().returncode == 0
    with (folder / "runs.csv").open("a", encoding="utf-8") as file:
        file.write("x")
    assert check().returncode == 1 and "runs.csv: FAILED" in check().stdout


def test_nobody_is_named_and_no_national_number_is_in_it(cli: Cli) -> None:
    text = everything(cli.root / "out")
    for planted in (FIRST, "Plantestad", CODE, "thopla", NUMBER, f"{NUMBER[:6]} {NUMBER[6:]}"):
        assert planted.casefold() not in text.casefold(), planted
    outcome = cli("evidence", "--as-of", LATER, "--out", "named", "--names", "--format", "json")
    named = everything(cli.root / "named")
    assert NAME in named and CODE in named and f"Ringte {NAME}" in named
    assert NUMBER not in named + outcome.out
    assert FIRST not in outcome.out


def test_files_are_their_owners_only_and_formulas_are_texts(cli: Cli) -> None:
    out = cli.root / "out"
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
    assert "'=HYPERLINK(1)" in [row[1] for row in rows(out, "findings")]
    assert not any(cell[:1] in ("=", "+", "-", "@") for path in out.glob("*.csv") for row in rows(out, path.stem) for cell in row)  # fmt: skip


def test_runs_approvals_and_changes_say_who_when_and_why_by_role(cli: Cli) -> None:
    out = cli.root / "out"
    (run,) = rows(out, "runs")
    assert run[2] == "administrator 1" and run[3] == "fullført" and run[6] == "sak 27/12, [holdt tilbake]"
    changes = rows(out, "changes")
    assert len(changes) == int(run[5]) > 10
    people = [row for row in changes if row[2] == "user"]
    assert people and {row[4] for row in people} == {"[utelatt]"} and "name" in people[0][7]
    assert [row[1] for row in rows(out, "commits")] == [
        line[:10] for line in git(cli.root, "log", "--format=%H").splitlines()
    ]
    assert {row[2] for row in rows(out, "commits")} == {"forfatter 1"}


def test_approvals_say_what_was_waived_by_whom(cli: Cli) -> None:
    approvals = rows(cli.root / "out", "approvals")
    assert ["", "en klarsjekk ble fraveket", "frogner/POST", "[utelatt]", "[utelatt] er i permisjon"] in approvals


def test_the_law_tables_are_as_the_config_cites(cli: Cli) -> None:
    law = rows(cli.root / "out", "law")
    assert law and all(len(row) == 7 and row[2] and row[6] for row in law)
    assert {row[6] for row in law} == {"står ikke i registeret over rettskilder"}


def test_exceptions_gates_and_retention_name_what_is_missing(cli: Cli) -> None:
    out = cli.root / "out"
    exceptions = {(row[1], row[2].rpartition("/")[2]): row for row in rows(out, "exceptions")}
    assert exceptions["frogner", "FR-HELSE"][4:] == ["Etter avtale med [utelatt]", "[utelatt]", "2026-06-30"]
    assert exceptions["frogner", "FR-OPPV"][4:] == ["Kultur er lagt til oppvekst", "Bydel Frogner", ""]
    assert exceptions["frogner", "POST"][0] == "klarsjekk som er fraveket"
    gates = {(row[0], row[2]): row[4] for row in rows(out, "gates")}
    assert gates["frogner", "KURS"] == "attestert"
    assert gates["frogner", "POST"] == "fraviket gikk ut 2026-04-01"
    assert gates["sagene", "KURS"] == "ingen har attestert"
    assert gates["sagene", "TRE"] == "avgjøres av verktøyet ut fra Websak"
    (pers,) = rows(out, "retention")
    assert pers[0] == "PERS" and pers[2] == "bevares" and pers[6] == "hjemmel for vedtaket mangler"
    page = (out / "index.html").read_text(encoding="utf-8")
    for sentence in ("unntak uten slutt: 1", "unntak der slutten er passert: 2", "funn der fristen er passert: 1"):
        assert sentence in page


def test_signed_access_reviews_and_districts_without_one(cli: Cli) -> None:
    (review,) = rows(cli.root / "out", "access-reviews")
    assert review[1:10] == ["frogner", "2098-01-01", "[utelatt]", "sak 98/1", "4", "1", "1", "2", "Websak"]
    page = (cli.root / "out/index.html").read_text("utf-8")
    assert "bydeler uten signert tilgangsgjennomgang: sagene" in page
    assert "bydeler der tilgangsgjennomgangen er eldre enn 180 dager: frogner" in page
    assert "tilgangsgjennomganger der noe ikke ble kontrollert: 1" in page
    assert "tilgangsgjennomganger som var ufullstendige da de ble signert: 1" in page


def test_findings_stand_as_they_did_on_the_day(cli: Cli) -> None:
    def on(day: str, folder: str) -> dict[str, str]:
        return {row[0]: row[10] for row in rows(make(cli, folder, as_of=day), "findings")}

    early, later = on("2026-02-10", "feb"), on("2026-03-02", "march")
    assert early["T-1"] == "åpent" and later["T-1"] == "lukket"
    assert early["T-2"] == "åpent" and later["T-2"] == "åpent, og fristen er passert"
    assert later["T-3"] == "lukket uten dokumentasjon" and later["T-4"] == "åpent, uten frist"
    keys = {day: {row[2] for row in rows(cli.root / day, "config")} for day in ("feb", "march")}
    assert "FR-ARK" in keys["march"] - keys["feb"]  # committed at half past eleven that evening in Oslo
    assert rows(cli.root / "feb", "runs") == []  # it was applied later


def test_english_is_there_too(cli: Cli) -> None:
    out = make(cli, "english", "--lang", "en")
    assert '<html lang="en">' in (out / "index.html").read_text("utf-8")
    assert (out / "gates.csv").read_text("utf-8-sig").startswith("district;batch;gate;")


# --- what is missing


def test_what_is_not_committed_is_no_part_of_it_and_is_told(copy: Cli, cli: Cli) -> None:
    copy.edit("config/org_units.yaml", "Oppvekst", "Noe annet")
    outcome = copy("evidence", "--as-of", LATER, "--out", "out")
    assert "not committed" in outcome.err and "not committed" in outcome.out
    assert written(copy.root / "out") == written(cli.root / "out")


def test_a_journal_that_was_altered_says_so_in_the_first_line_everywhere(copy: Cli) -> None:
    import sqlite3

    with sqlite3.connect(copy.root / ".websakctl/journal.db") as db:
        db.execute("DELETE FROM entries WHERE what = 'start'")
    db.close()
    outcome = copy("evidence", "--as-of", LATER, "--out", "out", code=1)
    first = outcome.out.splitlines()[0]
    assert first.startswith("INCOMPLETE: the journal was altered: entry 1 is missing or is not what was written; ")
    page = (copy.root / "out/index.html").read_text(encoding="utf-8")
    body = page.partition("<header>")[2].lstrip()
    assert body.startswith('<p class="flag">Ufullstendig: ')
    assert "loggen er endret: innslag 1 mangler" in page
    assert json.loads((copy.root / "out/manifest.json").read_text("utf-8"))["complete"] is False


def test_a_journal_that_is_half_a_file_ends_the_command(copy: Cli) -> None:
    path = copy.root / ".websakctl/journal.db"
    for other in path.parent.glob("journal.db-*"):
        other.unlink()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "journal" in copy("evidence", "--as-of", LATER, "--out", "out", code=1).err
    assert not (copy.root / "out").exists()


def test_no_journal_at_all(copy: Cli) -> None:
    shutil.rmtree(copy.root / ".websakctl")
    outcome = copy("evidence", "--as-of", LATER, "--out", "out", code=1)
    assert outcome.out.startswith("INCOMPLETE: there is no journal on this machine")
    assert not (copy.root / ".websakctl/journal.db").exists()


def test_a_shallow_clone(copy: Cli, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", copy.root.as_uri(), "shallow")
    shallow = Cli(tmp_path / "shallow", copy.env)
    shutil.copytree(copy.root / ".websakctl", shallow.root / ".websakctl", ignore=shutil.ignore_patterns("sandbox"))
    assert shallow("evidence", "--as-of", LATER, "--out", "out", code=1).out.startswith(
        "INCOMPLETE: this clone is shallow"
    )
    refused = shallow("evidence", "--as-of", "2026-02-01", "--out", "early", code=4)
    assert "this clone is shallow: its oldest commit is of 2026-03-02" in refused.err
    assert "git fetch --unshallow" in refused.err


def test_a_config_with_errors_at_the_day(copy: Cli) -> None:
    with (copy.root / "config/org_units.yaml").open("a", encoding="utf-8") as file:
        file.write(f'    FEIL: {{name: "{NUMBER}", parent: INGEN}}\n')
    commit(copy.root, "feil", "2026-04-01T10:00:00+0200")
    outcome = copy("evidence", "--as-of", LATER, "--out", "out", code=1)
    assert outcome.out.startswith("INCOMPLETE: errors that this version of websakctl finds in the config of that day: ")
    assert NUMBER not in everything(copy.root / "out") + outcome.out + outcome.err


def test_an_error_is_named_with_its_file_and_the_table_that_it_concerns_says_so(copy: Cli) -> None:
    with (copy.root / "config/findings.yaml").open("a", encoding="utf-8") as file:
        file.write(f'  T-1: {{name: Igjen, source: "{NAME}", reported: 2026-01-02}}\n')
    commit(copy.root, "feil", "2026-04-01T10:00:00+0200")
    outcome = copy("evidence", "--as-of", LATER, "--out", "out", "--format", "json", code=1)
    told = outcome.json
    assert any(
        gap.startswith("config/findings.yaml:6: duplicate key 'T-1'") and "duplicate-key" in gap
        for gap in told["incomplete_because"]
    )
    concerned = {p["name"] for p in told["parts"] if any("config/findings.yaml" in m for m in p["missing"])}
    assert concerned == {"config", "exceptions", "findings"}
    page = (copy.root / "out/index.html").read_text("utf-8")
    assert "filer med feil, så rader kan mangle her: config/findings.yaml" in page
    assert NAME not in page


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--as-of", "2025-01-01"), 64, "2025-01-01 is before the first commit of the config, which is of 2026-01-05"),
        (("--as-of", "01.02.2026"), 64, "--as-of 01.02.2026 is not a date"),
        (("--as-of", "1066-01-01"), 64, "is a day that nobody can mean"),
        (("--as-of", LATER, "--out", "full"), 4, "full is not empty"),
        (("--as-of", LATER, "--out", "file"), 4, "file is there and is no folder"),
        (("--as-of", LATER, "--out", "file/below"), 1, "cannot write file/below"),
        (("--as-of", LATER, "--lang", "nn"), 64, "--lang nn is not one of nb, en"),
        (("--as-of", LATER, "--state-commit", "abc"), 64, "it has no commits"),
    ],
)
def test_wrong_wishes_are_named_and_write_nothing(copy: Cli, arguments: tuple[str, ...], code: int, told: str) -> None:
    (copy.root / "full").mkdir()
    (copy.root / "full/x").write_text("x", encoding="utf-8")
    (copy.root / "file").write_text("x", encoding="utf-8")
    before = {path for path in copy.root.rglob("*") if ".git/" not in str(path)}
    given = arguments if "--out" in arguments else (*arguments, "--out", "new")
    assert told in copy("evidence", *given, code=code).err
    assert {path for path in copy.root.rglob("*") if ".git/" not in str(path)} == before


@pytest.mark.parametrize("committed", [False, True])
def test_a_config_in_no_git_and_one_that_was_never_committed(tmp_path: Path, committed: bool) -> None:
    cli = Cli(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/websak.yaml").write_text('organisation: {name: X, orgnr: "958935420"}\n', encoding="utf-8")
    if committed:
        git(tmp_path, "init", "--quiet")
    told = "nothing is committed here yet" if committed else "git does not say what the config was"
    assert told in cli("evidence", "--as-of", LATER, "--out", "out", code=4).err


def test_an_empty_folder_is_taken_and_an_interrupted_command_leaves_nothing(
    copy: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy.root / "empty").mkdir()
    make(copy, "empty")
    beside = tmp_path / "beside"

    def interrupted(files: dict[Path, bytes]) -> None:
        next(iter(files)).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("websakctl.files.write_all_whole", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command._write(beside / "out", {"index.html": b"x"})
    assert list(beside.iterdir()) == []


def test_the_register_of_law_is_there_with_who_confirmed_it(copy: Cli) -> None:
    (copy.root / "config/law.yaml").write_text(
        "legal_sources:\n  OFFL:\n    {name: Offentleglova, type: act, cited_as: [offl.], sections: {§ 13: {}}, valid_from: 2009-01-01,"
        " source: lovdata.no, confirmed: {by: Byarkivet, on: 2026-11-30}}\n",
        encoding="utf-8",
    )
    commit(copy.root, "Rettskilder", "2026-04-01T10:00:00+0200")
    make(copy, "out")
    (source,) = rows(copy.root / "out", "legal-sources")
    assert "Offentleglova" in source and "2009-01-01" in source and any("Byarkivet" in cell for cell in source)


@pytest.mark.parametrize("after", [0.1, 0.3, 0.5])
def test_ctrl_c_leaves_all_of_it_or_nothing(copy: Cli, after: float) -> None:
    process = copy.start("evidence", "--as-of", LATER, "--out", "out")
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    out = copy.root / "out"
    if not out.exists() or not any(out.iterdir()):
        assert process.returncode != 0
        return
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
