"""What comes and looks like something that goes or is there already: most likely one thing that was renamed or moved."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import Fields, State
from websakctl.plan.change import Action, Change, Finding, SourceLine, old_address
from websakctl.plan.diff import canonical, same

_NOTHING: tuple[Any, ...] = (None, [], {}, False)


class _Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Something that comes, and its look-alike."""

    new: Address
    old: Address
    goes: bool  # the plan retires the look-alike; else it only is there
    back: bool = False  # what comes was retired, and its key is taken by that


def probable_renames(
    changes: Iterable[Change],
    desired: State,
    live: State,
    kinds: Mapping[str, Kind],
    districts: Mapping[str, District],
    previously: Mapping[Address, tuple[Address, ...]],
    position: Callable[[Address], SourceLine | None] = lambda _: None,
) -> tuple[Finding, ...]:
    """Object to making or bringing back what looks like something else in Websak: its history would be cut in two.

    A look-alike is found by its content, whatever its district, parent or state. One that the plan does not retire in the
    same district must be the only one of its content, as every district has its *Oppvekst*. The same pair in several
    districts is one finding.
    """
    listed = list(changes)
    pairs = _pairs(listed, desired, live, kinds, previously)
    grouped: dict[tuple[str, str, str, str], list[_Pair]] = defaultdict(list)
    for pair in pairs:
        alone = pair.new.scope != pair.old.scope or not pair.goes or pair.back
        old, new = (str(a) if alone else _local(a, districts) for a in (pair.old, pair.new))
        grouped[pair.new.kind, old, new, _local(pair.new, districts)].append(pair)
    return tuple(
        Finding(
            guard=f"rename:{kind}/{local}",
            count=len(members),
            message=_described(members, old, new, kinds[kind], position),
        )
        for (kind, old, new, local), members in sorted(grouped.items(), key=lambda item: item[0])
    )


def _pairs(
    changes: list[Change],
    desired: State,
    live: State,
    kinds: Mapping[str, Kind],
    previously: Mapping[Address, tuple[Address, ...]],
) -> list[_Pair]:
    created = [
        change
        for change in changes
        if change.action in (Action.CREATE, Action.ACTIVATE)
        and old_address(change).key == change.address.key
        and change.address in desired
        and previously.get(change.address) != ()
    ]
    labels = {(c.address.kind, _label(kinds, c.address.kind, desired[c.address].fields)) for c in created}
    labels = {pair for pair in labels if pair[1] is not None}
    if not labels:
        return []
    going = {change.address for change in changes if change.action.removes}
    taken = {(a.kind, a.key) for a in desired} | {
        (o.kind, o.key) for c in changes if (o := old_address(c)) not in going
    }
    existing: dict[tuple[str, Any], list[Address]] = defaultdict(list)
    for address, resource in live.items():
        label = (address.kind, _label(kinds, address.kind, resource.fields))
        if (address.kind, address.key) not in taken:
            existing[label].append(address)
    stays: dict[tuple[str, Any], int] = defaultdict(int)
    for address, resource in desired.items():
        label = (address.kind, _label(kinds, address.kind, resource.fields))
        if label in labels:
            stays[label] += 1
    result: list[_Pair] = []
    for change in created:
        new = change.address
        label = (new.kind, _label(kinds, new.kind, desired[new].fields))
        alike = [a for a in existing.get(label, ()) if _alike(kinds[new.kind], desired[new].fields, live[a].fields)]
        near = sorted(a for a in alike if a in going and a.scope == new.scope)
        only = alike if len(alike) == 1 and stays[label] == 1 else []
        back = change.action is Action.ACTIVATE
        for old in (near or [a for a in only if a in going or not back])[:1]:
            existing[label].remove(old)  # one thing becomes one thing
            result.append(_Pair(new=new, old=old, goes=old in going, back=back))
    return result


def _label(kinds: Mapping[str, Kind], kind: str, fields: Fields) -> Any:
    return canonical(fields.get(kinds[kind].label)) if kind in kinds else None


def _alike(kind: Kind, desired: Fields, live: Fields) -> bool:
    """Whether all that tells a resource apart is equal, once its key, its place, and what follows from these are left out."""
    own = {name for name, _ in kind.own_references}
    left_out = {kind.key_mirror, *kind.unique, *kind.create_only, *kind.write_only, *kind.stepwise, *own}
    reported = [n for n, value in desired.items() if n not in left_out and value not in _NOTHING]
    return all(same(desired[name], live.get(name)) for name in reported)


def _local(address: Address, districts: Mapping[str, District]) -> str:
    district = districts.get(address.scope)
    return district.local_key(address.key) if district else address.key


def _described(
    members: list[_Pair], old: str, new: str, kind: Kind, position: Callable[[Address], SourceLine | None]
) -> str:
    pair, *_ = members
    scopes = ", ".join(m.new.scope for m in members[:3]) + (", …" if len(members) > 3 else "")
    if pair.back:
        return (
            f"{old} would go and {new}, which was retired, come back with the same content: probably a move. The key "
            f"{pair.new.key} is taken by what was retired: say `previously: [{old}]` at another key, or `previously: []` at {new} "
            f"if that is to come back{_at(pair.new, position)}"
        )
    if not pair.goes:
        return (
            f"{old} is in Websak already with the same content as {new}, which would be made: probably the same. "
            f"Say `previously: [{_quoted(old)}]`{_where(pair.new, new, position)}, or `previously: []` if it is new"
        )
    if pair.new.scope != pair.old.scope:
        return (
            f"{old} would go and {new} come with the same content: probably a move. "
            f"Say `previously: [{old}]`{_where(pair.new, new, position)}, or `previously: []` if it is new"
        )
    where = f" at {new}" if kind.local_keys or pair.new.scope == BASE else _where(pair.new, new, position)
    return (
        f"{old} would go and {new} come with the same content ({scopes}): probably a rename. "
        f"Say `previously: [{_quoted(old)}]`{where}, or `previously: []` if it is new"
    )


def _quoted(text: str) -> str:
    """A key as YAML reads it as a text."""
    return f'"{text}"' if text.isdigit() or "#" in text else text


def _at(address: Address, position: Callable[[Address], SourceLine | None]) -> str:
    line = position(address)
    return f" ({line.file}:{line.line})" if line else ""


def _where(address: Address, new: str, position: Callable[[Address], SourceLine | None]) -> str:
    """Where the line goes: to the entry, or to an override where config/ makes the entry for every district."""
    line = position(address)
    if line is not None and address.scope != BASE and line.file.startswith("config/"):
        return f" for {address.key} under `overrides:` in districts/{address.scope}/"
    return f" at {new}{_at(address, position)}"
