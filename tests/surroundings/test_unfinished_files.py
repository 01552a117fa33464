"""What a killed command was writing is removed by the next one, wherever it may hold people's data; nothing else is."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, Cli, write_files
from websakctl.files import UNFINISHED, remove_unfinished, temporary_folder, write_all_whole, write_whole

DIES = """
import os, sys
from pathlib import Path
from websakctl import files
Path.replace = lambda self, target: os._exit(9)
files.write_whole(Path(sys.argv[1]), b"Kari Nordmann")
"""
DIES_IN_A_FOLDER = """
import os, sys
from pathlib import Path
from websakctl.files import temporary_folder
with temporary_folder(Path(sys.argv[1]) if sys.argv[1:] else None) as folder:
    (folder / "journal.db").write_bytes(b"Kari Nordmann")
    os._exit(9)
"""


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(UNFINISHED)]


def killed_while_writing(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert subprocess.run([sys.executable, "-c", DIES, str(path)]).returncode == 9
    assert len(left_in(path.parent)) == 1


@pytest.mark.parametrize("name", ["users/frogner.yaml", "plan.json", ".websakctl/users-test.json"])
def test_the_next_command_removes_what_a_killed_one_was_writing(tmp_path: Path, name: str) -> None:
    cli = Cli(write_files(tmp_path, SMALL))
    path = tmp_path / name
    killed_while_writing(path)
    cli("history" if name.startswith(".") else "validate")
    assert left_in(path.parent) == []
    assert not path.exists()


def test_the_next_command_removes_the_folder_of_a_killed_rehearsal_and_of_no_other(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows keeps open files itself")
    cli = Cli(write_files(tmp_path, SMALL))
    state = tmp_path / ".websakctl"
    state.mkdir()
    assert subprocess.run([sys.executable, "-c", DIES_IN_A_FOLDER, str(state)]).returncode == 9
    (left,) = state.glob("websakctl-*")
    with temporary_folder(tmp_path) as under_way:
        (state / under_way.name).symlink_to(under_way)  # somebody's link is no folder of ours
        under_way_too = state / "websakctl-now"
        shutil.copytree(under_way, under_way_too)
        with (under_way_too / ".lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            cli("history")
            assert not left.exists()
            assert under_way.exists() and under_way_too.exists()


def test_what_is_being_written_just_now_is_left_alone(tmp_path: Path) -> None:
    seen: list[int] = []
    put = Path.replace

    def replace(self: Path, target: Path) -> Path:
        remove_unfinished(tmp_path)  # as another command would, at the worst moment
        seen.append(len(left_in(tmp_path)))
        return put(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        write_whole(tmp_path / "a", b"a")
    assert seen == [1]
    assert (tmp_path / "a").read_bytes() == b"a"


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").mkdir()
    with pytest.raises(OSError, match=r"/b'") as failed:
        write_all_whole({tmp_path / "c": b"new", tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert failed.value.filename == str(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_link_of_that_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"kept")
    link = tmp_path / f".x{UNFINISHED}"
    link.symlink_to(tmp_path / "kept")
    remove_unfinished(tmp_path)
    assert (tmp_path / "kept").read_bytes() == b"kept"


def test_folders_of_killed_commands_are_removed_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert subprocess.run([sys.executable, "-c", DIES_IN_A_FOLDER], env={**os.environ}).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with temporary_folder() as first, temporary_folder() as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second])
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    """A rename over /dev/null leaves a machine without it."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is there and is no file"):
        write_whole(tmp_path / "pipe", b"x")
    assert (tmp_path / "pipe").is_fifo()
