"""Readiness gates: what each district's preparations stand at, judged from config and live, or attested by people."""

import re
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
from websakctl.kinds.licence import KIND as LICENCE
from websakctl.kinds.org_unit import OrgUnit
from websakctl.kinds.sub_org import SubOrg
from websakctl.kinds.user import User
from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.resource import State
from websakctl.rollout.altinn import Access, Proof
from websakctl.rollout.batches import Batch
from websakctl.rollout.capacity import USER, Pool, unknown_role
from websakctl.rollout.reviews import LONGEST, SignedReviews
from websakctl.rollout.routing import Route


class Standing(StrEnum):
    """What a gate stands at. What nobody knows is not passed."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    EXAMPLE = "example"  # nothing is wrong with it, but it is judged from what somebody made up
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
    """One gate of one district.

    ``why``: what was found, worst first. ``next``: what to do, empty where nothing is left; ``how``: with which command, or in
    which file.
    """

    district: str
    gate: str
    state: Standing
    why: tuple[str, ...]
    next: str
    how: str = ""
    since: str | None = None  # ISO day from which it is so, where that is known
    until: str | None = None  # ISO day on which a waiver ends
    rests_on: str = ""  # what a gate that is passed was not judged from, which is said of it too


class Ground(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What verdicts are judged from.

    ``live``: ``None`` if it was not asked. ``unmanaged``: live objects that the config does not name. ``pending``: what a plan
    would change. ``manual``: what waits for a person. Examples are judged like anything else, and pass nothing.
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
    examples: frozenset[Address] = frozenset()  # what is marked ``status: example``
    altinn: Proof = Proof()
    reviews: SignedReviews | None = None  # signed reviews of access; ``None`` if the journal was not asked

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


def _settled(ground: Ground, gate: Gate, district: District, result: Verdict) -> Verdict:
    resource = ground.config.get(Address(ATTESTATION.name, district.slug, gate.key))
    given = entry(Attestation, resource) if resource is not None else None
    if given is None or result.state is Standing.PASS:
        return result
    waiver = given.waived
    if waiver:
        if waiver.until >= ground.today.isoformat():
            why = f"waived by {waiver.by} until {waiver.until}: {waiver.why}"
            return replace(result, state=Standing.WAIVED, why=(why, *result.why), next="", how="", until=waiver.until)
        result = replace(result, why=(f"its waiver ended on {waiver.until}", *result.why))
    return _attested(ground, given, result) if result.state in (Standing.UNKNOWN, Standing.EXAMPLE) else result


def _attested(ground: Ground, given: Attestation, result: Verdict) -> Verdict:
    if not (given.by and given.on and given.evidence):
        missing = [name for name in ("by", "on", "evidence") if not getattr(given, name)]
        if len(missing) == 3:
            return result
        lacks = ", ".join(missing)
        return replace(result, why=(f"the attestation does not say {lacks}", *result.why), next=f"add {lacks} to it")
    if given.on > ground.today.isoformat():
        return replace(result, why=(f"it is attested from {given.on}, which is not yet", *result.why))
    why = f"{given.by}, {given.on}: {given.evidence}"
    return replace(result, state=Standing.PASS, why=(why,), next="", how="", since=given.on)


def _in_order(gate: Gate, resolved: Mapping[str, Verdict]) -> Verdict:
    """A gate that was passed before the one that it comes after is not passed, but a danger."""
    verdict = resolved[gate.key]
    first = resolved.get(gate.after) if gate.after else None
    if first is None or verdict.state is Standing.WAIVED:
        return verdict
    if not first.state.lets_through:
        if verdict.state is not Standing.PASS:
            return replace(verdict, why=(*verdict.why, f"it waits for {first.gate}"))
        why = f"it is so already, and {first.gate} must come first, which is not passed ({first.state})"
        todo = f"see to {first.gate}: {first.next}"
        return replace(verdict, state=Standing.FAIL, why=(why, *verdict.why), next=todo, how=first.how)
    if verdict.state is Standing.PASS and verdict.since and first.since and verdict.since < first.since:
        why = f"it is so since {verdict.since}, before {first.gate} was passed ({first.since})"
        next_ = f"look for what went wrong between these days; then correct the days, or waive {gate.key}"
        return replace(verdict, state=Standing.FAIL, why=(why, *verdict.why), next=next_, how="")
    return verdict


# --- what the tool can tell


def _found(ground: Ground, gate: Gate, district: District) -> Verdict:
    result = _judged(ground, gate, district)
    examples = _examples(ground, gate, district)
    state, why, todo, how = result.state, result.why, result.next, result.how
    if examples:
        why = (*why, examples)
        if state is not Standing.FAIL:
            state, todo, how = (
                Standing.EXAMPLE,
                _CONFIRM,
                f"then take `status: example` away; or attest it in {_attest(gate, district)}",
            )
    if state is Standing.PASS:
        since = _since(ground, gate, district)
        return Verdict(
            district=district.slug,
            gate=gate.key,
            state=state,
            why=tuple(why),
            next="",
            since=since,
            rests_on=result.rests_on,
        )
    if not todo:
        todo, how = "attest it, with date and evidence", f"in {_attest(gate, district)}"
    return Verdict(district=district.slug, gate=gate.key, state=state, why=tuple(why), next=gate.next or todo, how=how)


def _judged(ground: Ground, gate: Gate, district: District) -> "CheckResult":
    if gate.check:
        return _CHECKS[gate.check](ground, district)
    if gate.match:
        return _matched(ground, gate, gate.match, district)
    return _unknown(("nobody has attested it",))


def _attest(gate: Gate, district: District) -> str:
    return f"districts/{district.slug}/, under attestations: {gate.key}"


_CONFIRM = "confirm it with those who know it"
_KINDS = {  # what a check looks at
    "org-tree": "org_unit",
    "users": USER,
    "mail-routes": "sub_org",
    "altinn-access": "sub_org",
    "main-number": "sub_org",
    "old-base": "historical_base",
    "committees": "committee",
}


def _examples(ground: Ground, gate: Gate, district: District) -> str:
    """How much of what a gate is judged from is marked as an example; empty: nothing is."""
    seen = _seen(ground, gate, district) if ground.examples else ()
    examples = sum(1 for address in seen if address in ground.examples)
    return f"{examples} of {len(seen)} {'is an example' if examples == 1 else 'are examples'}" if examples else ""


def _seen(ground: Ground, gate: Gate, district: District) -> Sequence[Address]:
    if gate.check == "main-number":
        return [Address("sub_org", district.slug, district.orgnr)]
    if gate.check == "licences":
        return [Address(LICENCE.name, BASE, pool.key) for pool in ground.pools if district.slug in pool.districts]
    if gate.check:
        return ground.of(_KINDS[gate.check], district.slug) if gate.check in _KINDS else ()
    return _seen_by(ground, gate.match, district) if gate.match else ()


def _seen_by(ground: Ground, expression: str, district: District) -> Sequence[Address]:
    """What an expression may look at: of the parts that it names, the kinds that it names, or all."""
    named = set(re.findall(r"[a-z_]+", expression))
    result: list[Address] = []
    if "routes" in named:
        result += ground.of("sub_org", district.slug)
    if "seats" in named:
        result += ground.of(LICENCE.name, BASE)
    for part, scope in (("resources", district.slug), ("shared", BASE)):
        if part in named:
            kinds = {address.kind for address in ground.config if address.scope == scope}
            result += [a for kind in sorted(kinds & named or kinds) for a in ground.of(kind, scope)]
    return list(dict.fromkeys(result))


def _since(ground: Ground, gate: Gate, district: District) -> str | None:
    if gate.check == "altinn-access":
        return ground.altinn.taken_on
    main = ground.config.get(Address("sub_org", district.slug, district.orgnr))
    return entry(SubOrg, main).valid_from if main and gate.check == "main-number" else None


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: the state, why, what to do, and how this tool does it; ``rests_on`` as a verdict has it."""

    state: Standing
    why: Sequence[str]
    next: str = ""
    how: str = ""
    rests_on: str = ""


def _passed(why: Sequence[str]) -> CheckResult:
    return CheckResult(state=Standing.PASS, why=why)


def _failed(why: Sequence[str], next_: str = "", how: str = "") -> CheckResult:
    return CheckResult(state=Standing.FAIL, why=why, next=next_, how=how)


def _unknown(why: Sequence[str], next_: str = "", how: str = "") -> CheckResult:
    return CheckResult(state=Standing.UNKNOWN, why=why, next=next_, how=how)


_OFFLINE = "Websak was not asked"
_MOST = 12  # items of one finding that are named


def _few(items: Sequence[str]) -> list[str]:
    more = [f"… and {len(items) - _MOST} more"] if len(items) > _MOST else []
    return [*items[:_MOST], *more]


def _org_tree(ground: Ground, district: District) -> CheckResult:
    units = ground.of("org_unit", district.slug)
    if not units:
        why = ["the config has no unit of the district"]
        return _failed(why, "say which units it has", f"in config/ or districts/{district.slug}/")
    if ground.live is None:
        return _not_asked()
    foreign = sorted(str(a) for a in ground.unmanaged if a.kind == "org_unit" and a.scope == district.slug)
    nameless = [a for a in foreign if _without_external_id(ground.live, a)]
    if nameless:
        why = [f"in Websak without an external id, and not in the config: {a}" for a in nameless]
        return _failed(
            _few(why),
            "find out which of these units are the district's, and give the others an external id in Websak",
            f"websakctl adopt --match --district {district.slug}",
        )
    if foreign:
        why = [f"in Websak and not in the config: {a}" for a in foreign]
        return _failed(
            _few(why),
            "find out which of these units are still used, and retire the others",
            f"websakctl adopt --district {district.slug}; what is no longer used: websakctl apply --prune org_unit --kind org_unit --district {district.slug}",
        )
    waiting = sum(1 for a in units if a in ground.pending)
    if waiting:
        reported = f"{waiting} of {len(units)} units are not in Websak as the config has them, and nobody has attested the tree"
        make = f"websakctl apply --district {district.slug} --kind org_unit makes them"
        return _unknown(
            [reported],
            "confirm the tree, with date and evidence",
            f"districts/{district.slug}/, under attestations; or {make}",
        )
    return _passed([f"{len(units)} units, all in Websak" if len(units) != 1 else "1 unit, in Websak"])


def _not_asked() -> CheckResult:
    return _unknown([_OFFLINE], "have Websak asked", "run it without --offline")


def _without_external_id(live: State, address: str) -> bool:
    unit = live.get(Address.parse(address))  # none: only a list of another time names it
    return unit is not None and not unit.fields.get("external_id")


def _users(ground: Ground, district: District) -> CheckResult:
    listed = ground.of(USER, district.slug)
    if not listed:
        how = "websakctl users import FILE"
        return _failed(["no user is listed"], "get the district's list of users from HR", how)
    users = [entry(User, ground.config[a]) for a in listed]
    without = [f"{user.code} has no {name}" for user in users for name in ("role", "unit") if not getattr(user, name)]
    if without:
        how = "websakctl users import FILE"
        return _failed(_few(without), "give each user a role and a unit, and read the list again", how)
    roles = Counter(user.role for user in users)
    named = ", ".join(f"{n} {role}" for role, n in sorted(roles.items()))
    return _passed([f"{len(listed)} users: {named}" if len(listed) != 1 else f"1 user: {named}"])


def _licences(ground: Ground, district: District) -> CheckResult:
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
        return _failed(missing, "buy seats, move allotments, or list fewer users", "websakctl licences")
    if doubts or not ground.pools:
        why = list(dict.fromkeys(doubts)) or ["the config has no licence pool"]
        return _unknown(why, "find out how many seats are needed", "websakctl licences")
    return _passed(["there are seats for all that are listed, with the batches before it"])


def _seats(count: int) -> str:
    return f"{count} seat{'s' * (count != 1)}"


def _mail_routes(ground: Ground, district: District) -> CheckResult:
    numbers = [route for route in ground.routes if route.district == district.slug and not route.ended]
    if not numbers:
        return _unknown(["the config has no number of the district"], _FIND_NUMBERS, _SUBORGS_CHECK)
    unrouted = [f"{route.orgnr} {route.name}: {gap}" for route in numbers for gap in route.gaps]
    if unrouted:
        how = f"websakctl suborgs --district {district.slug} --holes"
        return _failed(_few(unrouted), "decide where the mail to these numbers goes", how)
    if all(route.orgnr == district.orgnr for route in numbers):
        why = ["only the district's own number is listed, none of its sub-units'"]
        return _unknown(why, _FIND_NUMBERS, _SUBORGS_CHECK)
    units = sorted({route.unit for route in numbers if route.channel == "svarinn" and route.unit})
    if units and any(route.distributors is None and route.unit in units for route in numbers):
        why = [f"no user is said to distribute the mail of {', '.join(_few(units))}"]
        how = f"`distributes:` in users/{district.slug}.yaml"
        return _unknown(why, "say which users distribute its mail, or attest that somebody does", how)
    if missing := [unit for unit in units if _without_mail_group(ground, district, unit)]:
        why = [f"{unit} has no mail distribution group in Websak" for unit in missing]
        return _failed(_few(why), "say who distributes their mail", "`mail_group:` under org_units:")
    return _passed([f"{len(numbers)} numbers have a route" if len(numbers) != 1 else "1 number has a route"])


def _without_mail_group(ground: Ground, district: District, unit: str) -> bool:
    """Whether neither config nor Websak has a group that distributes a unit's mail; where Websak was not asked, no."""
    address = Address("org_unit", district.slug, unit)
    own, live = ground.config.get(address), (ground.live or {}).get(address)
    if own is not None and entry(OrgUnit, own).mail_group is not None:
        return False
    return live is not None and live.fields.get("mail_group") is None


_FIND_NUMBERS = "look the district's sub-org numbers up in the business register"
_SUBORGS_CHECK = "websakctl suborgs check"


def _altinn_access(ground: Ground, district: District) -> CheckResult:
    """Who can read the mail of every number, also of those that go through SvarInn: what the state sends directly stays in Altinn."""
    numbers = [route for route in ground.routes if route.district == district.slug and not route.ended]
    if not numbers:
        return _unknown(["the config has no number of the district"], _FIND_NUMBERS, _SUBORGS_CHECK)
    proof = ground.altinn
    if proof.flaw:
        return _failed([proof.flaw], "export who holds the access packages, and record it", _RECORD)
    own = [access for access in proof.access if access.district == district.slug]
    wrong = [_of_access(access, problem) for access in own for problem in access.problems]
    if wrong:
        how = " ".join((_RECORD, "--district", district.slug, "--names"))
        return _failed(_few(wrong), "give or take back access in Altinn, and record a new export", how)
    doubts = [proof.doubt] if proof.doubt else []
    doubts += [_of_access(access, doubt) for access in own for doubt in access.doubts]
    if doubts:
        return _unknown(_few(doubts), "find out who these are, and attest that they are at work", _RECORD)
    if all(route.orgnr == district.orgnr for route in numbers):
        why = ["only the district's own number is listed, none of its sub-units'"]
        return _unknown(why, _FIND_NUMBERS, _SUBORGS_CHECK)
    return _passed([f"{len(numbers)} numbers: both access packages have holders ({proof.taken_by}, {proof.taken_on})"])


def _of_access(access: Access, what: str) -> str:
    return f"{access.orgnr} {access.name}, {access.package.mail} mail: {what}"


_RECORD = "websakctl suborgs check altinn --file EXPORT --on DATE --by ROLE --record"


def _main_number(ground: Ground, district: District) -> CheckResult:
    main = next((r for r in ground.routes if r.orgnr == district.orgnr and r.district == district.slug), None)
    if main is None:
        how = "under sub_orgs:, with channel: svarinn"
        return _failed([f"{district.orgnr} has no route"], "give the number a route through SvarInn", how)
    if main.channel != "svarinn":
        why = f"{main.orgnr} is to go through {main.channel}"
        return _failed([why], "give the number a route through SvarInn", "channel: svarinn, and a unit")
    if main.arrives != "svarinn":
        why = f"its mail arrives through {main.arrives or 'what nobody has said'} today"
        todo = "register it in SvarUt once the receiving side is ready"
        return _failed([why], todo, "then say arrives: svarinn")
    return _passed([f"{main.orgnr} arrives through SvarInn"])


def _old_base(ground: Ground, district: District) -> CheckResult:
    return _set_up(ground, district, "historical_base", "the config names no historical base of the district")


def _committees(ground: Ground, district: District) -> CheckResult:
    return _set_up(ground, district, "committee", "the config names no committee of the district")


def _set_up(ground: Ground, district: District, kind: str, none: str) -> CheckResult:
    """What people set by hand: in order once nothing of it is left on a work list."""
    named = ground.of(kind, district.slug)
    if not named:
        return _unknown([none])
    if ground.live is None:
        return _not_asked()
    left = [a for a in named if a in ground.manual or a in ground.pending]
    if left:
        why = f"not set up: {', '.join(_few([a.key for a in left]))}"
        return _failed(
            [why],
            "set it up in Websak, and record it",
            f"websakctl worklist list --district {district.slug}",
        )
    return _passed([f"{len(named)} set up"])


def _publishing(ground: Ground, district: District) -> CheckResult:  # noqa: ARG001  # what a check gets
    """Whether it is agreed, only people know; what the config publishes by itself is told for them to agree on."""
    automatic = sorted(a.key for a in ground.of("case_type", BASE) if entry(CaseType, ground.config[a]).publish)
    reported = (
        f"published by themselves: {', '.join(_few(automatic))}" if automatic else "no case type is published by itself"
    )
    return _unknown(["nobody has attested that publishing is agreed", reported])


def _access_review(ground: Ground, district: District) -> CheckResult:
    """Whether the list of who can read what was signed, from whole data, and not too long ago."""
    how = f"websakctl access review --district {district.slug}"
    if ground.reviews is None or ground.reviews.unknown:
        why = ground.reviews.unknown if ground.reviews is not None else "the journal was not asked"
        return _unknown([why], "have the review of access signed again", how)
    signed = ground.reviews.by_district.get(district.slug)
    if signed is None:
        return _failed(["nobody has signed a review of access"], _SIGN, how)
    age = signed.age(ground.today)
    if age is None:
        return _unknown([signed.reported, "the journal does not say when it was signed"], _SIGN, how)
    if age > LONGEST:
        return _failed([signed.reported, f"it was signed {age} days ago, and counts for {LONGEST}"], _SIGN, how)
    if signed.incomplete:
        return _unknown([signed.reported, "it rests on incomplete data"], _SIGN, how)
    if not signed.live:
        return _unknown([signed.reported, "it rests on the config, and Websak was not asked"], _SIGN, how)
    now = ground.reviews.now.get(district.slug)
    if now is not None and now != signed.digest:
        return _failed(["access is another than was signed", signed.reported], _SIGN, how)
    rests = [] if now is not None else [f"it rests on access as it was on {signed.on}, not compared with now"]
    rests += [f"not checked when it was signed: {what}" for what in signed.not_checked]
    return CheckResult(state=Standing.PASS, why=[signed.reported, *rests], rests_on="; ".join(rests))


_SIGN = "go through who can read what in the district, and sign the list"


_CHECKS: dict[str, Callable[[Ground, District], CheckResult]] = {
    "org-tree": _org_tree,
    "users": _users,
    "licences": _licences,
    "mail-routes": _mail_routes,
    "altinn-access": _altinn_access,
    "main-number": _main_number,
    "old-base": _old_base,
    "committees": _committees,
    "publishing": _publishing,
    "access-review": _access_review,
}


# --- what expressions find


def _matched(ground: Ground, gate: Gate, expression: str, district: District) -> CheckResult:
    try:
        result = search(expression, document(ground, district))
    except CannotJudge as error:
        return _unknown([f"its expression cannot be judged: {error}"])
    if result is None or result is False or result == []:
        return _passed(["its expression finds nothing in the way"])
    if result is True:
        return _failed([gate.name])
    if isinstance(result, list):
        items = [str(item.get("address", item)) if isinstance(item, dict) else str(item) for item in result]
        return _failed(_few(items))
    return _unknown([f"its expression gives {type(result).__name__}, not a list, true or false"])


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
            "example": address in ground.examples,
            "live": live[address].fields if address in live else None,
        }
        for address, resource in ground.config.items()
        if address.scope == scope
    ]
