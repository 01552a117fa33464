"""A journal that cannot be written: nothing more is sent, it is said clearly, and once there is room all ends right."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import AFTER, BEFORE, Crossing
from .summary import EVERYTHING
from .world import ENVIRONMENT, World, ended


class NoRoom:
    """A strike after which the client can write no file."""

    def __init__(self, number: int, phase: str) -> None:
        self.number, self.phase = number, phase
        self.process: subprocess.Popen[str] | None = None
        self.sent_after: list[Crossing] = []
        self._met = 0
        self._struck = False

    def __call__(self, crossing: Crossing, phase: str) -> None:
        if not crossing.writes:
            return
        if self._struck and phase == BEFORE:
            self.sent_after.append(crossing)
        if phase != self.phase:
            return
        self._met += 1
        if self._met == self.number:
            while self.process is None:
                pass
            _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1, hard))
            self._struck = True


POINTS = [(n, phase) for n in range(1, 38) for phase in (BEFORE, AFTER)] if EVERYTHING else [(1, BEFORE), (20, AFTER)]


@pytest.mark.parametrize(("number", "phase"), POINTS)
def test_nothing_is_sent_once_the_journal_cannot_be_written(world33: World, number: int, phase: str) -> None:
    no_room = NoRoom(number, phase)
    world33.proxy.begin(no_room)
    no_room.process = world33.place.start("apply", "--auto-approve", "--concurrency", "1")
    outcome = ended(no_room.process, 5)
    assert no_room.sent_after == []
    assert "journal" in outcome.err and "cannot be written" in outcome.err
    assert len(world33.effects) == number
    world33.proxy.begin()
    resumed = world33.place.apply("--resume")
    assert "was interrupted" in resumed.err
    world33.has_arrived("the journal cannot be written any more")


def test_a_change_of_two_requests_that_is_half_done_is_not_nothing(world33: World) -> None:
    no_room = NoRoom(1, AFTER)
    world33.proxy.begin(no_room)
    no_room.process = world33.place.start("apply", "--auto-approve", "--target", "case_type/base/ELEV")
    outcome = ended(no_room.process, 5)
    assert "half of it (update) is done" in outcome.out
    assert no_room.sent_after == []
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.place.apply()
    world33.has_arrived()


@pytest.mark.parametrize("where", ["/lease", "/flat"])
def test_nothing_at_all_is_sent_where_not_even_the_start_can_be_written(world33: World, where: str) -> None:
    def strike(crossing: Crossing, phase: str) -> None:
        if where in crossing.path and phase == BEFORE:
            while not process:
                pass
            resource.prlimit(process[0].pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    process: list[subprocess.Popen[str]] = []
    world33.proxy.begin(strike)
    process.append(world33.place.start("apply", "--auto-approve"))
    outcome = ended(process[0], 1)
    assert "cannot be written" in outcome.err or "File too large" in outcome.err
    assert world33.proxy.writes == []
    assert world33.effects == []
    world33.proxy.begin()
    world33.place.apply()
    world33.has_arrived()


def test_no_room_only_at_the_very_end(world33: World) -> None:
    """All is written and journalled; what was read back cannot be noted, and the run's end neither."""
    seen: list[Crossing] = []
    reads = sum(crossing.path.endswith("/flat") for crossing in world33.the_way.crossings)  # the last one reads back

    def strike(crossing: Crossing, phase: str) -> None:
        if crossing.path.endswith("/flat") and phase == BEFORE:
            seen.append(crossing)
            if len(seen) == reads:
                resource.prlimit(process[0].pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))

    process: list[subprocess.Popen[str]] = []
    world33.proxy.begin(strike)
    process.append(world33.place.start("apply", "--auto-approve"))
    outcome = ended(process[0], 5)
    assert "Applied: 36 of 36 changes done" in outcome.out
    assert "all was written, but the journal" in outcome.err
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.has_arrived()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes; only root can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    created = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if created.returncode != 0:
        pytest.skip("this user cannot mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to mount a small disk")
@pytest.mark.parametrize("room", range(4, 120, 8) if EVERYTHING else (80,))
def test_a_disk_that_really_fills_up(world33: World, small_disk: Path, room: int) -> None:
    state = small_disk / "state"
    state.mkdir(mode=0o700)
    shutil.move(world33.place.state / "journal.db", state)
    world33.place.state.rmdir()
    world33.place.state.symlink_to(state)
    filler = small_disk / "filler"
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    filler.write_bytes(b"x" * max(0, free - room * 1024))
    outcome = world33.place.apply("--concurrency", "1", code=None)
    try:
        sent = world33.effects
        if outcome.code == 0:
            world33.has_arrived()
            return
        assert outcome.code == (5 if sent else 1), outcome.err
        assert "cannot be written" in outcome.err or "No space left" in outcome.err or "cannot be opened" in outcome.err
        filler.unlink()
        with world33.place.journal() as journal:
            began = journal.open_runs(ENVIRONMENT)
        assert began or not sent
        world33.place.apply(*(["--resume"] if began else []))
        world33.has_arrived("a small disk fills up")
    finally:
        world33.place.state.unlink()
        world33.place.state.mkdir()
