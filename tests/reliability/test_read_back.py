"""What was written is read again: what the server makes of it is told once, and a write that does not show is doubted."""

import json
import signal
from collections.abc import Callable
from itertools import product

import pytest

from .configs import AFTER as CONFIG
from .proxy import AFTER, BEFORE, Crossing, Instead
from .summary import EVERYTHING
from .world import World, ended


def _changing(change: Callable[[str], str]) -> Callable[[Crossing], bytes]:
    """A server that keeps ``change(name)`` where it is told a name."""

    def rewrite(crossing: Crossing) -> bytes:
        if not crossing.writes or not crossing.body:
            return crossing.body
        body = json.loads(crossing.body)
        for field in ("name", "departmentName"):
            if isinstance(body.get(field), str):
                body[field] = change(body[field])
        return json.dumps(body).encode()

    return rewrite


SERVERS: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "cut": lambda name: name[:12].rstrip(),
    "spaces": lambda name: name.replace(" ", "  "),
}


@pytest.mark.parametrize(
    ("server", "version"),
    list(product(SERVERS, ("3.0", "3.3"))) if EVERYTHING else [("upper case", "3.0"), ("cut", "3.3")],
)
def test_what_the_server_makes_of_a_name_is_told_once_and_never_again(
    request: pytest.FixtureRequest, server: str, version: str
) -> None:
    world: World = request.getfixturevalue(f"world{version.replace('.', '')}")
    world.proxy.rewrite = _changing(SERVERS[server])
    outcome = world.place.apply()
    reported = [line for line in outcome.out.splitlines() if "this is accepted" in line]
    assert reported and len(reported) == len(set(reported))
    assert any("org_unit/frogner/FR-OPPV: name was written as 'Oppvekst og læring'" in line for line in reported)
    effects = world.counted
    assert world.plan().changes == ()
    assert world.drift().changes == ()
    again = world.place.apply()
    assert "this is accepted" not in again.out
    assert world.counted == effects


def test_a_name_by_hand_is_drift_all_the_same(world33: World) -> None:
    world33.proxy.rewrite = _changing(str.upper)
    world33.place.apply()
    world33.edit("department", "FR-OPPV", name="Oppvekst, for hånd")
    assert [c.address.key for c in world33.drift().changes] == ["FR-OPPV"]
    assert [c.address.key for c in world33.plan().changes] == ["FR-OPPV"]


def test_a_new_wish_is_written_all_the_same(world33: World) -> None:
    world33.proxy.rewrite = _changing(str.upper)
    world33.place.apply()
    files = dict(CONFIG)
    files["config/units.yaml"] = files["config/units.yaml"].replace("Oppvekst og læring", "Oppvekst og mestring")
    world33.place.write(files)
    assert [c.address.key for c in world33.plan().changes] == ["FR-OPPV", "SA-OPPV"]
    world33.place.apply()
    assert world33.plan().changes == ()


@pytest.mark.parametrize("server", ["upper case", "cut"] if EVERYTHING else ["upper case"])
@pytest.mark.parametrize("number", range(1, 37, 5) if EVERYTHING else [30])
def test_killed_while_a_server_changes_names(world33: World, server: str, number: int) -> None:
    """What was made of it is recognised when the run is resumed, also of what was done before the crash."""
    world33.proxy.begin()
    killer = world33.kill_at_write(number, AFTER)
    world33.proxy.rewrite = _changing(SERVERS[server])
    killer.process = world33.place.start("apply", "--auto-approve", "--concurrency", "1")
    ended(killer.process, -signal.SIGKILL)
    rewrite = world33.proxy.rewrite
    world33.proxy.begin()
    world33.proxy.rewrite = rewrite
    outcome = world33.place.apply("--resume")
    assert any("FR-OPPV" in line for line in outcome.out.splitlines() if "this is accepted" in line)
    world33.is_at_rest()
    assert world33.counted == world33.the_way.effects


def flat_reads(world: World) -> int:
    """How many lists of units an undisturbed apply reads; the last one reads back."""
    return sum(crossing.path.endswith("/flat") for crossing in world.the_way.crossings)


def test_killed_while_reading_back_it_is_read_back_by_the_resumption(world33: World) -> None:
    killer = world33.kill_at_request("/flat", AFTER, flat_reads(world33))
    world33.proxy.rewrite = _changing(str.upper)
    killer.process = world33.place.start("apply", "--auto-approve")
    ended(killer.process, -signal.SIGKILL)
    world33.proxy.begin()
    assert "this is accepted" in world33.place.apply("--resume").out
    world33.is_at_rest()
    assert world33.counted == world33.the_way.effects


def test_a_write_that_was_not_answered_is_found_though_the_server_changed_it(world33: World) -> None:
    world33.fault("reset_after", path="^/api/v2/departments", method="PUT", nth=1, times=100)
    world33.proxy.rewrite = _changing(str.upper)
    world33.place.apply()
    world33.clear_faults()
    world33.is_at_rest()
    assert world33.counted == world33.the_way.effects


def test_what_cannot_be_read_back_is_read_back_later(world33: World) -> None:
    reads = flat_reads(world33)

    def strike(crossing: Crossing, phase: str) -> None:
        if (
            phase == BEFORE
            and crossing.path.endswith("/flat")
            and sum(c.path.endswith("/flat") for c in world33.proxy.crossings) >= reads
        ):
            raise Instead(200, b"<html>")

    world33.proxy.begin(strike)
    outcome = world33.place.apply(code=5)
    assert "all was written, but it could not be read back" in outcome.err
    world33.proxy.begin()
    world33.place.apply("--resume")
    world33.has_arrived()


def test_a_write_that_does_not_show_is_unknown(world33: World) -> None:
    """The server says yes and does nothing."""

    def strike(crossing: Crossing, phase: str) -> None:
        if phase == BEFORE and crossing.writes and crossing.path.endswith("/licences/WEBSAK-PLUS"):
            raise Instead(200, json.dumps({**json.loads(crossing.body), "etag": '"x"'}).encode())

    world33.proxy.begin(strike)
    outcome = world33.place.apply("--format", "json", code=5)
    assert {o["address"] for o in outcome.json["outcomes"] if o["status"] == "unknown"} == {"licence/base/WEBSAK-PLUS"}
    assert outcome.json["normalised"] == []
    world33.proxy.begin()
    world33.place.apply()
    world33.has_arrived()


def test_a_write_that_does_not_show_is_not_taken_for_a_name_that_was_cut(world33: World) -> None:
    """From Oppvekst to Oppvekst og læring: what is there still could be the beginning of what was wanted."""

    def strike(crossing: Crossing, phase: str) -> None:
        if (
            phase == BEFORE
            and crossing.method == "PUT"
            and b"Oppvekst og l" in crossing.body
            and not crossing.path.endswith("activation")
        ):
            raise Instead(200, crossing.body)

    world33.proxy.begin(strike)
    outcome = world33.place.apply("--format", "json", code=5)
    assert {o["address"] for o in outcome.json["outcomes"] if o["status"] == "unknown"} == {
        "org_unit/frogner/FR-OPPV",
        "org_unit/sagene/SA-OPPV",
    }
    world33.proxy.begin()
    world33.place.apply()
    world33.has_arrived()


def test_what_is_read_back_as_something_else_is_accepted_only_when_it_comes_again(world33: World) -> None:
    """It may be what the server makes of it, or somebody's hand between the write and the look."""
    world33.proxy.rewrite = _changing(lambda name: "Avdeling" if name == "Barnehager" else name)
    first = world33.place.apply("--format", "json", code=5)
    assert {o["address"] for o in first.json["outcomes"] if o["status"] == "unknown"} == {
        "org_unit/frogner/FR-BHG",
        "org_unit/sagene/SA-BHG",
    }
    assert [c.address.key for c in world33.plan().changes] == ["FR-BHG", "SA-BHG"]
    second = world33.place.apply()
    assert second.out.count("this is accepted") == 2
    world33.is_at_rest()


def test_a_hand_edit_between_the_write_and_the_look_is_not_accepted(world33: World) -> None:
    def strike(crossing: Crossing, phase: str) -> None:
        if (
            phase == BEFORE
            and crossing.path.endswith("/flat")
            and sum(c.path.endswith("/flat") for c in world33.proxy.crossings) == flat_reads(world33)
        ):
            world33.edit("department", "FR-OPPV", name="Ti stille")

    world33.proxy.begin(strike)
    world33.place.apply(code=5)
    assert [c.address.key for c in world33.plan().changes] == ["FR-OPPV"]
    world33.proxy.begin()
    world33.place.apply()
    world33.is_at_rest()
