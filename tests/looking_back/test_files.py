"""Files that the tool writes: whole, their owner's alone, refused when somebody touched them; nothing taken out is lost."""

import json
import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from websakctl.files import make_state_dir

from .command_line import Cli, write_files

ROUTINE = "Passord: se permen på kontoret"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def changed(applied: Cli) -> Cli:
    applied.edit("config/case_types.yaml", "name: Personalmappe", "name: Personalsak")
    return applied


def test_only_their_owner_can_read_them(changed: Cli) -> None:
    changed("plan", "--out", "p.json", "--quiet")
    changed("plan", "--out", "p.json", "--quiet")  # over an older one too
    changed("snapshot", "save")
    changed("upgrade", "check", "before")
    changed("upgrade", "check", "after", "--html", "report.html", code=None)
    changed("rollback", changed.last_run(), "--out", "back.json")
    result = [changed.root / name for name in ("p.json", "report.html", "back.json")]
    result += [p for p in changed.state.rglob("*") if p.is_file() and p.suffix not in (".lock", ".owner")]
    assert {p.name.partition("-")[0] for p in result} >= {"journal.db", "upgrade", "environment", "p.json", "back.json"}
    assert {str(p.relative_to(changed.root)): oct(mode(p)) for p in result if mode(p) != 0o600} == {}
    folders = [changed.state, *(p for p in changed.state.rglob("*") if p.is_dir())]
    assert {str(p): oct(mode(p)) for p in folders if mode(p) != 0o700} == {}
    assert not list(changed.root.glob(".*.json.*"))  # nothing half


def test_git_takes_nothing_of_the_state_directory(changed: Cli) -> None:
    assert (changed.state / ".gitignore").read_text(encoding="utf-8") == "*\n"
    git = partial(subprocess.run, cwd=changed.root, check=True, capture_output=True, text=True)
    git(["git", "init", "--quiet"])
    git(["git", "add", "--all"])
    tracked = git(["git", "ls-files"]).stdout.splitlines()
    assert [name for name in tracked if name.startswith(".websakctl")] == []
    assert any(name.startswith("config/") for name in tracked)


def test_a_state_directory_that_somebody_else_made_gets_no_file_that_hides_theirs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    make_state_dir(home)
    assert list(home.iterdir()) == []
    make_state_dir(home / "state")
    assert [p.name for p in (home / "state").iterdir()] == [".gitignore"]
    (home / "state" / ".gitignore").write_text("", encoding="utf-8")
    make_state_dir(home / "state")
    assert (home / "state" / ".gitignore").read_text(encoding="utf-8") == ""


def test_a_plan_that_was_edited_for_elsewhere_or_from_an_older_config_is_refused(changed: Cli, websak: Any) -> None:
    changed("plan", "--out", "p.json", "--quiet")
    path = changed.root / "p.json"
    text = path.read_text(encoding="utf-8")
    document = json.loads(text)
    for edit in (
        lambda d: d["changes"][0]["fields"][0].update(after="Noe annet"),
        lambda d: d.update(environment="test"),
        lambda d: d.update(findings=[{"guard": "x", "count": 1, "message": "", "allow": ""}]),
        lambda d: d["changes"].clear(),
        lambda d: d.update(config_digest="sha256:0"),
        lambda d: d.pop("digest"),
        lambda d: d.update(more="of it"),
    ):
        other = json.loads(text)
        edit(other)
        path.write_text(json.dumps(other), encoding="utf-8")
        assert "changed after it was saved" in changed.apply("p.json", code=4).err
    path.write_text(json.dumps(document, indent=4, sort_keys=True), encoding="utf-8")  # only written otherwise
    assert (
        "was made for environment environment, and this is test"
        in changed.apply("p.json", "--environment", "test", code=4).err
    )
    changed.edit("config/case_types.yaml", "Personalsak", "Personal")
    assert "another version of the config" in changed.apply("p.json", code=4).err
    assert websak.effects() == []
    changed.edit("config/case_types.yaml", "name: Personal,", "name: Personalsak,")
    changed.apply("p.json")
    assert websak.effects() == [("setup.update", "PERS")]


def routine_of(cli: Cli) -> Any:
    return cli("show", "sub_org/sagene/974778726", "--format", "json").out


@pytest.fixture
def with_routine(applied: Cli) -> Cli:
    """The config holds words that only look like a password."""
    text = (applied.root / "config/sub_orgs.yaml").read_text(encoding="utf-8")
    write_files(
        applied.root, {"config/sub_orgs.yaml": text.replace("svarinn}", f'svarinn, daily_routine: "{ROUTINE}"}}')}
    )
    return applied


def written(websak: Any) -> list[str]:
    """What the server really keeps, which no command would show."""
    import sqlite3

    with sqlite3.connect(websak.server.database.removeprefix("sqlite:///")) as database:
        rows = database.execute("SELECT daily_routine FROM setup_sub_org").fetchall()
    database.close()
    return [row[0] for row in rows if row[0]]


def test_what_is_not_kept_in_a_saved_plan_is_written_all_the_same(with_routine: Cli, websak: Any) -> None:
    with_routine("plan", "--out", "p.json", "--quiet")
    assert "se permen" not in (with_routine.root / "p.json").read_text(encoding="utf-8")
    with_routine.apply("p.json", "--quiet")
    assert written(websak) == [ROUTINE, ROUTINE]
    assert with_routine.plan().changed == {}


def interrupted(cli: Cli, websak: Any) -> None:
    websak.fault("status", method="PUT", path="/sub-orgs", code=422, body="nei")
    cli.apply("--fail-fast", "--concurrency", "1", "--quiet", code=5)
    assert written(websak) == []


def test_what_is_not_kept_in_the_journal_is_written_when_a_run_is_resumed(with_routine: Cli, websak: Any) -> None:
    interrupted(with_routine, websak)
    with_routine("apply", "--resume", "--auto-approve")
    assert written(websak) == [ROUTINE, ROUTINE]


def test_what_nobody_knows_any_more_is_not_written(with_routine: Cli, websak: Any) -> None:
    interrupted(with_routine, websak)
    with_routine.edit("config/sub_orgs.yaml", ROUTINE, "Hentes i resepsjonen")
    outcome = with_routine("apply", "--resume", "--auto-approve", code=5)
    assert "daily_routine was not kept, as it looked like a secret: plan again" in outcome.out
    assert written(websak) == []
    with_routine.apply("--quiet")
    assert written(websak) == ["Hentes i resepsjonen"] * 2


def test_no_snapshot_is_written_over(applied: Cli) -> None:
    names = {applied("snapshot", "save", "--format", "json").json["file"] for _ in range(3)}
    assert len(names) == 3
    assert len(applied("snapshot", "list", "--format", "json").json["items"]) == 3
