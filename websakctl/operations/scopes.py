"""Which district a live object belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from websakctl.live.adapter import ScopeOf
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Kind


def scope_of(addresses: Iterable[Address], districts: Mapping[str, District], kinds: Mapping[str, Kind]) -> ScopeOf:
    """Answer by what config and journal know, else by the district's prefix of the key, else not at all."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for kind, scope, key in addresses:
        known[kind][key] = scope
    prefixes = {d.prefix: d.slug for d in districts.values()}
    local = {kind.name for kind in kinds.values() if kind.local_keys}

    def find(kind: str, key: str) -> str | None:
        scope = known[kind].get(key)
        if scope is None and kind in local:
            prefix, dash, _ = key.partition("-")
            scope = prefixes.get(prefix) if dash else None
        return scope

    return find
