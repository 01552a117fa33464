"""What lies between what two states let people read."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from websakctl.access.effective import EffectiveAccess
from websakctl.access.values import Question, Reader, Verdict

Persons = Mapping[str, tuple[str, ...]]  # codes of persons by scope


class CodeChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one access code; each mapping holds persons by scope.

    ``gained``: read it afterwards and did not; ``lost``: the other way round; ``wider`` and ``narrower``: in more units, or in
    fewer; ``perhaps``: whether they gain or lose it is not known. ``rules``: what the difference rests on.
    """

    code: str
    gained: Persons
    lost: Persons
    wider: Persons
    narrower: Persons
    perhaps: Persons
    rules: tuple[int, ...] = ()

    @staticmethod
    def count(persons: Persons) -> int:
        """How many persons there are."""
        return sum(map(len, persons.values()))

    @property
    def widens(self) -> bool:
        """Whether somebody reads more, for certain or perhaps."""
        return bool(self.gained or self.wider or self.perhaps)


class _Where(msgspec.Struct, frozen=True, kw_only=True):
    """Units and archives; ``None``: all of them."""

    units: frozenset[str] | None = frozenset()
    archives: frozenset[str] | None = frozenset()

    def __bool__(self) -> bool:
        return self.units is None or bool(self.units)

    def __or__(self, other: "_Where") -> "_Where":
        return _Where(units=_joined(self.units, other.units), archives=_joined(self.archives, other.archives))

    def within(self, other: "_Where") -> bool:
        """Whether the other one has all of it."""
        return _within(self.units, other.units) and _within(self.archives, other.archives)


_NOWHERE = _Where()


class _Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person reads an access code, for certain and perhaps."""

    certain: _Where = _NOWHERE
    perhaps: _Where = _NOWHERE
    scope: str = ""
    rules: frozenset[int] = frozenset()


def compare(before: EffectiveAccess, after: EffectiveAccess) -> tuple[CodeChange, ...]:
    """The access codes that somebody reads otherwise in the second state; both are judged by rules of their own."""
    codes = sorted({*before.codes, *after.codes})
    persons = _persons_that_differ(before, after)
    changes = (_compared(code, _reached(before, code, persons), _reached(after, code, persons)) for code in codes)
    return tuple(change for change in changes if change is not None)


def _persons_that_differ(before: EffectiveAccess, after: EffectiveAccess) -> frozenset[str]:
    """Persons whose accounts are not the same in both; all of them where the states judge otherwise."""
    if not before.judges_like(after):
        return frozenset(account.person for each in (before, after) for account in each.accounts.values())
    both = before.accounts.keys() | after.accounts.keys()
    pairs = ((before.accounts.get(address), after.accounts.get(address)) for address in both)
    return frozenset(
        account.person
        for old, new in pairs
        if old is None or new is None or (old.person, old.profile) != (new.person, new.profile)
        for account in (old, new)
        if account is not None
    )


def _compared(code: str, before: Mapping[str, _Reach], after: Mapping[str, _Reach]) -> CodeChange | None:
    found: dict[str, dict[str, list[str]]] = {name: {} for name in _PARTS}
    rules: set[int] = set()
    for person in sorted(before.keys() | after.keys()):
        old, new = before.get(person, _Reach()), after.get(person, _Reach())
        names = _differences(old, new)
        for name in names:
            found[name].setdefault((new if person in after else old).scope, []).append(person)
        if names:
            rules |= old.rules | new.rules
    if not any(found.values()):
        return None
    parts = {name: {scope: tuple(persons) for scope, persons in each.items()} for name, each in found.items()}
    return CodeChange(code=code, rules=tuple(sorted(rules)), **parts)


_PARTS = ("gained", "lost", "wider", "narrower", "perhaps")


def _differences(old: _Reach, new: _Reach) -> list[str]:
    """In which ways a person's reach differs."""
    if new.certain and not old.certain:
        return ["perhaps" if old.perhaps else "gained"]
    if old.certain and not new.certain:
        return ["perhaps" if new.perhaps else "lost"]
    result = []
    if not new.certain.within(old.certain):
        result.append("wider")
    if not old.certain.within(new.certain):
        result.append("narrower")
    return result or (["perhaps"] if old.perhaps != new.perhaps else [])


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _joined(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    return None if first is None or second is None else first | second


def _reached(access: EffectiveAccess, code: str, persons: frozenset[str]) -> dict[str, _Reach]:
    """Where each of the persons that reads an access code reads it, for certain or perhaps."""
    if code not in access.codes:
        return {}
    result: dict[str, _Reach] = {}
    by_number: dict[int, _Reach] = {}
    question = Question(code=code)
    for address in access.candidates(question):
        account = access.accounts[address]
        if account.person not in persons:
            continue
        one = by_number.get(account.number)
        if one is None:
            one = by_number[account.number] = _reach(access, access.read(address, question))
        other = result.get(account.person)
        result[account.person] = replace(
            one,
            certain=one.certain if other is None else one.certain | other.certain,
            perhaps=one.perhaps if other is None else one.perhaps | other.perhaps,
            scope=address.scope if other is None else other.scope,
            rules=one.rules if other is None else one.rules | other.rules,
        )
    return result


def _reach(access: EffectiveAccess, reader: Reader) -> _Reach:
    where = {Verdict.YES: _NOWHERE, Verdict.UNKNOWN: _NOWHERE}
    for way in reader.ways:
        where[way.verdict] |= _Where(units=access.units_of(way), archives=frozenset(way.archives) or None)
    return _Reach(certain=where[Verdict.YES], perhaps=where[Verdict.UNKNOWN], rules=frozenset(reader.rules))


def summary(change: CodeChange) -> str:
    """What becomes of an access code, in a line."""
    parts = []
    least = "at least " if change.perhaps else ""
    for persons, more in ((change.gained, "more people can"), (change.lost, "fewer people can")):
        if count := change.count(persons):
            where = ", ".join(f"{len(each)} in {scope}" for scope, each in sorted(persons.items()))
            parts.append(f"{least}{count} {_people(more, count)} read code {change.code} ({where})")
    for persons, verb in ((change.wider, "in more units"), (change.narrower, "in fewer units")):
        if count := change.count(persons):
            parts.append(
                f"{count} {_people('people', count)} can read {'it' if parts else f'code {change.code}'} {verb}"
            )
    if count := change.count(change.perhaps):
        what = (
            "for {} it is unknown"
            if parts
            else f"whether {{}} {_people('people', count)} can read code {change.code} is unknown"
        )
        parts.append(what.format(count))
    return "; ".join(parts)


def _people(text: str, count: int) -> str:
    return text.replace("people", "person") if count == 1 else text
