"""All knowledge of the Setup API (docs/api/setup.openapi.yaml): the day the vendor names its own, this file changes."""

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args
from urllib.parse import quote

from websakctl.live.adapter import NOTHING, ScopeOf, composed, held_once, rows_of
from websakctl.live.decoding import Page, Projection, whole
from websakctl.live.errors import LiveError, NotAsAgreed, Refused, UnknownOutcome
from websakctl.live.transport import Reading, Writing
from websakctl.model.address import BASE, Address
from websakctl.model.entry import fields_of, is_model
from websakctl.model.kind import Kind, Scoping
from websakctl.model.resource import Handle, Resource

PAGE = 1000
_SERVERS = frozenset({"etag", "updated_at"})  # in every answer, never sent
_SPACE = uuid.UUID("0c6e0f4a-5a3f-4a55-9c0f-6a1f0b6f7f52")  # namespace of the idempotency keys of renames


@cache  # making one takes longer than reading a short list
def _projection(names: frozenset[str]) -> Projection:
    return Projection(names)


class SetupReader:
    """Reads one collection; keyset pages neither repeat nor skip."""

    def __init__(
        self, reading: Reading, kind: Kind, scope_of: ScopeOf, alike: Mapping[Address, Resource] = NOTHING
    ) -> None:
        self._reading = reading
        self._alike = alike
        self._kind = kind
        self._scope_of = scope_of
        self._path = f"/{kind.endpoint}"
        self._fields = kind.managed_fields
        self._of_districts = kind.scoping is Scoping.DISTRICT
        self._within = _fields_within(kind)
        self._known = {*self._fields, kind.key_field, "active", "district"}
        self._projection = _projection(frozenset({*self._known, "etag"}))

    def read(self) -> list[Resource]:
        """List all, retired ones too.

        Raises:
            NotAsAgreed: If a page has no items list, or the pages do not come to an end.
        """
        result: list[Resource] = []
        after: str | None = None
        while True:
            asked = {"limit": PAGE, **({"after": after} if after is not None else {})}
            page = self._reading.get(self._path, asked, parse=self._projection.page).body
            if not isinstance(page, Page):
                raise NotAsAgreed(f"GET {self._path}: a page without items and next")
            rows = rows_of(page.items, f"GET {self._path}", (self._kind.key_field, "etag"))
            result.extend(map(self._resource, rows, page.raws))
            following = page.next
            if following is None:
                return result
            if not isinstance(following, str) or not rows or (after is not None and following <= after):
                raise NotAsAgreed(f"GET {self._path}: the pages do not go on")
            after = following

    def find(self, address: Address) -> Resource | None:
        """Read one by its key."""
        path = self._at(address.key)
        answer = self._reading.get(path, absent=(404,))
        if answer.status == 404:
            return None
        row = rows_of([answer.body], f"GET {path}", (self._kind.key_field, "etag"))[0]
        return self._resource(row, row)

    def _at(self, key: str) -> str:
        return f"{self._path}/{quote(key, safe='')}"

    def _resource(self, row: dict[str, Any], raw: Any) -> Resource:
        reported, kind = row.get, self._kind
        id_ = row[kind.key_field]
        key = composed(id_)
        if self._of_districts:
            scope = reported("district")
            if not isinstance(scope, str) or not scope:
                raise NotAsAgreed(f"GET {self._path}: {key} has no district")
        else:
            scope = self._scope_of(kind.name, key) or BASE
        active = reported("active")
        if not isinstance(active, bool):
            raise NotAsAgreed(f"GET {self._path}: {key} does not say whether it is active")
        fields = {name: reported(name) for name in self._fields}
        for name, known in self._within.items():
            if isinstance(rows := fields[name], list):
                fields[name] = [_only(known, inner) for inner in rows]
        address = Address(kind.name, scope, key)
        held = held_once(fields, self._alike.get(address))
        return Resource(
            address=address, fields=held, active=active, handle=Handle(id=str(id_), etag=str(row["etag"]), raw=raw)
        )


class SetupWriter(SetupReader):
    """Writes one collection: ETags make a conflict visible, idempotency keys make a repeated POST harmless."""

    def __init__(self, reading: Reading, writing: Writing, kind: Kind, scope_of: ScopeOf) -> None:
        super().__init__(reading, kind, scope_of)
        self._writing = writing

    def refresh(self, resource: Resource) -> Resource | None:
        """The ETag tells whether it still is what was read."""
        return resource

    def create(self, address: Address, fields: Mapping[str, Any], idempotency_key: str) -> str:
        """POST with an idempotency key."""
        body = {**fields, self._kind.key_field: address.key}
        if self._of_districts:
            body["district"] = address.scope
        answer = self._writing.send("POST", self._path, body, {"Idempotency-Key": idempotency_key}, expect=(201,))
        _believe(answer.body, f"POST {self._path}")
        return address.key

    def update(self, now: Resource, fields: Mapping[str, Any], address: Address) -> None:
        """PUT the whole object over the version that was read; under another key it is renamed by a request that may be repeated."""
        body = {**_sendable(_raw(now)), **fields, self._kind.key_field: address.key}
        if self._of_districts:
            body["district"] = address.scope
        if address.key == _id(now):
            self._put(now, body)
        else:
            self._rename(now, body, address.key)

    def _rename(self, now: Resource, body: Mapping[str, Any], key: str) -> None:
        path = f"{self._at(_id(now))}/rename"
        once = str(uuid.uuid5(_SPACE, f"{path} {_etag(now)} {key}"))  # the same for the same object as it was read
        headers = {"If-Match": _etag(now), "Idempotency-Key": once}
        self._sent("POST", path, body, headers)

    def activate(self, now: Resource) -> None:
        """Switch on."""
        self._put(now, {**_sendable(_raw(now)), "active": True})

    def deactivate(self, now: Resource) -> None:
        """Switch off."""
        self._put(now, {**_sendable(_raw(now)), "active": False})

    def delete(self, now: Resource) -> None:
        """Take away what was read."""
        self._writing.send("DELETE", self._at(_id(now)), headers={"If-Match": _etag(now)}, expect=(204,))

    def _put(self, now: Resource, body: Mapping[str, Any]) -> None:
        """Send back all that was read; only what the server itself calls no field of a request stays out."""
        self._sent("PUT", self._at(_id(now)), body, {"If-Match": _etag(now)})

    def _sent(self, method: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        try:
            answer = self._writing.send(method, path, body, headers)
        except Refused as refused:
            refusals = [pointer.split("/")[1:] for pointer, _ in refused.pointers]
            if refused.status != 422 or not refusals or not all(map(self._foreign, refusals)):
                raise
            answer = self._writing.send(method, path, self._ours(body), headers)
        _believe(answer.body, f"{method} {path}")

    def _foreign(self, place: list[str]) -> bool:
        """Whether a place in a body, such as ``[legal_basis, 0, note]``, is of a field that is not in our contract."""
        name, *deeper = place or [""]
        if len(deeper) == 2 and name in self._within:
            return deeper[1] not in self._within[name]
        return name not in self._known

    def _ours(self, body: Mapping[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in body.items() if name in self._known}
        for name, known in self._within.items():
            if isinstance(rows := rest.get(name), list):
                rest[name] = [_only(known, inner) for inner in rows]
        return rest


def _fields_within(kind: Kind) -> dict[str, frozenset[str]]:
    """Fields that hold a list of objects, and the names that those objects have with us: a newer server may send more."""
    return {
        name: frozenset(fields_of(inner))
        for name, field in kind.fields.items()
        for inner in get_args(field.type)
        if is_model(inner)
    }


def _only(known: frozenset[str], inner: Any) -> Any:
    return {name: inner[name] for name in inner if name in known} if isinstance(inner, dict) else inner


def _believe(body: Any, what: str) -> None:
    """See that an answer to a write is an object of the API.

    Raises:
        UnknownOutcome: If not.
    """
    if not isinstance(body, dict) or not body.get("etag"):
        raise UnknownOutcome(f"{what}: the answer is not the object")


def _sendable(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in _SERVERS}


def _raw(resource: Resource) -> Mapping[str, Any]:
    if resource.handle is None:
        raise LiveError(f"{resource.address} was not read from Websak")
    return whole(resource.handle.raw)


def _id(resource: Resource) -> str:
    return resource.handle.id if resource.handle is not None else resource.address.key


def _etag(resource: Resource) -> str:
    if resource.handle is None:
        raise LiveError(f"{resource.address} was not read from Websak")
    return resource.handle.etag
