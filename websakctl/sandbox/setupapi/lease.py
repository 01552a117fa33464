"""The lease: one writer at a time, for as long as it says that it is still there."""

import secrets
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from websakctl.sandbox.setupapi import tables
from websakctl.sandbox.setupapi.problems import Problem


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """One writer's turn."""

    id: str
    owner: str
    purpose: str
    acquired_at: float  # seconds since 1970
    expires_at: float

    def holder(self) -> dict[str, Any]:
        """Show who holds it, but not the id that lets them write."""
        return {
            "owner": self.owner,
            "purpose": self.purpose,
            "acquired_at": _moment(self.acquired_at),
            "expires_at": _moment(self.expires_at),
        }

    def as_json(self) -> dict[str, Any]:
        """Show all of it."""
        return {"id": self.id, **self.holder()}


def current(connection: Connection) -> Lease | None:
    """Find the lease that is held now."""
    row = connection.execute(select(tables.lease).where(tables.lease.c.expires_at > time.time())).first()
    return Lease(**row._mapping) if row else None


def acquire(connection: Connection, owner: str, purpose: str, ttl: int) -> Lease:
    """Take the lease for ``ttl`` seconds.

    Raises:
        Problem: It is held, be it by the same owner: two runs of one person are two writers.
    """
    if held := current(connection):
        raise Problem("lease-held", f"{held.owner} holds it: {held.purpose}.", holder=held.holder())
    connection.execute(delete(tables.lease))
    moment = time.time()
    lease = Lease(id=secrets.token_hex(16), owner=owner, purpose=purpose, acquired_at=moment, expires_at=moment + ttl)
    connection.execute(
        insert(tables.lease).values(
            id=lease.id, owner=owner, purpose=purpose, acquired_at=moment, expires_at=lease.expires_at
        )
    )
    return lease


def renew(connection: Connection, lease_id: str, ttl: int) -> Lease:
    """Let the lease hold for ``ttl`` seconds from now.

    Raises:
        Problem: It has run out, was given back or was broken.
    """
    held = current(connection)
    if held is None or held.id != lease_id:
        raise Problem("not-found", "This lease is no longer held.")
    expires_at = time.time() + ttl
    connection.execute(update(tables.lease).where(tables.lease.c.id == lease_id).values(expires_at=expires_at))
    return Lease(
        id=held.id, owner=held.owner, purpose=held.purpose, acquired_at=held.acquired_at, expires_at=expires_at
    )


def release(connection: Connection, lease_id: str) -> None:
    """Give the lease back, if it is still held."""
    connection.execute(delete(tables.lease).where(tables.lease.c.id == lease_id))


def break_lease(connection: Connection, owner: str) -> None:
    """End the lease that ``owner`` holds.

    Raises:
        Problem: ``owner`` holds none.
    """
    held = current(connection)
    if held is None or held.owner != owner:
        raise Problem("not-found", f"{owner} holds no lease.")
    release(connection, held.id)


def check_may_write(connection: Connection, lease_id: str | None) -> None:
    """Let a write through if nobody holds the lease, or the writer does.

    Raises:
        Problem: Another holds it; or the writer counts on a lease that has ended, and may no longer be alone.
    """
    held = current(connection)
    if held is not None and held.id != lease_id:
        raise Problem("lease-required", f"{held.owner} holds the lease: {held.purpose}.", holder=held.holder())
    if held is None and lease_id:
        raise Problem("lease-required", "The lease named in the request has ended.", holder=None)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
