"""A model of the Setup API in memory, from docs/api/setup.openapi.yaml: access codes, case types, and the lease.

Of the other collections it has empty lists. What a server may check of a value's form is not played: every body is well-formed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec

from .websak import NOTHING, Effect, Found, Json

PREFIX = "/api/setup"
DEFAULTS: Mapping[str, Json] = {
    "access-codes": {
        "code": None,
        "name": None,
        "description": None,
        "legal_basis": [],
        "basis_chosen_per_case": False,
        "screening_level": None,
        "screening_years": None,
        "publishable": "no",
        "temporary": False,
        "active": True,
    },
    "case-types": {
        "code": None,
        "name": None,
        "series": None,
        "ordering_principle": None,
        "class_code": None,
        "access_code": None,
        "screening_level": None,
        "legal_basis": None,
        "retention": None,
        "retention_years": None,
        "retention_basis": None,
        "publish": False,
        "personal_data": False,
        "active": True,
    },
}
KINDS = {"access-codes": "access_code", "case-types": "case_type"}
_EMPTY = ("sub-orgs", "licences", "rollout-batches")
_SERVERS = ("etag", "updated_at")


class Problem(Exception):
    """The request is answered with a problem."""

    def __init__(self, status: int, name: str, **members: Any) -> None:
        super().__init__(name)
        self.status, self.body = status, {"type": f"/problems/{name}", "title": name, "status": status, **members}


@dataclass
class Lease:
    """One writer's turn."""

    id: str
    owner: str
    purpose: str
    taken: float
    ends: float

    def shown(self) -> Json:
        """As it is answered."""
        times = {"acquired_at": _moment(self.taken), "expires_at": _moment(self.ends)}
        return {"id": self.id, "owner": self.owner, "purpose": self.purpose, **times}


@dataclass
class Setup:
    """The collections and who may write to them. ``effects`` is where every write is recorded."""

    effects: list[Effect]
    rows: dict[str, dict[str, Json]] = field(default_factory=lambda: {name: {} for name in DEFAULTS})
    lease: Lease | None = None
    _answers: dict[str, tuple[bytes, Found]] = field(default_factory=dict)  # to POSTs, by idempotency key
    _number: int = 0

    def answer(
        self,
        by: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: Any,
        now: float,
    ) -> Found:
        """Carry out one request at a time in seconds; status and body."""
        parts = [unquote(part) for part in path.removeprefix(f"{PREFIX}/").split("/")]
        if self.lease is not None and self.lease.ends <= now:
            self.lease = None
        try:
            if parts[0] == "lease":
                return self._about_the_lease(method, parts[1:], body, now)
            return self._about_objects(by, method, parts, query, {n.lower(): v for n, v in headers.items()}, body)
        except Problem as problem:
            return problem.status, problem.body

    # --- the lease

    def _about_the_lease(self, method: str, rest: list[str], body: Any, now: float) -> Found:
        held = self.lease
        if method == "POST" and not rest:
            if held is not None:
                raise Problem(409, "lease-held", holder=_without_id(held.shown()))
            self._number += 1
            self.lease = Lease(f"lease-{self._number}", body["owner"], body["purpose"], now, now + body["ttl_seconds"])
            return 201, self.lease.shown()
        if method == "POST":
            if held is None or held.owner != body["owner"]:
                raise Problem(404, "not-found")
            self.lease = None
            return 204, NOTHING
        if method == "DELETE":
            if held is not None and held.id == rest[0]:
                self.lease = None
            return 204, NOTHING
        if held is None or (rest and held.id != rest[0]):
            raise Problem(404, "not-found")
        if method == "PUT":
            held.ends = now + body["ttl_seconds"]
        return 200, held.shown()

    # --- objects

    def _about_objects(
        self, by: str, method: str, parts: list[str], query: Mapping[str, str], headers: Mapping[str, str], body: Any
    ) -> Found:
        name, *rest = parts
        if name in _EMPTY and method == "GET" and not rest:
            return 200, {"items": [], "next": None}
        if name not in self.rows:
            raise Problem(404, "not-found")
        rows = self.rows[name]
        if method == "GET":
            return (200, self._existing(rows, rest[0])) if rest else (200, _page(rows, query))
        self._check_may_write(headers.get("lease"))
        if method == "POST" and not rest:
            return self._once(headers, [name, body], lambda: (201, self._create(by, name, body)))
        if method == "POST":
            again = [name, "rename", rest[0], body]
            return self._once(
                headers, again, lambda: (200, self._replace(by, name, rest[0], headers, body, rename=True))
            )
        if method == "PUT":
            return 200, self._replace(by, name, rest[0], headers, body, rename=False)
        self._check_fresh(self._existing(rows, rest[0]), headers)
        self._check_free(name, rest[0], active_only=False)
        self._note(by, "setup.delete", name, rest[0], rows.pop(rest[0]), {})
        return 204, NOTHING

    def _once(self, headers: Mapping[str, str], asked: Any, act: Callable[[], Found]) -> Found:
        key, content = headers["idempotency-key"], msgspec.json.encode(asked, order="sorted")
        if key in self._answers:
            first, answer = self._answers[key]
            if first != content:
                raise Problem(422, "idempotency-key-reused")
            return answer
        status, made = act()
        self._answers[key] = content, (status, dict(made))
        return status, made

    def _create(self, by: str, name: str, body: Json) -> Json:
        row = self._valid(name, body)
        if row["code"] in self.rows[name]:
            raise Problem(409, "already-exists", key=row["code"])
        return self._written(by, "setup.create", name, row["code"], {}, row)

    def _replace(self, by: str, name: str, key: str, headers: Mapping[str, str], body: Json, *, rename: bool) -> Json:
        rows = self.rows[name]
        before = self._existing(rows, key)
        self._check_fresh(before, headers)
        row = self._valid(name, body)
        if before["active"] and not row["active"]:
            self._check_free(name, key, active_only=True)
        if (row["code"] == key) is rename:
            raise Problem(422, "invalid", errors=[{"pointer": "/code", "detail": "is another key, or the same"}])
        if rename and row["code"] in rows:
            raise Problem(409, "already-exists", key=row["code"])
        if rename:
            rows.pop(key)
            for other in self.rows["case-types"].values():
                if name == "access-codes" and other["access_code"] == key:
                    other.update(access_code=row["code"], **self._marks())
        return self._written(by, "setup.update", name, row["code"], before, row)

    def _written(self, by: str, operation: str, name: str, key: str, before: Json, row: Json) -> Json:
        row.update(self._marks())
        self.rows[name][key] = row
        self._note(by, operation, name, key, before, row)
        return dict(row)

    def _note(self, by: str, operation: str, name: str, key: str, before: Json, after: Json) -> None:
        changed = [(n, before.get(n), v) for n, v in after.items() if n not in _SERVERS and before.get(n) != v]
        self.effects.append(Effect(by, operation, key, f"{KINDS[name]}/{key}", tuple(changed)))

    def _marks(self) -> Json:
        self._number += 1
        return {"etag": f'"{self._number:016x}"', "updated_at": "2027-01-04T08:00:00.000Z"}

    def _existing(self, rows: dict[str, Json], key: str) -> Json:
        if key not in rows:
            raise Problem(404, "not-found")
        return dict(rows[key])

    def _valid(self, name: str, body: Json) -> Json:
        row = {**DEFAULTS[name], **{n: v for n, v in body.items() if n not in _SERVERS}}
        errors = [{"pointer": f"/{n}", "detail": "is not known"} for n in row if n not in DEFAULTS[name]]
        if (code := row.get("access_code")) is not None:
            other = self.rows["access-codes"].get(code)
            if other is None or (not other["active"] and row["active"]):
                errors.append({"pointer": "/access_code", "detail": f"access_code {code} is not there or not active"})
        if errors:
            raise Problem(422, "invalid", errors=errors)
        return row

    def _check_fresh(self, before: Json, headers: Mapping[str, str]) -> None:
        if headers["if-match"] != before["etag"]:
            raise Problem(412, "stale", etag=before["etag"])

    def _check_free(self, name: str, key: str, *, active_only: bool) -> None:
        others = self.rows["case-types"].values() if name == "access-codes" else ()
        naming = sorted(r["code"] for r in others if r["access_code"] == key and (r["active"] or not active_only))
        if naming:
            raise Problem(409, "still-referred-to", referrers=[{"kind": "case_type", "key": code} for code in naming])

    def _check_may_write(self, lease: str | None) -> None:
        held = self.lease
        if held is not None and held.id != lease:
            raise Problem(423, "lease-required", holder=_without_id(held.shown()))
        if held is None and lease:
            raise Problem(423, "lease-required", holder=None)

    def edit(self, by: str, name: str, key: str, **values: Any) -> None:
        """Change something by hand, as somebody in the Websak client would: without the lease."""
        row = self.rows[name][key]
        before = dict(row)
        row.update(values, **self._marks())
        self._note(by, "edit", name, key, before, row)


def _page(rows: dict[str, Json], query: Mapping[str, str]) -> Json:
    limit, after = int(query.get("limit", 1000)), query.get("after")
    keys = [key for key in sorted(rows) if after is None or key > after]
    listed = [dict(rows[key]) for key in keys[:limit]]
    return {"items": listed, "next": keys[limit - 1] if len(keys) > limit else None}


def _without_id(lease: Json) -> Json:
    return {name: value for name, value in lease.items() if name != "id"}


def _moment(seconds: float) -> str:
    return (datetime(2027, 1, 4, 8, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
