"""The find verb: where a text stands in names, keys, numbers, codes and other values of the config and of Websak."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from websakctl.model.address import Address
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.redaction import redact
from websakctl.source.tables.encoding import lookup_key

_NUMBER = re.compile(r"[0-9][0-9 .]{3,}[0-9]")  # may be typed with blanks: 974 778 742


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One resource that has the text.

    Args:
        address: Which one it is.
        name: What tells a reader which one it is.
        field: The field that has it; ``key`` for the key.
        value: The field's value, or the part of it that has the text.
        places: Where it stands: ``config``, ``Websak``.
        rank: 0: the whole key or value; 1: the beginning of a word; 2: somewhere within; 3 and more: in a reference to another.
    """

    address: Address
    name: str
    field: str
    value: str
    places: tuple[str, ...]
    rank: int


def find(text: str, states: Mapping[str, State], kinds: Mapping[str, Kind]) -> list[Match]:
    """Find every resource that has a text, the best match first; letters are compared without case.

    Args:
        text: What to look for; numbers may be written with blanks.
        states: The resources by where they stand: ``config``, ``Websak``.
        kinds: All kinds.
    """
    desired = lookup_key(re.sub("[ .]", "", text) if _NUMBER.fullmatch(text.strip()) else text)
    result: dict[Address, Match] = {}
    for place, state in states.items():
        for address, resource in state.items():
            match = _best(desired, resource, kinds[address.kind], place)
            if match is None:
                continue
            before = result.get(address)
            if before is not None:
                better = match if match.rank < before.rank else before
                match = msgspec.structs.replace(better, places=(*before.places, place))
            result[address] = match
    return sorted(result.values(), key=lambda match: (match.rank, match.address))


def _best(desired: str, resource: Resource, kind: Kind, place: str) -> Match | None:
    best: Match | None = None
    for field, value in _texts(resource, kind):
        rank = _rank(desired, lookup_key(value))
        if rank is not None and field in kind.references:
            rank += 3
        if rank is not None and (best is None or rank < best.rank) and redact(value) == value:
            name = str(resource.fields.get(kind.label) or "")
            best = Match(address=resource.address, name=name, field=field, value=value, places=(place,), rank=rank)
    return best


def _texts(resource: Resource, kind: Kind) -> Iterator[tuple[str, str]]:
    yield "key", resource.address.key
    for name, value in resource.fields.items():
        if name != kind.key_mirror:
            yield from ((name, text) for text in _within(value))


def _within(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _within(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _within(inner)


def _rank(desired: str, text: str) -> int | None:
    if desired == text:
        return 0
    at = text.find(desired)
    if at < 0:
        return None
    return 1 if re.search(rf"(?<!\w){re.escape(desired)}", text) else 2


def ending_in(text: str, addresses: Iterable[Address]) -> list[Address]:
    """The addresses that the end of one names: ``FR-OPPV``, ``frogner/FR-OPPV`` or ``org_unit/FR-OPPV``."""
    desired = text.casefold()
    return sorted(
        address
        for address in addresses
        if desired
        in (
            part.casefold() for part in (address.key, f"{address.scope}/{address.key}", f"{address.kind}/{address.key}")
        )
    )
