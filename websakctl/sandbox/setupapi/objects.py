"""The five operations on a collection, each one transaction."""

import hashlib
import json
import re
from typing import Any, Final
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, insert, select

from websakctl.sandbox.database import Database, record_effect
from websakctl.sandbox.setupapi import lease, store, tables
from websakctl.sandbox.setupapi.bodies import Errors, check, invalid
from websakctl.sandbox.setupapi.kinds import SetupKind
from websakctl.sandbox.setupapi.models import Strict, pointer
from websakctl.sandbox.setupapi.problems import Problem
from websakctl.sandbox.setupapi.store import Object

# What If-Match may look like, for the documentation; a weak ETag may be sent too, and matches nothing.
IF_MATCH: Final = r'^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$'
_ETAG: Final = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A new object as it was answered the first time."""

    text: str
    etag: str
    location: str


def list_page(database: Database, kind: SetupKind, after: str | None, limit: int) -> dict[str, Any]:
    """List a page of objects and say where the next one begins."""
    with database.read() as connection:
        rows = store.page(connection, kind, after, limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1][kind.key] if len(rows) > limit else None}


def read(database: Database, kind: SetupKind, key: str) -> Object:
    """Read one object."""
    with database.read() as connection:
        return _existing(connection, kind, key)


def create(database: Database, kind: SetupKind, content: Any, *, idempotency_key: str, lease_id: str | None) -> Created:
    """Make a new object; the same key and content again give the first answer again."""
    _check_idempotency_key(idempotency_key)
    fingerprint = _fingerprint(kind, content)
    with database.write() as connection:
        lease.check_may_write(connection, lease_id)
        if first := _first_answer(connection, idempotency_key, fingerprint):
            return first
        created = _valid(connection, kind, content)
        key = str(getattr(created, kind.key))
        if store.fetch(connection, kind, key) is not None:
            raise Problem("already-exists", f"{kind.name} {key} is there already.", key=key)
        written = store.create(connection, kind, created)
        record_effect(connection, "setup.create", kind.name, key)
        return _remember(connection, kind, key, written, idempotency_key, fingerprint)


def _check_idempotency_key(idempotency_key: str) -> None:
    if not 1 <= len(idempotency_key) <= 255:
        raise Problem("idempotency-key-missing", "An Idempotency-Key has from 1 to 255 characters.")


def _remember(
    connection: Connection, kind: SetupKind, key: str, written: Object, idempotency_key: str, fingerprint: str
) -> Created:
    """Keep an answer, to be given again."""
    location = f"/api/setup{kind.path}/{quote(key, safe='')}"
    answer = Created(text=json.dumps(written, ensure_ascii=False), etag=written["etag"], location=location)
    connection.execute(
        insert(tables.idempotency).values(
            key=idempotency_key,
            fingerprint=fingerprint,
            location=answer.location,
            etag=answer.etag,
            answer=answer.text,
        )
    )
    return answer


def replace(
    database: Database, kind: SetupKind, key: str, content: Any, *, if_match: str, lease_id: str | None
) -> Object:
    """Write the whole object again, under the key that it has."""
    etags = _etags(if_match)
    with database.write() as connection:
        lease.check_may_write(connection, lease_id)
        before = _existing(connection, kind, key)
        _check_fresh(before, etags)
        created = _valid(connection, kind, content)
        values = created.model_dump()
        if before["active"] and not values["active"]:
            _check_free(connection, kind, key, active_only=True)
        if str(values[kind.key]) != key:
            raise invalid([{"pointer": pointer(kind.key), "detail": "is another key: POST to …/rename gives it one"}])
        written = store.replace(connection, kind, key, values)
        record_effect(connection, "setup.update", kind.name, key)
        return written


def rename(
    database: Database,
    kind: SetupKind,
    key: str,
    content: Any,
    *,
    if_match: str,
    idempotency_key: str,
    lease_id: str | None,
) -> Created:
    """Write the whole object again under another key, and let what refers to it follow; the same again gives the first answer."""
    etags = _etags(if_match)
    _check_idempotency_key(idempotency_key)
    fingerprint = _fingerprint(kind, ["rename", key, content])
    with database.write() as connection:
        lease.check_may_write(connection, lease_id)
        if first := _first_answer(connection, idempotency_key, fingerprint):
            return first
        before = _existing(connection, kind, key)
        _check_fresh(before, etags)
        values = _valid(connection, kind, content).model_dump()
        if before["active"] and not values["active"]:
            _check_free(connection, kind, key, active_only=True)
        renamed = str(values[kind.key])
        if renamed == key:
            raise invalid([{"pointer": pointer(kind.key), "detail": "is the key that it has already"}])
        if store.fetch(connection, kind, renamed) is not None:
            raise Problem("already-exists", f"{kind.name} {renamed} is there already.", key=renamed)
        store.follow(connection, kind, key, renamed)
        written = store.replace(connection, kind, key, values)
        record_effect(connection, "setup.update", kind.name, renamed)
        return _remember(connection, kind, renamed, written, idempotency_key, fingerprint)


def remove(database: Database, kind: SetupKind, key: str, *, if_match: str, lease_id: str | None) -> None:
    """Take an object away."""
    etags = _etags(if_match)
    with database.write() as connection:
        lease.check_may_write(connection, lease_id)
        _check_fresh(_existing(connection, kind, key), etags)
        _check_free(connection, kind, key, active_only=False)
        store.remove(connection, kind, key)
        record_effect(connection, "setup.delete", kind.name, key)


def _existing(connection: Connection, kind: SetupKind, key: str) -> Object:
    result = None if "\x00" in key else store.fetch(connection, kind, key)
    if result is None:
        raise Problem("not-found", f"There is no {kind.name} {key}.")
    return result


def _valid(connection: Connection, kind: SetupKind, content: Any) -> Strict:
    """Check the shape of ``content`` and all that it refers to, so that one answer tells everything that is wrong."""
    created, errors = check(kind.model, content)
    if isinstance(content, dict):
        errors += _reference_errors(connection, kind, content, {error["pointer"] for error in errors})
    if created is None or errors:
        raise invalid(errors)
    return created


def _reference_errors(connection: Connection, kind: SetupKind, content: Object, known: set[str]) -> Errors:
    sound = {name: value for name, value in content.items() if pointer(name) not in known}
    return [{"pointer": pointer(field), "detail": detail} for field, detail in store.dangling(connection, kind, sound)]


def _etags(if_match: str) -> list[str] | None:
    """Read the strong ETags in ``If-Match``; None means that any will do."""
    if if_match.strip() == "*":
        return None
    place, given = 0, []
    while place < len(if_match) or not if_match:
        result = _ETAG.match(if_match, place)
        if result is None:
            raise Problem("malformed", "If-Match holds ETags in quotation marks, as they were read.")
        given += [] if result[1] else [result[2]]  # a weak one matches nothing here
        place = result.end()
    return given


def _check_fresh(before: Object, etags: list[str] | None) -> None:
    etag = before["etag"]
    if etags is not None and etag not in etags:
        raise Problem("stale", f"It was changed at {before['updated_at']}.", headers={"ETag": etag}, etag=etag)


def _check_free(connection: Connection, kind: SetupKind, key: str, *, active_only: bool) -> None:
    if result := store.referrers(connection, kind, key, active_only=active_only):
        names = ", ".join(f"{item['kind']} {item['key']}" for item in result[:5])
        more = f" and {len(result) - 5} more" if len(result) > 5 else ""
        raise Problem("still-referred-to", f"{kind.name} {key} is named by {names}{more}.", referrers=result)


def _first_answer(connection: Connection, idempotency_key: str, fingerprint: str) -> Created | None:
    table = tables.idempotency
    row = connection.execute(select(table).where(table.c.key == idempotency_key)).mappings().first()
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise Problem("idempotency-key-reused", "The first request with this key had another content.")
    return Created(text=row["answer"], etag=row["etag"], location=row["location"])


def _fingerprint(kind: SetupKind, content: Any) -> str:
    text = json.dumps([kind.name, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
