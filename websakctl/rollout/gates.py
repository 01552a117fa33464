"""Readiness gates: what each district's preparations stand at, judged from config and live, or attested by people."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.expressions import CannotJudge, search
from websakctl.kinds import entries, entry
from websakctl.kinds.attestation import KIND as ATTESTATION
from websakctl.kinds.attestation import Attestation
from websakctl.kinds.case_type import CaseType
from websakctl.kinds.gate import Gate as DeclaredGate
from websakctl.kinds.sub_org import SubOrg
from websakctl.kinds.user import User
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.resource import State
from websakctl.rollout.batches import Batch
from websakctl.rollout.capacity import USER, Pool, unknown_role
from websakctl.rollout.routing import Route


class Standing(StrEnum):
    """What a gate stands at. What nobody knows is not passed."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"

    @property
    def lets_through(self) -> bool:
        """Whether a batch may go on."""
        return self in (Standing.PASS, Standing.WAIVED)


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A declared gate. ``check`` names how the tool judges it, ``match`` an expression that finds what is in the way."""

    key: str
    name: str
    check: str | None
    match: str | None
    after: str | None
    next: str | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One gate of one district. ``why``: what was found, worst first; ``next``: what to do, empty where nothing is left."""

    district: str
    gate: str
    state: Standing
    why: tuple[str, ...]
    next: str
    since: str | None = None  # ISO day from which it is so, where that is known


class Ground(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What verdicts are judged from.

    ``live``: ``None`` if it was not asked. ``unmanaged``: live objects that the config does not name. ``pending``: what a plan
    would change. ``manual``: what waits for a person.
    """

    config: State  # whole: the tool's own kinds too
    districts: Mapping[str, District]
    batches: Mapping[str, Batch]  # by district
    pools: Sequence[Pool]
    routes: Sequence[Route]
    today: date
    live: State | None = None
    users: State | None = None  # all live ones
    unmanaged: frozenset[Address] = frozenset()
    pending: frozenset[Address] = frozenset()
    manual: frozenset[Address] = frozenset()

    @cached_property
    def by_scope(self) -> dict[tuple[str, str], list[Address]]:
        """The config's addresses by kind and scope."""
        result: dict[tuple[str, str], list[Address]] = {}
        for address in self.config:
            result.setdefault((address.kind, address.scope), []).append(address)
        return result

    @cached_property
    def strangers(self) -> int:
        """Active users of the districts whose role cannot be told; those beside the districts are no part of a rollout."""
        of_districts = {a: user for a, user in (self.users or {}).items() if a.scope in self.districts}
        return unknown_role(of_districts, self.config)

    def of(self, kind: str, scope: str) -> list[Address]:
        """The config's resources of a kind in a scope."""
        return self.by_scope.get((kind, scope), [])


def gates(config: State) -> tuple[Gate, ...]:
    """Every declared gate, as the config orders them."""
    return tuple(
        Gate(key=g.code, name=g.name, check=g.check, match=g.match, after=g.after, next=g.next)
        for g in (result.value for result in entries(DeclaredGate, config))
    )


def judge(ground: Ground, slugs: Iterable[str]) -> tuple[Verdict, ...]:
    """Judge every gate for each district.

    An attestation settles what the tool cannot tell and never what it finds wrong; only a waiver does that, until its day.
    """
    declared = gates(ground.config)
    return tuple(verdict for slug in slugs for verdict in _of_district(ground, declared, ground.districts[slug]))


def _of_district(ground: Ground, declared: Sequence[Gate], district: District) -> Iterable[Verdict]:
    resolved = {gate.key: _settled(ground, gate, district, _found(ground, gate, district)) for gate in declared}
    return [_in_order(gate, resolved) for gate in declared]


# --- what people say


def _settled(ground: Ground, gate: Gate, district: District, found: Verdict) -> Verdict:
    resource = ground.config.get(Address(ATTESTATION.name, district.slug, gate.key))
    given = entry(Attestation, resource) if resource is not None else None
    if given is None or found.state is Standing.PASS:
        return found
    waiver = given.waived
    if waiver:
        if waiver.until >= ground.today.isoformat():
            why = f"waived by {waiver.by} until {waiver.until}: {waiver.why}"
            return replace(found, state=Standing.WAIVED, why=(why, *found.why), next="")
        found = replace(found, why=(f"its waiver ended on {waiver.until}", *found.why))
    return _attested(ground, given, found) if found.state is Standing.UNKNOWN else found


def _attested(ground: Ground, said: Attestation, found: Verdict) -> Verdict:
    if not (said.by and said.on and said.evidence):
        missing = [name for name in ("by", "on", "evidence") if not getattr(said, name)]
        if len(missing) == 3:
            return found
        lacks = ", ".join(missing)
        return replace(found, why=(f"the attestation does not say {lacks}", *found.why), next=f"add {lacks} to it")
    if said.on > ground.today.isoformat():
        return replace(found, why=(f"it is attested from {said.on}, which is not yet", *found.why))
    why = f"{said.by}, {said.on}: {said.evidence}"
    return replace(found, state=Standing.PASS, why=(why,), next="", since=said.on)


def _in_order(gate: Gate, settled: Mapping[str, Verdict]) -> Verdict:
    """A gate that was passed before the one that it comes after is not passed, but a danger."""
    verdict = settled[gate.key]
    first = settled.get(gate.after) if gate.after else None
    if first is None or verdict.state is Standing.WAIVED:
        return verdict
    if not first.state.lets_through:
        if verdict.state is not Standing.PASS:
            return replace(verdict, why=(*verdict.why, f"it waits for {first.gate}"))
        why = f"it is so already, and {first.gate} must come first, which is not passed ({first.state})"
        return replace(verdict, state=Standing.FAIL, why=(why, *verdict.why), next=f"see to {first.gate}: {first.next}")
    if verdict.state is Standing.PASS and verdict.since and first.since and verdict.since < first.since:
        why = f"it is so since {verdict.since}, before {first.gate} was passed ({first.since})"
        next_ = f"look for what went wrong between these days; then correct the days, or waive {gate.key}"
        return replace(verdict, state=Standing.FAIL, why=(why, *verdict.why), next=next_)
    return verdict


# --- what the tool can tell


def _found(ground: Ground, gate: Gate, district: District) -> Verdict:
    if gate.check:
        state, why, next_ = _CHECKS[gate.check](ground, district)
    elif gate.match:
        state, why, next_ = _matched(ground, gate, gate.match, district)
    else:
        state, why, next_ = Standing.UNKNOWN, ("nobody has attested it",), ""
    if state is Standing.PASS:
        return Verdict(
            district=district.slug,
            gate=gate.key,
            state=state,
            why=tuple(why),
            next="",
            since=_since(ground, gate, district),
        )
    advice = gate.next or next_ or f"attest it in districts/{district.slug}/, under attestations: {gate.key}"
    return Verdict(district=district.slug, gate=gate.key, state=state, why=tuple(why), next=advice)


def _since(ground: Ground, gate: Gate, district: District) -> str | None:
    main = ground.config.get(Address("sub_org", district.slug, district.orgnr))
    return entry(SubOrg, main).valid_from if main and gate.check == "main-number" else None


Found = tuple[Standing, Sequence[str], str]
_OFFLINE = "Websak was not asked"
_MOST = 12  # items of one finding that are named


def _few(items: Sequence[str]) -> list[str]:
    more = [f"… and {len(items) - _MOST} more"] if len(items) > _MOST else []
    return [*items[:_MOST], *more]


def _org_tree(ground: Ground, district: District) -> Found:
    units = ground.of("org_unit", district.slug)
    if not units:
        return Standing.FAIL, ["the config has no unit of the district"], "describe its units in config/ or its folder"
    if ground.live is None:
        return Standing.UNKNOWN, [_OFFLINE], "run it without --offline"
    foreign = sorted(str(a) for a in ground.unmanaged if a.kind == "org_unit" and a.scope == district.slug)
    nameless = [a for a in foreign if _without_external_id(ground.live, a)]
    if nameless:
        why = [f"in Websak without an external id, and not in the config: {a}" for a in nameless]
        return (
            Standing.FAIL,
            _few(why),
            f"those that are the config's: websakctl adopt --match --district {district.slug}; give the others an external id in Websak",
        )
    if foreign:
        why = [f"in Websak and not in the config: {a}" for a in foreign]
        return (
            Standing.FAIL,
            _few(why),
            f"websakctl adopt --district {district.slug}; what is no longer used: websakctl apply --prune org_unit --kind org_unit --district {district.slug}",
        )
    waiting = sum(1 for a in units if a in ground.pending)
    reported = f"{len(units)} units" + (f", of which {waiting} are made or changed when it runs" if waiting else "")
    return Standing.PASS, [reported], ""


def _without_external_id(live: State, address: str) -> bool:
    unit = live.get(Address.parse(address))  # none: only a list of another time names it
    return unit is not None and not unit.fields.get("external_id")


def _users(ground: Ground, district: District) -> Found:
    listed = ground.of(USER, district.slug)
    if not listed:
        return Standing.FAIL, ["no user is listed"], "websakctl users import FILE, with the district's list from HR"
    users = [entry(User, ground.config[a]) for a in listed]
    without = [f"{user.code} has no {name}" for user in users for name in ("role", "unit") if not getattr(user, name)]
    if without:
        return Standing.FAIL, _few(without), "give each user a role and a unit, and import the list again"
    roles = Counter(user.role for user in users)
    return Standing.PASS, [f"{len(listed)} users: {', '.join(f'{n} {role}' for role, n in sorted(roles.items()))}"], ""


def _licences(ground: Ground, district: District) -> Found:
    slug, batch = district.slug, ground.batches.get(district.slug)
    missing, doubts = [], []
    for pool in ground.pools:
        part = pool.districts.get(slug)
        after = next((after for after in pool.batches if batch and after.batch == batch.key), None)
        if part is None or after is None:
            continue
        if after.missing and part.needed:
            missing.append(f"{pool.key}: {_seats(after.missing)} missing once {after.batch} is live")
        if part.missing:
            missing.append(f"{pool.key}: {_seats(part.missing)} missing of the district's allotment")
        if not part.listed:
            doubts.append("no users are listed, so the need is not known")
        if part.in_use is None:
            doubts.append(_OFFLINE)
        elif after.bought - after.total_after < ground.strangers:
            doubts.append(f"{pool.key}: {ground.strangers} active users of no known role may take the last seats")
    if missing:
        return Standing.FAIL, missing, "buy seats, move allotments, or list fewer users: websakctl licences"
    if doubts or not ground.pools:
        return Standing.UNKNOWN, list(dict.fromkeys(doubts)) or ["the config has no licence pool"], "websakctl licences"
    return Standing.PASS, ["there are seats for all that are listed, with the batches before it"], ""


def _seats(count: int) -> str:
    return f"{count} seat{'s' * (count != 1)}"


def _mail_routes(ground: Ground, district: District) -> Found:
    numbers = [route for route in ground.routes if route.district == district.slug and not route.ended]
    if not numbers:
        return Standing.UNKNOWN, ["the config has no number of the district"], "websakctl suborgs check finds them"
    unrouted = [f"{route.orgnr} {route.name}: {gap}" for route in numbers for gap in route.holes]
    if unrouted:
        return Standing.FAIL, _few(unrouted), f"websakctl suborgs --district {district.slug} --holes"
    return Standing.PASS, [f"{len(numbers)} numbers have a route"], ""


def _main_number(ground: Ground, district: District) -> Found:
    main = next((r for r in ground.routes if r.orgnr == district.orgnr and r.district == district.slug), None)
    if main is None:
        return Standing.FAIL, [f"{district.orgnr} has no route"], "add it under sub_orgs:, with channel: svarinn"
    if main.channel != "svarinn":
        return Standing.FAIL, [f"{main.orgnr} is to go through {main.channel}"], "give it channel: svarinn and a unit"
    if main.arrives != "svarinn":
        why = f"its mail arrives through {main.arrives or 'what nobody has said'} today"
        return Standing.FAIL, [why], "register it in SvarUt once the receiving side is ready; then say arrives: svarinn"
    return Standing.PASS, [f"{main.orgnr} arrives through SvarInn"], ""


def _old_base(ground: Ground, district: District) -> Found:
    return _set_up(ground, district, "historical_base", "the config names no historical base of the district")


def _committees(ground: Ground, district: District) -> Found:
    return _set_up(ground, district, "committee", "the config names no committee of the district")


def _set_up(ground: Ground, district: District, kind: str, none: str) -> Found:
    """What people set by hand: in order once nothing of it is left on a work list."""
    named = ground.of(kind, district.slug)
    if not named:
        return Standing.UNKNOWN, [none], ""
    if ground.live is None:
        return Standing.UNKNOWN, [_OFFLINE], "run it without --offline"
    left = [a for a in named if a in ground.manual or a in ground.pending]
    if left:
        return (
            Standing.FAIL,
            [f"not set up: {', '.join(_few([a.key for a in left]))}"],
            f"websakctl worklist list --district {district.slug}",
        )
    return Standing.PASS, [f"{len(named)} set up"], ""


def _publishing(ground: Ground, district: District) -> Found:  # noqa: ARG001  # what a check gets
    """Whether it is agreed, only people know; what the config publishes by itself is told for them to agree on."""
    automatic = sorted(a.key for a in ground.of("case_type", BASE) if entry(CaseType, ground.config[a]).publish)
    reported = (
        f"published by themselves: {', '.join(_few(automatic))}" if automatic else "no case type is published by itself"
    )
    return Standing.UNKNOWN, ["nobody has attested that publishing is agreed", reported], ""


_CHECKS: dict[str, Callable[[Ground, District], Found]] = {
    "org-tree": _org_tree,
    "users": _users,
    "licences": _licences,
    "mail-routes": _mail_routes,
    "main-number": _main_number,
    "old-base": _old_base,
    "committees": _committees,
    "publishing": _publishing,
}


# --- what expressions find


def _matched(ground: Ground, gate: Gate, expression: str, district: District) -> Found:
    try:
        result = search(expression, document(ground, district))
    except CannotJudge as error:
        return Standing.UNKNOWN, [f"its expression cannot be judged: {error}"], ""
    if result in (None, False, []):
        return Standing.PASS, ["its expression finds nothing in the way"], ""
    if result is True:
        return Standing.FAIL, [gate.name], ""
    if isinstance(result, list):
        return (
            Standing.FAIL,
            _few([str(item.get("address", item)) if isinstance(item, dict) else str(item) for item in result]),
            "",
        )
    return Standing.UNKNOWN, [f"its expression gives {type(result).__name__}, not a list, true or false"], ""


def document(ground: Ground, district: District) -> dict[str, Any]:
    """What a gate's expression sees: the district, its batch, its resources and the shared ones in config and live, its routes and seats."""
    batch = ground.batches.get(district.slug)
    return {
        "today": ground.today.isoformat(),
        "district": msgspec.to_builtins(district),
        "batch": {"key": batch.key, "name": batch.name, "go_live": batch.go_live} if batch else None,
        "resources": _resources(ground, district.slug),
        "shared": _resources(ground, BASE),
        "unmanaged": [str(a) for a in sorted(ground.unmanaged) if a.scope == district.slug],
        "routes": [msgspec.to_builtins(route) for route in ground.routes if route.district == district.slug],
        "seats": {
            pool.key: msgspec.to_builtins(pool.districts[district.slug])
            for pool in ground.pools
            if district.slug in pool.districts
        },
    }


def _resources(ground: Ground, scope: str) -> list[dict[str, Any]]:
    live = ground.live or {}
    return [
        {
            "address": str(address),
            "kind": address.kind,
            "key": address.key,
            "fields": resource.fields,
            "live": live[address].fields if address in live else None,
        }
        for address, resource in ground.config.items()
        if address.scope == scope
    ]
