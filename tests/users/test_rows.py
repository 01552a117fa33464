"""Listing all users, and listing again only what has changed: what was kept never hides a difference."""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.live.adapter import Units
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import Answer
from websakctl.live.user_rows import KeptRows, Row
from websakctl.live.users import People, UsersReader
from websakctl.operations.change.user_rows import RowFile

from .office import KARI, OLA, Office

TODAY = date(2027, 2, 1)


@dataclass
class Server:
    """Answers like the User API: pages that may be capped, and changes by the day of its own clock."""

    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    changed: dict[int, date] = field(default_factory=dict)
    today: date = TODAY
    cap: int = 1_000_000
    largest: int = 1_000_000
    asked: list[str] = field(default_factory=list)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, absent: tuple[int, ...] = ()) -> Answer:
        self.asked.append(path)
        if path.startswith("/api/Users/changes/"):
            since = date.fromisoformat(path.rsplit("/", 1)[1])
            rows = [self.users[n] for n, day in self.changed.items() if day >= since and n in self.users]
            return Answer(status=200, body=rows, headers={}) if rows else Answer(status=404, body=None, headers={})
        assert params is not None and path == "/api/Users"
        limit, offset = params["limit"], params["offset"]
        if limit > self.largest and 400 in absent:
            return Answer(status=400, body=None, headers={})
        rows = list(self.users.values())[offset : offset + min(limit, self.cap)]
        return Answer(status=200, body=rows, headers={}) if rows else Answer(status=204, body=None, headers={})

    def set(self, number: int, name: str, department: int, *, active: bool = True) -> None:
        self.users[number] = {
            "gidId": number,
            "code": f"U{number}",
            "name": name,
            "departmentId": str(department),
            "active": active,
            "accessTemplateId": "-1",
            "userAccessCodes": "",
        }
        self.changed[number] = self.today


@dataclass
class Store:
    today: date = TODAY
    kept: KeptRows | None = None

    def load(self) -> KeptRows | None:
        return self.kept

    def save(self, kept: KeptRows) -> None:
        rows: dict[str, Row] = json.loads(json.dumps(kept.rows))
        self.kept = KeptRows(day=kept.day, rows=rows)


def _read(server: Server, store: Store | None = None) -> list[Any]:
    units = Units({"FR-OPPV": "1", "FR-HELSE": "2"}, {"FR-OPPV": "frogner", "FR-HELSE": "frogner"})
    reader = UsersReader(
        server,  # type: ignore[arg-type]  # all of it that is used
        units,
        SimpleNamespace(ids={}),  # type: ignore[arg-type]  # no groups are read
        People(store=store),
        scope_of=lambda kind, key: None,
        version=lambda: "3.3",
    )
    return sorted(reader.read(), key=lambda user: user.address)


_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(1, 6), st.sampled_from("abc"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("gone"), st.integers(1, 6)),
        st.tuples(st.just("restored"), st.integers(0, 3)),
        st.tuples(st.just("midnight"), st.sampled_from(["ours", "theirs", "both"])),
        st.just(("read",)),
    ),
    max_size=25,
)


@given(events=_EVENTS, skew=st.integers(-1, 1), cap=st.integers(1, 4))
def test_what_was_kept_never_hides_a_difference(events: list[tuple[Any, ...]], skew: int, cap: int) -> None:
    """Whatever happens on the server, a day that is not ours, a restored backup: reading changes reads what a full read does."""
    server, store = Server(today=TODAY + timedelta(days=skew), cap=cap), Store()
    server.set(1, "a", 1)
    backup = dict(server.users)
    for event, *about in events:
        match event:
            case "set":
                server.set(about[0], about[1], about[2], active=about[3])
            case "gone" if len(server.users) > 1:
                server.users.pop(about[0], None)
            case "restored" if about[0] == 0:  # an older database comes back under us, and the day with it
                server.users, store.kept = dict(backup), None
            case "midnight":
                server.today += timedelta(days=about[0] == "theirs" or about[0] == "both")
                store.today += timedelta(days=about[0] == "ours" or about[0] == "both")
                if abs((server.today - store.today).days) > 1:
                    server.today = store.today
            case "read":
                assert _read(server, store) == _read(server)
    assert _read(server, store) == _read(server)


def test_only_the_first_read_of_a_day_is_a_full_one() -> None:
    server, store = Server(), Store()
    for number in range(1, 50):
        server.set(number, "a", 1)
    _read(server, store)
    server.asked.clear()
    _read(server, store)
    assert server.asked == ["/api/Users/changes/2027-01-31", "/api/Users", "/api/Users"]  # the last, and none after it
    store.today += timedelta(days=1)
    server.asked.clear()
    _read(server, store)
    assert server.asked == ["/api/Users", "/api/Users"]


@pytest.mark.parametrize(
    ("largest", "pages"), [(10_000, [10_000]), (1_000, [10_000, 1_000]), (100, [10_000, 1_000, 100])]
)
def test_the_largest_page_that_the_server_takes_is_asked_for(largest: int, pages: list[int]) -> None:
    server = Server(largest=largest)
    for number in range(1, 30):
        server.set(number, "a", 1)
    assert len(_read(server)) == 29
    assert len(server.asked) == len(pages) + 1  # and the empty one


def test_a_page_that_is_shorter_than_asked_for_is_not_the_last() -> None:
    server = Server(cap=7)
    for number in range(1, 31):
        server.set(number, "a", 1)
    assert len(_read(server)) == 30


def test_a_row_that_comes_twice_makes_the_list_be_read_again() -> None:
    server = Server(cap=3)
    for number in range(1, 10):
        server.set(number, "a", 1)
    get, shifted = server.get, False

    def shifting(path: str, params: Mapping[str, Any] | None = None, *, absent: tuple[int, ...] = ()) -> Answer:
        nonlocal shifted
        if params and params["offset"] == 3 and not shifted:
            shifted = True
            server.users = {99: {**server.users[1], "gidId": 99, "code": "U99"}, **server.users}
        return get(path, params, absent=absent)

    server.get = shifting  # type: ignore[method-assign]
    assert [user.address.key for user in _read(server)][-1] == "U99"


def test_a_list_that_never_goes_on_is_not_believed() -> None:
    server = Server()
    server.set(1, "a", 1)
    server.get = lambda path, params=None, *, absent=(): Answer(
        status=200, body=list(server.users.values()), headers={}
    )  # type: ignore[method-assign]
    with pytest.raises(NotAsAgreed, match="do not go on"):
        _read(server)


def test_a_websak_without_a_user_is_not_believed() -> None:
    with pytest.raises(NotAsAgreed, match="no user at all"):
        _read(Server())


def test_a_user_that_does_not_say_whether_it_is_active_is_not_believed() -> None:
    server = Server()
    server.set(1, "a", 1)
    server.users[1]["active"] = None
    with pytest.raises(NotAsAgreed, match="active"):
        _read(server)


def test_what_cannot_be_read_or_is_of_another_websak_counts_as_not_there(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    file = RowFile(path=path, base_url="http://one", today=TODAY)
    assert file.load() is None
    file.save(KeptRows(day=TODAY, rows={"1": {"id": "1", "name": "å"}}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert file.load() == KeptRows(day=TODAY, rows={"1": {"id": "1", "name": "å"}})
    assert RowFile(path=path, base_url="http://two", today=TODAY).load() is None
    assert RowFile(path=path, base_url="http://one", today=TODAY, full=True).load() is None
    path.write_text(path.read_text(encoding="utf-8")[:-4], encoding="utf-8")
    assert file.load() is None


def test_a_change_by_hand_shows_in_the_next_plan_however_it_is_refreshed(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI, OLANOR=OLA)
    at33.apply()
    assert at33.changes() == {}
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    at33.websak.edit("user", "KARNOR", name="Kari Traa", changedAt=now)
    expected = {"user/frogner/KARNOR": "update"}
    assert at33.changes() == at33.changes("--refresh", "full") == at33.changes("--refresh", "changes") == expected
    gid = at33.user("OLANOR")["gidId"]
    at33.ask("DELETE", f"/v2/users/{gid}/activation")
    assert at33.changes() == {**expected, "user/frogner/OLANOR": "activate"}


def test_users_that_nobody_lists_are_not_read(at33: Office) -> None:
    _, before = at33("plan", "--verbose")
    assert "users" not in [p.name for p in at33.root.iterdir()]
    at33.websak.fault("html", path="/api/Users", times=1)
    assert at33("plan", "--verbose")[1] == before


def test_what_was_kept_of_a_list_decides_no_write(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    assert at33.changes() == {}
    at33.websak.edit(
        "user", "KARNOR", name="Kari Traa", changedAt="2020-01-01T00:00:00Z"
    )  # a server that does not tell
    at33.apply()
    at33("plan", "--refresh", "full", "--detailed-exitcode", code=0)


def test_ci_reads_in_full(at33: Office) -> None:
    at33.lists("frogner", KARNOR=KARI)
    at33.apply()
    assert at33.changes() == {}
    at33.websak.edit(
        "user", "KARNOR", name="Kari Traa", changedAt="2020-01-01T00:00:00Z"
    )  # a server that does not tell
    assert at33.changes() == {}
    at33.env = {**at33.env, "CI": "true"}
    assert at33.changes() == {"user/frogner/KARNOR": "update"}
