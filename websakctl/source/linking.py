"""Check what resources say of each other: references, cycles, uniqueness, sums."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from websakctl.diagnostics import Diagnostic, Position
from websakctl.kinds.licence import Licence
from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind
from websakctl.model.marks import Ref
from websakctl.source.configuration import Configuration
from websakctl.source.earlier_keys import check_earlier_keys
from websakctl.source.findings import about, also_at
from websakctl.source.problems import did_you_mean
from websakctl.source.reporting import Report


def link(config: Configuration, kinds: Mapping[str, Kind], report: Report) -> None:
    """Report every reference to nothing, cycle, duplicate value, and allotment above what was bought."""
    if not config.state and not config.districts:
        return
    _references(config, kinds, report)
    _cycles(config, kinds, report)
    _unique(config, kinds, report)
    _claimed_twice(config, kinds, report)
    _allotments(config, report)
    _exceptions(config, report)
    check_earlier_keys(config, report)


def _references(config: Configuration, kinds: Mapping[str, Kind], report: Report) -> None:
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    everywhere: dict[str, set[str]] = defaultdict(set)
    for address in (*config.state, *config.broken):
        keys[address.kind, address.scope].add(address.key)
        everywhere[address.kind].add(address.key)
    slugs = set(config.districts) | config.described
    for kind in kinds.values():
        for field, ref in kind.references.items():
            broken = {a: r for a, r in config.broken.items() if a.kind == kind.name and field in r.fields}
            for address, resource in {**broken, **config.of_kind(kind.name)}.items():
                value = address.key if field == kind.key_field else resource.fields.get(field)
                if value is None:
                    continue
                scope = address.scope if ref.same_scope else BASE
                known = _keys_of(ref, scope, slugs, keys, everywhere)
                for key in (value,) if isinstance(value, str) else value:
                    if ref.everywhere:
                        _report_missing(config, address, field, ref.kind, key, keys, report)
                    elif key not in known and not _written_in(config, address, key):
                        report(_dangling(config, address, field, ref.kind, key, scope, known))


def _keys_of(
    ref: Ref,
    scope: str,
    slugs: set[str],
    keys: Mapping[tuple[str, str], set[str]],
    everywhere: Mapping[str, set[str]],
) -> set[str]:
    """What a reference may name."""
    if ref.kind == "district":
        return slugs
    if ref.any_scope:
        return everywhere[ref.kind]
    return keys[ref.kind, scope] | keys[ref.kind, BASE] if ref.or_base else keys[ref.kind, scope]


def use_shared_where_none_is_own(config: Configuration, kinds: Mapping[str, Kind]) -> None:
    """Let references that may be to the base's lead there, where the district has none of its own with that key."""
    for kind in kinds.values():
        shared = {name: ref.kind for name, ref in kind.references.items() if ref.or_base}
        for address, resource in config.of_kind(kind.name).items() if shared else ():
            district = config.districts.get(address.scope)
            changed = {
                name: local
                for name, other in shared.items()
                if district is not None
                and (key := resource.fields.get(name)) is not None
                and Address(other, address.scope, key) not in config.state
                and Address(other, BASE, local := district.local_key(key)) in config.state
            }
            if changed:
                config.state[address] = replace(resource, fields={**resource.fields, **changed})
    config.by_kind.clear()


def _report_missing(
    config: Configuration,
    address: Address,
    field: str,
    kind: str,
    key: str,
    keys: Mapping[tuple[str, str], set[str]],
    report: Report,
) -> None:
    """Report a local key that some district does not have: once, in the words of the first of them."""
    if config.may_be_unread(key):
        return
    for slug, district in config.districts.items():
        if slug not in config.unsure and district.full_key(key) not in keys[kind, slug]:
            report(_dangling(config, address, field, kind, district.full_key(key), slug, keys[kind, slug]))
            return


def _written_in(config: Configuration, address: Address, key: str) -> bool:
    """Whether a file or section that could not be read may hold the key."""
    district = config.districts.get(address.scope)
    local = district.local_key(key) if district else key
    return config.may_be_unread(local)


def _dangling(
    config: Configuration, address: Address, field: str, kind: str, key: str, scope: str, known: set[str]
) -> Diagnostic:
    district = config.districts.get(scope)
    local = district.local_key(key) if district else key
    options = [district.local_key(k) for k in known] if district else list(known)
    origin = config.origins[address]
    place = f" of {scope}" if scope != BASE else ""
    related, label = also_at(origin, field)
    return Diagnostic(
        code="unknown-reference",
        at=_item_position(config, address, field, local),
        message=f"{field} names {local}, and there is no {kind}{place} with that key",
        help=did_you_mean(local, options)
        or (
            f"it must be one of {', '.join(sorted(options))}"
            if 0 < len(options) <= 12
            else f"add {kind} {local}, or name one that exists"
        ),
        address=str(address),
        related=related,
        related_label=label,
    )


def _item_position(config: Configuration, address: Address, field: str, item: str) -> Position:
    """The position of one item of a list or mapping, else of the field."""
    origin = config.origins[address]
    if item == origin.key:
        return origin.position()
    fields = origin.section.get(origin.key)
    value: Any = fields.get(field) if isinstance(fields, dict) else None
    if isinstance(value, dict) and item in value:
        return origin.document.key_position(value.spans, item)  # type: ignore[attr-defined]  # a Map, as parsed
    if isinstance(value, list) and item in value:
        s = value.spans[value.index(item)]  # type: ignore[attr-defined]  # a Seq, as parsed
        return Position(origin.document.file, s.vline + 1, s.vcol + 1, s.vend_line + 1, s.vend_col + 1)
    return origin.of_field(field)


def _cycles(config: Configuration, kinds: Mapping[str, Kind], report: Report) -> None:
    for kind in kinds.values():
        for field, ref in kind.references.items():
            if ref.kind == kind.name and not ref.any_scope:
                _cycles_of(config, kind.name, field, report)


def _cycles_of(config: Configuration, kind: str, field: str, report: Report) -> None:
    parents: dict[str, dict[str, str]] = defaultdict(dict)  # by scope: hashing a text is cheaper than an address
    for address, resource in config.of_kind(kind).items():
        if (parent := resource.fields.get(field)) is not None:
            parents[address.scope][address.key] = parent
    for scope, above in parents.items():
        for keys in _rings(above):
            ring = [Address(kind, scope, key) for key in keys]
            first = min(ring, key=lambda a: (config.origins[a].position(), a))
            turn = ring.index(first)
            ordered = [*ring[turn:], *ring[:turn], first]
            report(
                Diagnostic(
                    code="reference-cycle",
                    at=config.origins[first].of_field(field),
                    message="these are each other's parents: " + " -> ".join(a.key for a in ordered),
                    help=f"take the {field} away from the one that should be on top",
                    address=str(first),
                )
            )


def _rings(above: Mapping[str, str]) -> Iterator[list[str]]:
    """The circles of a forest that may have some, each once."""
    resolved: set[str] = set()
    for start in above:
        path: dict[str, None] = {}
        current: str | None = start
        while current is not None and current not in resolved and current not in path:
            path[current] = None
            current = above.get(current)
        if current is not None and current in path:
            yield list(path)[list(path).index(current) :]
        resolved.update(path)


def _unique(config: Configuration, kinds: Mapping[str, Kind], report: Report) -> None:
    for kind in kinds.values():
        for field in kind.unique:
            first: dict[Any, Address] = {}
            for address, resource in config.of_kind(kind.name).items():
                if address.scope in config.unsure:
                    continue
                value = resource.fields.get(field)
                if value is None:
                    continue
                other = first.setdefault(value, address)
                if other is not address:
                    report(
                        Diagnostic(
                            code="not-unique",
                            at=config.origins[address].of_field(field),
                            message=f"{field} {value} is also {other}'s",
                            help=f"give one of them a {field} of its own; it is unique across the whole base",
                            address=str(address),
                            related=config.origins[other].of_field(field),
                            related_label="the other one",
                        )
                    )


def _claimed_twice(config: Configuration, kinds: Mapping[str, Kind], report: Report) -> None:
    for address, other in _same_keys(config, kinds):
        if other is not address:
            rule = "orgnr-claimed-twice" if address.kind == "sub_org" else "duplicate-resource"
            report(
                Diagnostic(
                    code=rule,
                    at=config.origins[address].position(),
                    message=f"{address.key} is claimed by {other.scope} and by {address.scope}",
                    help="keep it in the district it belongs to",
                    address=str(address),
                    related=config.origins[other].position(),
                    related_label=f"claimed here by {other.scope}",
                )
            )


def _same_keys(config: Configuration, kinds: Mapping[str, Kind]) -> Iterator[tuple[Address, Address]]:
    """Every resource of a district, with the first that has its key."""
    for kind in kinds.values():
        if kind.key_field in kind.references:
            continue  # a key that is the name of something else stands once in each district
        first: dict[str, Address] = {}
        for address in config.of_kind(kind.name):
            if address.scope == BASE:
                continue
            if address.scope in config.unsure and (kind.local_keys or config.origins[address].described):
                continue  # the key was made of facts that are wrong, which is told already
            yield address, first.setdefault(address.key, address)


def _allotments(config: Configuration, report: Report) -> None:
    for licence in config.entries(Licence):
        allotted, bought = sum(licence.value.allotments.values()), licence.value.bought
        if allotted > bought:
            report(
                Diagnostic(
                    code="allotment-over-bought",
                    at=config.origins[licence.address].of_field("bought"),
                    message=f"{allotted} seats are allotted and {bought} were bought",
                    help=f"lower the allotments by {allotted - bought}, or buy more",
                    address=str(licence.address),
                )
            )


def _exceptions(config: Configuration, report: Report) -> None:
    """Report units that a district's exception names and the district does not have."""
    for address, resource in config.having("exceptions").items():
        for slug, given in (resource.fields.get("exceptions") or {}).items():
            district, unit = config.districts.get(slug), given.get("unit")
            if district is None or unit is None or slug in config.unsure:
                continue
            full = district.full_key(unit)
            if Address("org_unit", slug, full) not in config.state and not _written_in(config, address, unit):
                known = [district.local_key(a.key) for a in config.state if (a.kind, a.scope) == ("org_unit", slug)]
                report(
                    about(
                        config, address, rule="unknown-reference", path=("exceptions", slug, "unit"),
                        message=f"exceptions names {unit}, and there is no org_unit of {slug} with that key",
                        help_=did_you_mean(unit, known) or f"add org_unit {unit}, or name one that exists",
                    )
                )  # fmt: skip
