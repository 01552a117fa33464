"""What a plan does to who can read documents: persons counted by access code and district, never named."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from websakctl.access import AccessModel, CodeChange, EffectiveAccess, Question, Verdict, assumed, compare, summary
from websakctl.kinds.access_code import KIND as ACCESS_CODE
from websakctl.kinds.access_group import KIND as ACCESS_GROUP
from websakctl.kinds.case_type import KIND as CASE_TYPE
from websakctl.kinds.org_unit import KIND as ORG_UNIT
from websakctl.kinds.user import KIND as USER
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.plan.change import AccessEffect, Action, Change, CodeEffect, Finding
from websakctl.plan.promised import promised_state, under_new_keys

KINDS = frozenset(
    kind.name for kind in (USER, ORG_UNIT, ACCESS_CODE, ACCESS_GROUP, CASE_TYPE)
)  # what access depends on
_OPENS = frozenset({"roles", "access_functions", "groups", "district_groups", "zones"})
_RESETS = frozenset({"role", "unit"})  # another template or unit: what the config does not say is then the template's
_OF_USERS = _OPENS | _RESETS | {"scope", "primary"}
_OF_OTHERS = {ORG_UNIT.name: frozenset({"parent", "scope"}), ACCESS_CODE.name: frozenset({"screening_level"})}
NOT_COMPUTED = "it takes a read for each user: --access"


def touches_users(changes: Iterable[Change]) -> frozenset[str]:
    """Codes of the users whose access a plan may change."""
    return frozenset(
        change.address.key
        for change in changes
        if change.address.kind == USER.name
        and (change.action is not Action.UPDATE or any(f.path.partition(".")[0] in _OF_USERS for f in change.fields))
    )


def touches_everybody(changes: Iterable[Change], *, new_codes: bool = False) -> bool:
    """Whether a plan may change what users read that it does not change themselves.

    A new unit or a new access code holds no documents yet; ``new_codes``: look at new access codes all the same.
    """
    return any(_touches_everybody(change, new_codes=new_codes) for change in changes)


def _touches_everybody(change: Change, *, new_codes: bool) -> bool:
    kind = change.address.kind
    if kind in (ACCESS_CODE.name, ACCESS_GROUP.name) and change.action is not Action.UPDATE:
        return change.action is not Action.CREATE or (new_codes and kind == ACCESS_CODE.name)
    parts = _OF_OTHERS.get(kind, frozenset())
    return change.action is Action.UPDATE and any(f.path.partition(".")[0] in parts for f in change.fields)


def effect_on_access(
    changes: Collection[Change],
    state: State,
    kinds: Mapping[str, Kind],
    model: AccessModel,
    districts: Mapping[str, District],
    sensitive: Collection[str],
    desired: State,
) -> AccessEffect:
    """Compare who reads what before and after a plan.

    Args:
        changes: The plan's.
        state: What access depends on as it is in Websak, with the users whose access may change; fields that they lack are
            not known.
        kinds: Of all that is in the state.
        model: How Websak is taken to decide.
        districts: The config's.
        sensitive: Access codes that the config marks so.
        desired: What the config says; of users that get another template or unit, all else is not known afterwards.
    """
    relevant = [change for change in changes if change.address.kind in KINDS]
    after = {**promised_state(relevant, state, kinds)}
    reset = [c.address for c in relevant if c.address in after and _resets(c)]
    after |= {address: _reset(after[address], desired.get(address)) for address in reset}
    created = [c.address for c in relevant if c.address.kind == ORG_UNIT.name and c.action is Action.CREATE]
    before = {**under_new_keys(relevant, state, kinds), **{address: after[address] for address in created}}
    then = EffectiveAccess(after, model, districts)
    found = _with_reset(compare(EffectiveAccess(before, model, districts), then), then, reset)
    doubtful = {person for change in found for persons in change.perhaps.values() for person in persons}
    return AccessEffect(
        codes=tuple(_effect(change, model, sensitive) for change in found),
        gaps=tuple(_gaps(then, doubtful)),
    )


def _resets(change: Change) -> bool:
    """Whether a user gets the access of another template or unit, but for what the config says."""
    return (
        change.address.kind == USER.name
        and change.action is Action.UPDATE
        and any(f.path in _RESETS for f in change.fields)
    )


def _with_reset(found: Iterable[CodeChange], after: EffectiveAccess, reset: Iterable[Address]) -> list[CodeChange]:
    """Add those of whom it is not known what the template gives them, also where it was not known before."""
    changes = {change.code: change for change in found}
    for code in after.codes:
        doubtful: dict[str, set[str]] = {}
        for address in reset:
            reader = after.read(address, Question(code=code))
            if reader.verdict is Verdict.UNKNOWN:
                doubtful.setdefault(address.scope, set()).add(reader.person)
        if doubtful:
            change = changes.get(code) or CodeChange(code=code, gained={}, lost={}, wider={}, narrower={}, perhaps={})
            every = {s: {*change.perhaps.get(s, ()), *doubtful.get(s, ())} for s in {*change.perhaps, *doubtful}}
            changes[code] = replace(change, perhaps={s: tuple(sorted(persons)) for s, persons in every.items()})
    return [changes[code] for code in sorted(changes)]


def _reset(user: Resource, desired: Resource | None) -> Resource:
    given = desired.fields.keys() if desired is not None else ()
    kept = {name: value for name, value in user.fields.items() if name not in _OPENS or name in given}
    return replace(user, fields=kept)


def _effect(change: CodeChange, model: AccessModel, sensitive: Collection[str]) -> CodeEffect:
    def counted(persons: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
        return {scope: len(codes) for scope, codes in sorted(persons.items())}

    return CodeEffect(
        code=change.code,
        sensitive=change.code in sensitive,
        text=summary(change),
        gained=counted(change.gained),
        lost=counted(change.lost),
        wider=counted(change.wider),
        narrower=counted(change.narrower),
        unknown=counted(change.perhaps),
        assumed=assumed(model, change.rules),
    )


def _gaps(access: EffectiveAccess, persons: Collection[str]) -> Iterator[str]:
    """What is not known of those of whom nobody can tell, counted."""
    for gap in access.gaps if persons else ():
        count = sum(code in persons for code in gap.where)
        if count:
            yield f"{gap.what}: {count}"


def widening(effect: AccessEffect) -> Iterator[Finding]:
    """Object to more people reading an access code that is marked as sensitive; who perhaps does counts."""
    for code in effect.codes:
        if code.sensitive and code.widened:
            yield Finding(
                guard=f"access:{code.code}",
                count=code.widened,
                message=f"access code {code.code} is marked as sensitive: {code.text}",
            )
