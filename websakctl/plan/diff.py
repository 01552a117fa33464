"""The whole diff: desired against live, field by field."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any
from unicodedata import is_normalized, normalize

import msgspec
from msgspec.structs import replace

from websakctl.model.address import BASE, Address
from websakctl.model.kind import Kind, Removal, referred
from websakctl.model.marks import Held
from websakctl.model.resource import Resource, State
from websakctl.model.retirement import Retirement
from websakctl.plan.change import Action, Change, FieldChange, ManualStep, some
from websakctl.redaction import redacted


class LastApplied:
    """What was last applied: tells a resource that left the config from one that never was in it.

    ``fields`` may come as the JSON that was kept of them: of most resources only their names are asked.
    """

    __slots__ = ("_fields", "protected")

    def __init__(self, fields: Mapping[str, Any] | str, protected: bool = False) -> None:
        self._fields, self.protected = fields, protected

    @property
    def fields(self) -> Mapping[str, Any]:
        """JSON values by field name."""
        fields = self._fields
        if isinstance(fields, str):
            self._fields = fields = json.loads(fields)
        return fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LastApplied) and (other.fields, other.protected) == (self.fields, self.protected)

    __hash__ = None  # type: ignore[assignment]  # it holds a mapping


ABOUT_ITSELF = frozenset({"active", "scope", "key"})  # paths of field changes that are no fields of the model
AcceptedNormalisations = Mapping[tuple[Address, str], tuple[Any, Any]]  # (wanted, made) by address and field
CreateOnlyDifferences = dict[
    tuple[str, str, str], list[Address]
]  # (field, in Websak, in the config): differences that the API cannot mend


_IN_WORDS = {
    Action.CREATE: "this Websak has no API for it: set it manually",
    Action.UPDATE: "it differs from the config: change it manually",
    Action.ACTIVATE: "it is needed again: set it manually",
    Action.DEACTIVATE: "it left the config: remove it manually",
    Action.DELETE: "it left the config: remove it manually",
}


def _by_its_owner(owner: str, change: Change) -> str:
    """What the owner of a kind has to do, since nothing of it is written from here."""
    differing = ", ".join(f.path for f in change.fields)
    return f"{owner} owns this kind here, and it is not written: {change.action.value} it there ({differing})"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparison found; ``changes`` are not yet ordered."""

    changes: list[Change]
    unchanged: list[Address]
    unmanaged: list[Address]
    manual: list[ManualStep]
    warnings: list[str]
    owners: Mapping[str, str] = {}

    def add(self, change: Change, kinds: Mapping[str, Kind]) -> None:
        """Take a change up: as one for an API if its kind is among ``kinds`` and nobody else's, else as a step for a person."""
        if (owner := self.owners.get(change.address.kind)) is not None:
            self.manual.append(ManualStep(address=change.address, what=_by_its_owner(owner, change)))
        elif change.address.kind in kinds:
            self.changes.append(change)
        else:
            self.manual.append(ManualStep(address=change.address, what=_IN_WORDS[change.action], change=change))


def canonical(value: Any) -> Any:
    """Bring texts to NFC, so that æøå compare equal however they are encoded."""
    if isinstance(value, str):
        return value if value.isascii() or is_normalized("NFC", value) else normalize("NFC", value)
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, Mapping):
        return {canonical(key): canonical(item) for key, item in value.items()}
    return value


def same(before: Any, after: Any) -> bool:
    """Whether two values mean the same."""
    return bool(before == after) or canonical(before) == canonical(after)


def normalised(desired: Any, created: Any) -> bool:
    """Whether a server may have made ``created`` of ``desired``: trimmed, cut, changed in case."""
    if not isinstance(desired, str) or not isinstance(created, str):
        return False
    reported, got = str(canonical(desired)).strip().casefold(), str(canonical(created)).strip().casefold()
    return bool(got) and (reported.startswith(got) or " ".join(reported.split()) == " ".join(got.split()))


def compare(
    desired: State,
    live: State,
    kinds: Mapping[str, Kind],
    *,
    known: Mapping[Address, LastApplied],
    prune: frozenset[str] = frozenset(),
    accepted: AcceptedNormalisations | None = None,
    previously: Mapping[Address, tuple[Address, ...]] | None = None,
    by_hand: Mapping[str, Kind] | None = None,
    retirements: Mapping[Address, Retirement] | None = None,
    unsupported: Mapping[str, frozenset[str]] | None = None,
    owners: Mapping[str, str] | None = None,
) -> Difference:
    """Compare two states of the given kinds.

    Args:
        desired: What should be.
        live: What is; retired resources included, with ``active`` false.
        kinds: The kinds that this Websak has an API for; desired resources of other kinds become manual steps.
        known: What was applied before.
        prune: Kinds whose unmanaged resources are to be removed too.
        accepted: What the server was seen to make of a value: (wanted, made) by address and field.
        previously: Old addresses of resources that were renamed.
        by_hand: Kinds that people set here; what differs of them becomes manual steps with before and after.
        retirements: What goes on purpose; what nobody manages here and refers to it is pointed to its heir.
        unsupported: Fields by kind that this Websak has no place for; what differs in them becomes manual steps.
        owners: Who else writes a kind; what differs of it becomes steps for them.
    """
    all_kinds = {**{name: _free(kind) for name, kind in (by_hand or {}).items()}, **kinds}
    retiring = {(address.kind, address.key): given for address, given in (retirements or {}).items()}
    comparison = _Comparison(
        desired=desired,
        live=live,
        own=kinds,
        kinds=all_kinds,
        known=known,
        accepted=accepted or {},
        unsupported=unsupported or {},
        retiring=retiring,
        heirs={target: given.heir for target, given in retiring.items() if given.heir is not None},
        counterparts=_Counterparts(desired, live, known, previously or {}),
        last_applied=_LastApplied(known, {name for name, kind in all_kinds.items() if kind.write_only}),
        prune=prune,
        fixed={},
        result=Difference(changes=[], unchanged=[], unmanaged=[], manual=[], warnings=[], owners=owners or {}),
    )
    for address, expected in desired.items():
        comparison.take_desired(address, expected)
    for address, resource in live.items():
        comparison.take_live(address, resource)
    comparison.result.warnings.extend(_fixed_in_words(comparison.fixed))
    return comparison.result


class _Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two states, what is known about them, and what their comparison has come to so far."""

    desired: State
    live: State
    own: Mapping[str, Kind]  # that this Websak has an API for
    kinds: Mapping[str, Kind]  # those, and those that people set here
    known: Mapping[Address, LastApplied]
    accepted: AcceptedNormalisations
    unsupported: Mapping[str, frozenset[str]]
    retiring: Mapping[tuple[str, str], Retirement]
    heirs: Mapping[tuple[str, str], Address]
    counterparts: "_Counterparts"
    last_applied: "_LastApplied"
    prune: frozenset[str]
    fixed: CreateOnlyDifferences
    result: Difference

    def take_desired(self, address: Address, expected: Resource) -> None:
        """What must be done for one resource to be as it should."""
        kind = self.kinds.get(address.kind)
        if kind is None:
            self._leave_to_people(address, "this Websak has no API for it: set it manually")
            return
        seen = self.live.get(address) or self.counterparts.find(address)
        if seen is not None and (obstacle := _obstacle(kind, address, seen)) is not None:
            self._leave_to_people(address, obstacle)
            return
        resource = seen
        if resource is not None and self.counterparts.renamed:
            resource = following(kind, resource, self.counterparts.renamed, self.kinds)
        left = self._without_what_is_left_to_people(kind, expected, resource)
        if left is None:
            return
        change = self._needed(kind, left, resource)
        if change is not None and resource is not None and seen is not None and resource is not seen:
            change = _from_what_is(change, seen)
        if change is None:
            self.result.unchanged.append(address)
        else:
            self.result.add(change, self.own)

    def take_live(self, address: Address, resource: Resource) -> None:
        """What becomes of one resource that nothing in the config stands for."""
        kind = self.kinds.get(address.kind)
        if kind is None or not resource.active or address in self.desired or address in self.counterparts.taken:
            return
        reason = _removal_reason(address, self.known, self.prune, self.retiring)
        if reason is not None:
            _remove(kind, resource, reason, self.result, self.own)
        elif (change := to_heirs(kind, resource, self.heirs, self.result.manual)) is not None:
            self.result.add(change, self.own)
        else:
            self.result.unmanaged.append(address)

    def _leave_to_people(self, address: Address, what: str) -> None:
        self.result.manual.append(ManualStep(address=address, what=what))

    def _without_what_is_left_to_people(
        self, kind: Kind, expected: Resource, resource: Resource | None
    ) -> Resource | None:
        """Make steps for people of what no API here takes and of what others write; ``None``: no more can be done."""
        owners = self.result.owners
        if missing := _without_place(kind, expected, self.unsupported):
            self.result.manual.extend(_by_hand_for_want_of_place(kind, expected, resource, missing))
            if missing & kind.essential and (resource is None or not resource.active):
                return None
        if of_others := _of_others(kind, expected, owners):
            self.result.manual.extend(_by_their_owners(self.kinds, expected, resource, of_others, owners))
        if left_out := missing | of_others.keys():
            return replace(expected, fields={n: v for n, v in expected.fields.items() if n not in left_out})
        return expected

    def _needed(self, kind: Kind, expected: Resource, resource: Resource | None) -> Change | None:
        """The change that makes the one of the other."""
        change = _change(kind, expected, resource, self.fixed, self.accepted)
        if resource is None:
            return change
        if unreported := _unreported(kind, expected, resource):
            what = f"this Websak does not report {' and '.join(unreported)}: compare and set manually"
            self._leave_to_people(expected.address, what)
        if kind.write_only:
            change = _with_write_only(kind, expected, resource, change, self.last_applied.of(expected.address))
            if not kind.observed:  # else nothing is to be written
                change = _without_erasing(kind, expected, resource, change, self.result.manual)
        return change


class _Counterparts:
    """Which live resource a desired one is, where none stands at its address: one with another key, or in another scope."""

    def __init__(
        self,
        desired: State,
        live: State,
        known: Mapping[Address, LastApplied],
        previously: Mapping[Address, tuple[Address, ...]],
    ) -> None:
        self._live = live
        self._known = known
        renamed = _renamed(desired, live, previously)
        self.renamed = {(old.kind, old.key): new for old, new in renamed.items()}  # new addresses by old keys
        self.taken: set[Address] = set(renamed)  # old addresses of what is desired elsewhere
        self._old_addresses = {new: old for old, new in renamed.items()}
        self._elsewhere = {(a.kind, a.key): a for a in live if a not in desired}

    def find(self, address: Address) -> Resource | None:
        """The live resource that a declared rename or a move to this scope makes of it."""
        if address in self._old_addresses:
            return self._live[self._old_addresses[address]]
        old = self._elsewhere.get((address.kind, address.key))
        if old is None or (old not in self._known and old.scope == BASE):
            return None
        self.taken.add(old)
        return self._live[old]


class _LastApplied:
    """What was last applied of a resource with write-only fields, at its address or wherever it was before."""

    def __init__(self, known: Mapping[Address, LastApplied], kinds: Container[str]) -> None:
        self._known = known
        self._by_key = {(a.kind, a.key): applied for a, applied in known.items() if a.kind in kinds}

    def of(self, address: Address) -> LastApplied | None:
        return self._known.get(address) or self._by_key.get((address.kind, address.key))


def _without_place(kind: Kind, expected: Resource, unsupported: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The fields with a value that this Websak has no place for."""
    names = unsupported.get(kind.name)
    if not names or names.isdisjoint(expected.fields):
        return frozenset()
    return frozenset(name for name in names if expected.fields.get(name) not in (None, [], {}))


def _of_others(kind: Kind, expected: Resource, owners: Mapping[str, str]) -> dict[str, str]:
    """The fields whose requests would write something of a kind that somebody else owns, and that kind."""
    if not owners or kind.name in owners:
        return {}
    return {
        n: ref.kind
        for n, ref in kind.references.items()
        if ref.writes and ref.kind in owners and expected.fields.get(n)
    }


def _by_hand_for_want_of_place(
    kind: Kind, expected: Resource, resource: Resource | None, missing: frozenset[str]
) -> Iterator[ManualStep]:
    """What a person has to do about such fields; nothing about those that are as they should be."""
    if missing & kind.essential and (resource is None or not resource.active):
        named = " and ".join(f"{name} ({expected.fields[name]})" for name in sorted(missing & kind.essential))
        what = f"this Websak has no place for its {named}, and without that it is not created"
        yield ManualStep(address=expected.address, what=what)
        return
    if differing := _differing(expected, resource, missing):
        what = f"this Websak's API cannot write {differing}: compare and set manually"
        yield ManualStep(address=expected.address, what=what)


def _by_their_owners(
    kinds: Mapping[str, Kind],
    expected: Resource,
    resource: Resource | None,
    of_others: Mapping[str, str],
    owners: Mapping[str, str],
) -> Iterator[ManualStep]:
    """What the owners of other kinds have to do about fields that are written there; nothing about those that are as they should be."""
    for name in sorted(set(of_others.values())):
        fields = [field for field, kind in of_others.items() if kind == name]
        if differing := _differing(expected, resource, fields):
            plural = kinds[name].plural.replace("_", " ")
            what = f"{owners[name]} owns {plural} here, and they are not written: set {differing} there"
            yield ManualStep(address=expected.address, what=what)


def _differing(expected: Resource, resource: Resource | None, names: Iterable[str]) -> str:
    """The fields that are not as they should be, with before and after where it is reported."""
    reported = resource.fields if resource is not None else {}
    return ", ".join(
        f"{name}: {reported[name]!r} -> {expected.fields[name]!r}" if name in reported else name
        for name in sorted(names)
        if name not in reported or not same(reported[name], expected.fields[name])
    )


def _obstacle(kind: Kind, address: Address, resource: Resource) -> str | None:
    """Why the API cannot make of a live resource what the config has at an address, in words; ``None`` if it can."""
    if resource.address.key != address.key and not kind.renames:
        return f"it was {resource.address.key}, and the API cannot rename {kind.plural}: do it in Websak"
    if not resource.active and not kind.reactivates:
        return f"it has ended, and the API cannot reopen {kind.plural}: do it in Websak"
    return None


def _removal_reason(
    address: Address,
    known: Mapping[Address, LastApplied],
    prune: frozenset[str],
    retiring: Mapping[tuple[str, str], Retirement],
) -> str | None:
    """Why a live resource that is not in the config is to go; ``None`` if it stays, since nobody manages it here."""
    retirement = retiring.get((address.kind, address.key))
    if retirement is not None:
        return f"retired: {retirement.reason}"
    if address in known:
        return "left the config"
    return "not in the config; --prune names its kind" if address.kind in prune else None


def _fixed_in_words(fixed: CreateOnlyDifferences) -> list[str]:
    """A warning for each difference that the API cannot mend."""
    return [
        f"{some(addresses)}: {name} is {before} in Websak and {after} in the config; the API sets it only when it is made"
        for (name, before, after), addresses in sorted(fixed.items())
    ]


def _renamed(desired: State, live: State, previously: Mapping[Address, tuple[Address, ...]]) -> dict[Address, Address]:
    """New addresses by the old ones that are still live, where a rename or a move was declared and is yet to be done.

    A key stands once in Websak, whatever district live shows it in; an active object goes before a retired one.
    """
    result: dict[Address, Address] = {}
    existing = {(address.kind, address.key): address for address in live} if previously else {}
    expected = {(address.kind, address.key) for address in desired} if previously else set()
    for new, olds in previously.items():
        if new not in desired or (new.kind, new.key) in existing:
            continue
        held = [
            existing[o.kind, o.key] for o in olds if (o.kind, o.key) in existing and (o.kind, o.key) not in expected
        ]
        if held:
            result[min(held, key=lambda address: not live[address].active)] = new
    return result


def following(
    kind: Kind, existing: Resource, renamed: Mapping[tuple[str, str], Address], kinds: Mapping[str, Kind]
) -> Resource:
    """A live resource as it will look once what it refers to is renamed: within one API references follow by themselves."""
    changed: dict[str, Any] = {}
    for name, ref, key in referred(kind, existing.fields):
        target = kinds.get(ref.kind)
        new = renamed.get((ref.kind, key))
        if new is not None and target is not None and target.api is kind.api and isinstance(existing.fields[name], str):
            changed[name] = new.key
    for name, held in kind.holds.items():
        if existing.fields.get(name):
            changed[name] = {
                role: _with_new_keys(scope, held, renamed) for role, scope in existing.fields[name].items()
            }
    return replace(existing, fields={**existing.fields, **changed}) if changed else existing


def _from_what_is(change: Change, live: Resource) -> Change:
    """The same change from what a resource refers to now, whatever key that will have by then."""
    read = {name for name in live.fields if name not in ABOUT_ITSELF}
    fields = (
        replace(f, before=_inside(live.fields, f.path)) if f.path.partition(".")[0] in read else f
        for f in change.fields
    )
    return replace(change, fields=tuple(fields))


def _inside(fields: Mapping[str, Any], path: str) -> Any:
    name, dot, key = path.partition(".")
    value = fields.get(name)
    return value.get(key) if dot and isinstance(value, Mapping) else None if dot else value


def _with_new_keys(scope: Any, held: Held, renamed: Mapping[tuple[str, str], Address]) -> Any:
    keys = scope.get(held.within) if isinstance(scope, Mapping) else None
    if not keys or not any((held.kind, key) in renamed for key in keys):
        return scope
    new = (renamed.get((held.kind, key)) for key in keys)
    return {**scope, held.within: sorted(to.key if to else key for to, key in zip(new, keys, strict=True))}


def _free(kind: Kind) -> Kind:
    """A kind as people set it: nothing that an API could not do stands in their way."""
    return kind.replace(observed=True, renames=True, reactivates=True, on_removal=Removal.DEACTIVATE)


def _remove(kind: Kind, existing: Resource, reason: str, result: Difference, own: Mapping[str, Kind]) -> None:
    if kind.on_removal is Removal.MANUAL:
        result.manual.append(
            ManualStep(address=existing.address, what=f"the API cannot remove {kind.plural}: close it in Websak")
        )
        return
    if kind.open_cases:
        result.manual.append(ManualStep(address=existing.address, what=kind.open_cases))
    action = Action.DELETE if kind.on_removal is Removal.DELETE else Action.DEACTIVATE
    fields = (
        (FieldChange(path="active", before=True, after=False),)
        if action is Action.DEACTIVATE
        else tuple(
            FieldChange(path=n, before=v, after=None)
            for n, v in sorted(existing.fields.items())
            if v not in (None, [], {})
        )
    )
    name = str(existing.fields.get(kind.label) or "")
    result.add(Change(address=existing.address, action=action, fields=fields, reason=reason, name=name), own)


def to_heirs(
    kind: Kind, existing: Resource, heirs: Mapping[tuple[str, str], Address], manual: list[ManualStep]
) -> Change | None:
    """Point something that nobody manages here to the heirs of what it refers to; a person does what a write would erase."""
    fields: list[FieldChange] = []
    for name, ref in kind.references.items() if heirs else ():
        value = existing.fields.get(name)
        if ref.everywhere or not isinstance(value, str):
            continue
        heir = heirs.get((ref.kind, value))
        if heir is None:
            continue
        if kind.needed_to_replace:
            what = f"its {name} {value} is retired: move it to {heir.key} in Websak"
            manual.append(ManualStep(address=existing.address, what=what))
        else:
            fields.append(FieldChange(path=name, before=value, after=heir.key))
    return (
        Change(
            address=existing.address, action=Action.UPDATE, fields=tuple(fields), reason="what it refers to is retired"
        )
        if fields
        else None
    )


def _change(
    kind: Kind,
    desired: Resource,
    existing: Resource | None,
    fixed: CreateOnlyDifferences,
    accepted: AcceptedNormalisations,
) -> Change | None:
    if existing is None:
        fields = tuple(
            FieldChange(path=name, before=None, after=value)
            for name, value in sorted(desired.fields.items())
            if value is not None and value != [] and value != {}
        )
        return Change(
            address=desired.address, action=Action.CREATE, fields=fields, reason="in the config, not in Websak"
        )
    if existing.active and existing.address == desired.address and desired.fields.items() <= existing.fields.items():
        return None  # as nearly always; what follows finds out how they differ
    changed = list(_fields(kind, desired, existing, fixed, accepted))
    if existing.address.key != desired.address.key:
        changed.insert(0, FieldChange(path="key", before=existing.address.key, after=desired.address.key))
    if existing.address.scope != desired.address.scope:
        changed.append(FieldChange(path="scope", before=existing.address.scope, after=desired.address.scope))
    if not existing.active:
        return Change(
            address=desired.address,
            action=Action.ACTIVATE,
            fields=(FieldChange(path="active", before=False, after=True), *changed),
            reason="retired in Websak, wanted in the config",
        )
    if changed:
        return Change(
            address=desired.address, action=Action.UPDATE, fields=tuple(changed), reason="differs from the config"
        )
    return None


def _with_write_only(
    kind: Kind, desired: Resource, existing: Resource, change: Change | None, known: LastApplied | None
) -> Change | None:
    """Add write-only fields, where the config says otherwise than what was last applied.

    What was applied before without a field that the config has now was never written: it is a change too. Of what was
    never applied nobody knows what it holds.
    """
    if known is None:
        return change
    last = known.fields
    reported = tuple(
        FieldChange(path=name, before=last.get(name), after=after)
        for name, after in desired.fields.items()
        if name in kind.write_only
        and name not in existing.fields
        and after is not None
        and not (same(last.get(name), after) or same(last.get(name), redacted(after)))
    )
    if not reported:
        return change
    if change is None:
        action = Action.UPDATE if existing.active else Action.ACTIVATE
        return Change(
            address=desired.address, action=action, fields=reported, reason="differs from what was last applied"
        )
    return replace(change, fields=(*change.fields, *reported))


def _unreported(kind: Kind, desired: Resource, existing: Resource) -> list[str]:
    """Fields with requests of their own that the config has and this Websak does not report: nobody knows how they are."""
    names = kind.stepwise - kind.write_only
    return sorted(n for n in names if desired.fields.get(n) is not None and n not in existing.fields)


def _without_erasing(
    kind: Kind, desired: Resource, existing: Resource, change: Change | None, manual: list[ManualStep]
) -> Change | None:
    """Leave out what only a replacing write could change, while the config lacks what such a write would erase."""
    if change is None or change.action not in (Action.UPDATE, Action.ACTIVATE):
        return change
    needed = kind.needed_to_replace - existing.spared
    missing = sorted(name for name in needed if desired.fields.get(name) is None)
    replaced = {f.path for f in change.fields if _replaces(kind, f, needed)}
    if not missing or not replaced:
        return change
    manual.append(
        ManualStep(
            address=change.address,
            what=f"{' and '.join(sorted(replaced))} differ{'s' * (len(replaced) == 1)}, and replacing the {kind.name} would erase its "
            f"{' and '.join(missing)}, which the config does not say: say it, or change the {kind.name} in Websak",
        )
    )
    left = tuple(f for f in change.fields if f.path not in replaced)
    return replace(change, fields=left) if left else None


def _replaces(kind: Kind, f: FieldChange, needed: frozenset[str]) -> bool:
    name = f.path.partition(".")[0]
    return f.path not in ABOUT_ITSELF and (name not in kind.stepwise or name in needed)


def _fields(
    kind: Kind, desired: Resource, existing: Resource, fixed: CreateOnlyDifferences, accepted: AcceptedNormalisations
) -> Iterator[FieldChange]:
    live = existing.fields
    for name, after in desired.fields.items():
        if name not in live and (name in kind.write_only or name in kind.stepwise):
            continue  # not reported
        before = live.get(name)
        if before == after or same(before, after) or is_accepted(accepted, desired.address, name, after, before):
            continue
        if name in kind.create_only:
            fixed.setdefault((name, repr(before), repr(after)), []).append(desired.address)
        elif isinstance(after, Mapping) and isinstance(before, Mapping | None):
            for key in sorted((before or {}).keys() | after.keys()):
                old, new = (before or {}).get(key), after.get(key)
                if not same(old, new):
                    yield FieldChange(path=f"{name}.{key}", before=old, after=new)
        else:
            yield FieldChange(path=name, before=before, after=after)


def is_accepted(accepted: AcceptedNormalisations, address: Address, name: str, desired: Any, created: Any) -> bool:
    """Whether the server was seen to make this of that."""
    pair = accepted.get((address, name)) if accepted else None
    return pair is not None and same(pair[0], desired) and same(pair[1], created)


def patched(fields: Mapping[str, Any], changes: tuple[FieldChange, ...]) -> dict[str, Any]:
    """Apply field changes to a resource's fields; those about the resource itself are not among these."""
    result = dict(fields)
    for change in changes:
        if change.path in ABOUT_ITSELF:
            continue
        name, dot, key = change.path.partition(".")
        if not dot:
            result[name] = change.after
            continue
        inner = dict(result.get(name) or {})
        if change.after is None:
            inner.pop(key, None)
        else:
            inner[key] = change.after
        result[name] = inner
    return result
