"""Journals that travel: home only as a continuation of what is there, whole, and never in place of another."""

import json
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from websakctl.apply.journal import Journal
from websakctl.fleet.carrying import Carried, CarryError, head_of, pack, packed_journal, store_journal, unpacked
from websakctl.fleet.job import Job, run_job
from websakctl.fleet.process import Ended
from websakctl.live.clock import SystemClock

from .world import WRITES, World


def write(state_dir: Path, *runs: str) -> Path:
    state_dir.mkdir(exist_ok=True)
    with Journal(state_dir / "journal.db", SystemClock()) as journal:
        for run in runs:
            journal.write(run, "start", {"environment": "test"})
    return state_dir


def runs(state_dir: Path) -> list[str]:
    with Journal(state_dir / "journal.db", SystemClock()) as journal:
        assert journal.broken_link() is None
        return [entry.run for entry in journal.entries()]


def test_a_parcel_holds_what_a_command_needs_and_a_journal_comes_home(tmp_path: Path) -> None:
    root, home = tmp_path / "root", write(tmp_path / "home", "one")
    (root / "config").mkdir(parents=True)
    (root / "config/a.yaml").write_text("a: æ\n", encoding="utf-8")
    (root / ".git").mkdir()
    (home / "place").write_text("a place", encoding="utf-8")
    with unpacked(pack(root, home, SystemClock())) as (live, state_dir):
        assert [p.relative_to(live).as_posix() for p in live.rglob("*") if p.is_file()] == ["config/a.yaml"]
        assert (state_dir / "place").read_text(encoding="utf-8") == "a place"
        write(state_dir, "two")
        carried = Carried(packed=packed_journal(state_dir, SystemClock()))
    assert not live.exists()
    assert runs(home) == ["one"]
    store_journal(Carried.read(json.loads(json.dumps(carried.document()))), home, "test", SystemClock())
    assert runs(home) == ["one", "two"]
    store_journal(carried, home, "test", SystemClock())  # twice is as good as once
    assert runs(home) == ["one", "two"]
    write(home, "three")
    with pytest.raises(CarryError, match="entries that the journal in the file does not have"):
        store_journal(carried, home, "test", SystemClock())
    assert runs(home) == ["one", "two", "three"]
    store_journal(carried, tmp_path / "new home", "test", SystemClock())
    assert runs(tmp_path / "new home") == ["one", "two"]


def test_a_journal_that_is_open_elsewhere_is_replaced_whole(tmp_path: Path) -> None:
    home, other = write(tmp_path / "home", "one"), tmp_path / "other"
    other.mkdir()
    (other / "journal.db").write_bytes(zlib.decompress(packed_journal(home, SystemClock())))
    write(other, "two")
    store_journal(Carried(packed=packed_journal(other, SystemClock())), home, "test", SystemClock())
    assert [p.name for p in home.iterdir() if p.name.startswith("journal")] == ["journal.db"]
    assert head_of(home, SystemClock()) == head_of(other, SystemClock())


def test_a_journal_that_was_changed_is_refused(tmp_path: Path) -> None:
    home = write(tmp_path / "home", "one", "two")
    document = Carried(packed=packed_journal(home, SystemClock())).document()
    with pytest.raises(CarryError, match="not as it was written"):
        Carried.read({**document, "sha256": "sha256:0"})
    copy = tmp_path / "copy.db"
    copy.write_bytes(zlib.decompress(packed_journal(home, SystemClock())))
    import sqlite3

    with sqlite3.connect(copy) as db:
        db.execute("UPDATE entries SET run = 'another' WHERE seq = 1")
    db.close()
    for packed in (zlib.compress(copy.read_bytes()), b"junk"):
        with pytest.raises(CarryError, match="not as it was written"):
            store_journal(Carried(packed=packed), tmp_path / "empty", "test", SystemClock())


def test_shards_send_their_journals_home(fleet: World, tmp_path: Path) -> None:
    files = []
    for i in (1, 2):
        file = tmp_path / f"shard-{i}.json"
        result = fleet.fleet("apply", "--auto-approve", "--shard", f"{i}/2", "--out", str(file))
        assert len(result["targets"]) == 2
        files.append(str(file))
    kept = {name: fleet.journal(name).read_bytes() for name in fleet.names}
    for name in fleet.names:  # as on a machine that has not seen the shards
        fleet.journal(name).unlink()
    assert "the shards 2/2 are missing" in fleet.cli("fleet", "merge", files[0], code=1).err
    complete = tmp_path / "whole.json"
    merged = fleet.fleet("merge", *files, "--out", str(complete), "--take-journals")
    assert merged["shards"] == ["1/2", "2/2"]
    assert set(merged["targets"]) == set(fleet.names)
    assert all(fleet.journal(name).is_file() for name in kept)
    assert fleet.fleet("drift", "--detailed-exitcode")["summary"]["drifted"] == 0
    assert fleet.fleet("report", str(complete))["summary"] == merged["summary"]
    assert "by-3: its journal is back" in fleet.cli("fleet", "merge", str(complete), "--take-journals").err


def test_a_carried_apply_that_was_begun_before_waits_until_the_lease_has_ended(
    fleet: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("websakctl.fleet.job._pause", lambda seconds, stop, clock: waited.append(seconds))
    monkeypatch.setenv("WEBSAKCTL_BY_0_CLIENT_SECRET", fleet.websaks[0].secret)
    monkeypatch.setenv("WEBSAKCTL_BY_0_TOKEN_URL", f"{fleet.websaks[0].url}/connect/token")
    root = fleet.folder / "by-0"
    state_dir = root / ".websakctl"
    parcel = pack(root, state_dir, SystemClock())
    job = Job(
        fleet="f",
        target="by-0",
        root=str(root),
        environment="test",
        state_dir=str(state_dir),
        steps=(("apply", "--auto-approve"),),
        parcel=parcel,
        again=True,
    )
    first = run_job(job, lambda: 0, SystemClock())
    assert first.exit_code == 0, first.error_output
    assert waited == [60.0]
    second = run_job(job, lambda: 0, SystemClock())  # the worker died after all was done, and its journal with it
    assert second.exit_code == 0, second.error_output
    assert set(fleet.websaks[0].effects().values()) == {1}
    assert second.journal is not None
    store_journal(second.journal, state_dir, "test", SystemClock())
    with Journal(state_dir / "journal.db", SystemClock()) as journal:
        assert len(journal.known("test")) == WRITES, "what the lost one made is taken over"


def test_an_apply_begun_before_is_refused_for_good_only_after_the_lease_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    ends = [
        Ended(code=4, out="", err="error: lease held", killed=False),
        Ended(code=0, out="{}", err="", killed=False),
        Ended(code=4, out="", err="error: a guard", killed=False),
    ]
    monkeypatch.setattr("websakctl.fleet.job._pause", lambda seconds, stop, clock: waited.append(seconds))
    monkeypatch.setattr("websakctl.fleet.job._command", lambda job, step, stop, tally: ends.pop(0))
    job = Job(
        fleet="f",
        target="a",
        root=str(tmp_path),
        environment="test",
        state_dir=str(tmp_path),
        steps=(("apply", "--auto-approve"),),
    )
    again = run_job(replace(job, again=True), lambda: 0, SystemClock())
    assert (again.exit_code, again.attempts, waited) == (0, 2, [60.0])
    assert run_job(job, lambda: 0, SystemClock()).exit_code == 4
    assert ends == []
