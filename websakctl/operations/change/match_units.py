"""Live units without an external id that are the config's: proposed with their evidence, so that only the id is written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

import msgspec
from msgspec.structs import replace

from websakctl.model.address import Address
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.plan.change import Action, FieldChange, Origin, Plan
from websakctl.plan.decide import decide, digest
from websakctl.plan.diff import same
from websakctl.plan.groups import grouped
from websakctl.plan.input import DesiredState, PlanInput


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A resource of the config that Websak lacks, and the live ones without its key that may be it, each with its evidence.

    One candidate is proposed; several are duplicates, and somebody must say which one it is.
    """

    address: Address
    candidates: tuple[tuple[Resource, str], ...]

    @property
    def proposed(self) -> bool:
        """Whether there is exactly one."""
        return len(self.candidates) == 1


def find_matches(inputs: ConfigInput, live: State) -> list[Match]:
    """Match by name and place, or by abbreviation; a unit that is matched is a place for those below it.

    Args:
        inputs: The config, with what is selected of it.
        live: What there is.
    """
    result: dict[Address, Match] = {}
    for kind in inputs.kinds.values():
        if kind.key_mirror is not None:
            _match_kind(kind, inputs, live, result)
    return [result[address] for address in sorted(result)]


def _match_kind(kind: Kind, inputs: ConfigInput, live: State, result: dict[Address, Match]) -> None:
    keys = {a.key for a in live if a.kind == kind.name}
    desired = [r for a, r in inputs.config.state.items() if a.kind == kind.name and a.key not in keys]
    loose = [r for a, r in live.items() if a.kind == kind.name and r.active and not r.fields.get(str(kind.key_mirror))]
    loose = [r for r in loose if (kind.name, r.address.key) not in {(a.kind, a.key) for a in inputs.config.state}]
    place = next((name for name, ref in kind.references.items() if ref.kind == kind.name), "")
    known: dict[str, str] = {}  # live keys of what is matched, by the config's
    while True:  # each round those whose place the last one found
        candidates = {r.address: _candidates(kind, r, loose, place, known) for r in desired}
        claims: dict[Address, set[Address]] = defaultdict(set)
        for address, several in candidates.items():
            for resource, _ in several:
                claims[resource.address].add(address)
        new = {
            address: several
            for address, several in candidates.items()
            if len(several) == 1 and len(claims[several[0][0].address]) == 1 and address.key not in known
        }
        if not new:
            break
        known |= {address.key: several[0][0].address.key for address, several in new.items()}
    for address, several in candidates.items():
        if several and address in inputs.selection:
            result[address] = Match(address=address, candidates=tuple(several))


def _candidates(
    kind: Kind, desired: Resource, loose: Iterable[Resource], place: str, known: Mapping[str, str]
) -> list[tuple[Resource, str]]:
    above = desired.fields.get(place)
    result = []
    for one in loose:
        evidence = [
            f"same {name} {desired.fields[name]}"
            for name in kind.unique
            if desired.fields.get(name) and same(one.fields.get(name), desired.fields[name])
        ]
        if same(one.fields.get(kind.label), desired.fields.get(kind.label)) and one.fields.get(place) in (
            above,
            known.get(above or "", above),
        ):
            evidence.append(f"same {kind.label} under the same {place}, {above or 'the top'}")
        if evidence:
            result.append((one, "; ".join(evidence)))
    return result


def plan_matches(
    inputs: ConfigInput, live: State, matches: Iterable[Match], only: frozenset[Address] | None = None
) -> Plan:
    """The plan that gives each proposed unit (``only``: of these) its external id, and changes nothing else."""
    proposed = {m.address: m.candidates[0] for m in matches if m.proposed}
    desired: State = {a: r for a, r in live.items() if r.active}
    for address, (existing, _) in proposed.items():
        kind = inputs.kinds[address.kind]
        del desired[existing.address]
        desired[address] = Resource(address=address, fields={**existing.fields, str(kind.key_mirror): address.key})
    towards = DesiredState(
        state=desired,
        districts=inputs.config.districts,
        previously={address: (existing.address,) for address, (existing, _) in proposed.items()},
    )
    plan = decide(
        PlanInput(
            config=towards,
            kinds=inputs.kinds,
            environment=inputs.environment,
            protected=inputs.protected,
            warnings=inputs.warnings,
        ),
        live,
    )
    # its place is as it is, under whichever key: what is above may be matched too, and then is found by its id
    changes = tuple(
        replace(c, reason=f"is the config's: {proposed[c.address][1]}", fields=_keys_only(inputs, c.address, plan))
        for c in plan.changes
        if c.address in proposed and c.action is Action.UPDATE and (only is None or c.address in only)
    )
    seen = plan.live_digest
    origin = Origin(
        districts=tuple(sorted(inputs.selection.scopes)),
        kinds=tuple(sorted(inputs.selection.kinds)),
        targets=inputs.selection.targets,
        matches=True,
    )
    digests = cache(lambda: (digest(inputs.config.state), seen))
    return replace(
        plan, changes=changes, groups=grouped(changes, inputs.config.districts), origin=origin, digests=digests
    )


def _keys_only(inputs: ConfigInput, address: Address, plan: Plan) -> tuple[FieldChange, ...]:
    reported = ("key", "scope", inputs.kinds[address.kind].key_mirror)
    change = next(c for c in plan.changes if c.address == address)
    return tuple(f for f in change.fields if f.path in reported)
