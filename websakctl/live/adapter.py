"""What every kind's adapter offers: a reader for planning, a writer for applying."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable
from unicodedata import normalize

import msgspec

from websakctl.live.errors import NotAsAgreed, not_a
from websakctl.model.address import Address
from websakctl.model.resource import Fields, Resource

NOTHING: Mapping[Address, Resource] = {}
ScopeOf = Callable[[str, str], str | None]  # (kind, key) -> scope, where it is known


@dataclass(slots=True, eq=False)
class Units:
    """Ids of the org units by their key; filled by reading, extended by creating."""

    ids: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)  # by key too: districts' slugs, or the base
    root_id: str = ""
    managers: dict[str, str] = field(default_factory=dict)  # ids of users
    mail_groups: dict[str, str] = field(default_factory=dict)  # ids of the access groups that distribute their mail
    numbers: dict[str, str] = field(default_factory=dict)  # organisation numbers, as Websak has them

    def by_id(self) -> dict[str, str]:
        """Keys by id, as they are now: other threads may be making units."""
        return {id_: key for key, id_ in list(self.ids.items())}


class KindReader(Protocol):
    """Reads one kind."""

    def read(self) -> list[Resource]:
        """List all, retired ones too, in one go."""

    def find(self, address: Address) -> Resource | None:
        """Look one up by its natural key, afresh."""


class KindWriter(KindReader, Protocol):
    """Writes one kind; each method is one request that changes something."""

    def refresh(self, resource: Resource) -> Resource | None:
        """Read again what a replacing write will replace; the same resource where the API detects conflicts itself."""

    def create(self, address: Address, fields: Mapping[str, Any], idempotency_key: str) -> str:
        """Make one; gives the server's id."""

    def update(self, now: Resource, fields: Mapping[str, Any], address: Address) -> None:
        """Replace: ``fields`` are all managed fields as they should be, ``now`` is what was read."""

    def activate(self, now: Resource) -> None:
        """Bring back what was retired."""

    def deactivate(self, now: Resource) -> None:
        """Retire."""

    def delete(self, now: Resource) -> None:
        """Take away."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One request of several that a change takes: ``send`` may be repeated, ``is_applied`` looks whether it is so."""

    request: str  # what the journal calls it
    send: Callable[[], object]
    is_applied: Callable[[], bool]
    reported: bool = True  # whether a look can show it at all


@runtime_checkable
class Limited(Protocol):
    """A reader of a kind whose fields not every version of the API has."""

    @property
    def unsupported(self) -> frozenset[str]:
        """Fields that this server has no place for; known once the kind was read."""


@runtime_checkable
class InSteps(Protocol):
    """A writer of a kind some fields of which have requests of their own."""

    def steps(self, address: Address, fields: Fields, changed: Iterable[str]) -> Iterator[Step]:
        """What is left to send once the resource itself is written; what is so already is left out."""


def held_once(fields: dict[str, Any], alike: Resource | None) -> Fields:
    """The same fields, with the values of another resource's where all that it says is equal: of many, each is held once."""
    if alike is None or not alike.fields.items() <= fields.items():
        return fields
    if len(alike.fields) == len(fields):
        return alike.fields
    fields.update(alike.fields)
    return fields


def rows_of(body: Any, what: str, required: tuple[str, ...]) -> list[dict[str, Any]]:
    """Believe a list only if it is one, and each row only if it has what it must have.

    Raises:
        NotAsAgreed: Otherwise.
    """
    if not isinstance(body, list):
        raise not_a("list", what, body)
    for number, row in enumerate(body, 1):
        if not isinstance(row, dict):
            raise not_a("list of objects", what, row)
        for name in required:
            if row.get(name) in (None, ""):
                raise row_lacks(name, what, number, row.get("id"))
    return body


def row_lacks(name: str, what: str, number: int, id_: Any) -> NotAsAgreed:
    """A row without what it must have, named so that it can be found in Websak; by its number in the list where it has no id."""
    which = f"the row with id {id_}" if id_ not in (None, "") else f"row {number} of the list"
    return NotAsAgreed(f"{what}: {which} lacks {name}")


def text_or_none(value: Any) -> str | None:
    """Empty texts and nothing are the same to Websak."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else str(value)


def composed(value: Any) -> str:
    """A natural key as our config writes it: in NFC, whichever way the server keeps its æøå."""
    text = str(value) if value is not None else ""
    return text if text.isascii() else normalize("NFC", text)


def ended(value: Any, what: str, now: datetime) -> bool:
    """Whether an end date has passed ``now``; dates come with and without offset, a date without one is taken as UTC.

    Raises:
        NotAsAgreed: If it is no date.
    """
    if value in (None, ""):
        return False
    try:
        end = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise NotAsAgreed(f"{what}: {value!r} is not a date") from None
    if end.tzinfo is None:
        end = end.replace(tzinfo=UTC)
    return end <= now
