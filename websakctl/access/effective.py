"""Who reads what, by the rules of docs/access.md; their numbers stand at each step."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec.structs import replace

from websakctl.access.accounts import Profile, RoleScope, Units, accounts_of, gaps_of, series_of
from websakctl.access.assumptions import ALL, NONE, UNKNOWN, AccessModel
from websakctl.access.values import Gap, Question, Reader, Verdict, Way
from websakctl.kinds.access_code import KIND as ACCESS_CODE
from websakctl.kinds.access_group import KIND as ACCESS_GROUP
from websakctl.model.address import BASE, Address
from websakctl.model.administrator import ADMINISTRATION
from websakctl.model.district import District
from websakctl.model.resource import State

_NOBODYS: Mapping[str, District] = {}


class EffectiveAccess:
    """What a state lets people read.

    Args:
        state: Live or desired, with users, org units, access codes, access groups and case types.
        model: How Websak is taken to decide.
        districts: By slug; settings name a district's groups by their local keys.
    """

    def __init__(
        self, state: State, model: AccessModel | None = None, districts: Mapping[str, District] | None = None
    ) -> None:
        self.state = state
        self.model = model or AccessModel()
        self._districts = districts or _NOBODYS
        self.accounts = accounts_of(state)
        self.units = Units(state)
        self.codes = tuple(sorted(a.key for a in state if a.kind == ACCESS_CODE.name))
        self._levels = {a.key: c.fields.get("screening_level") for a, c in state.items() if a.kind == ACCESS_CODE.name}
        self._series = series_of(state)
        self._group_scopes = {a.key: a.scope for a in state if a.kind == ACCESS_GROUP.name}
        self._answers: dict[Question, dict[int, tuple[Verdict, tuple[Way, ...]]]] = {}  # by number of the profile

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """What the state does not tell, or names and does not have: an answer from it rests on incomplete data."""
        return tuple(gaps_of(self.state, self.accounts, self.units, self.model))

    def who(self, question: Question) -> tuple[Reader, ...]:
        """The accounts that read it, for certain or perhaps, by scope and code."""
        every = (self.read(address, question) for address in self.candidates(question))
        return tuple(reader for reader in every if reader.verdict is not Verdict.NO)

    def candidates(self, question: Question) -> Sequence[Address]:
        """Accounts that may read it, in order: those that something of theirs speaks of the access code. Nobody else does."""
        if question.code not in self.codes or self._is_open(question):
            return self._in_order
        return self._by_code[question.code]

    @cached_property
    def _in_order(self) -> tuple[Address, ...]:
        return tuple(sorted(self.accounts))

    @cached_property
    def _by_code(self) -> dict[str, list[Address]]:
        result: dict[str, list[Address]] = {code: [] for code in self.codes}
        opened: dict[int, frozenset[str] | None] = {}
        for address in self._in_order:
            account = self.accounts[address]
            if account.number not in opened:
                opened[account.number] = self._opened_by(account.profile)
            codes = opened[account.number]
            for code in result if codes is None else codes & result.keys():
                result[code].append(address)
        return result

    def _opened_by(self, profile: Profile) -> frozenset[str] | None:
        """The access codes that anything of a profile speaks of; ``None``: any."""
        model = self.model
        roles = profile.roles
        if roles is None or any(not role.grades for role in roles):
            return None
        if model.administrators != NONE and (profile.functions is None or ADMINISTRATION in profile.functions):
            return None
        if model.other_groups == UNKNOWN and (profile.groups or not profile.all_groups):
            return None
        result = {code for role in roles for code in role.grades}
        for name, codes in model.reading_functions.items():
            if profile.functions is None or name in profile.functions:
                result.update(codes)
        if profile.groups or not profile.all_groups:
            result.update(code for codes in model.group_codes.values() for code in codes)
        return frozenset(result)

    def what(self, address: Address) -> dict[str, Reader]:
        """What an account reads, by access code, in whichever unit and of whichever case type."""
        return {code: self.read(address, Question(code=code)) for code in self.codes}

    def read(self, address: Address, question: Question) -> Reader:
        """Whether an account reads it (rules 1 and 2: no account that is not active, and no template user, is one)."""
        account = self.accounts.get(address)
        if account is None:
            return Reader(account=address, person=address.key, verdict=Verdict.NO)
        answers = self._answers.setdefault(question, {})
        answer = answers.get(account.number)
        if answer is None:
            answer = answers[account.number] = self._judged(account.profile, question)
        return Reader(account=address, person=account.person, verdict=answer[0], ways=answer[1])

    def by_unit(self, question: Question) -> dict[str, dict[Address, Verdict]]:
        """Who reads it in each unit, for certain or perhaps: the same as asking for every unit, in one go."""
        result: dict[str, dict[Address, Verdict]] = {key: {} for key in self.units.parents}
        where: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        for address in self.candidates(question):
            number = self.accounts[address].number
            if number not in where:
                ways = self.read(address, question).ways
                where[number] = self._where(ways, Verdict.YES), self._where(ways, Verdict.UNKNOWN)
            certain, perhaps = where[number]
            for key in certain:
                result[key][address] = Verdict.YES
            for key in perhaps - certain:
                result[key][address] = Verdict.UNKNOWN
        return result

    def _where(self, ways: tuple[Way, ...], verdict: Verdict) -> frozenset[str]:
        """The units for which ways of a verdict hold; where a unit lies that no list has is not known, so it may be anywhere."""
        units = [self.units_of(way) for way in ways if way.verdict is verdict]
        strange = any(key not in self.units for way in ways for key in way.units or ())
        if verdict is Verdict.UNKNOWN and strange and self.model.units_below:
            units.append(None)
        every = self.units.every
        return every if None in units else every & frozenset().union(*filter(None, units))

    def units_of(self, way: Way) -> frozenset[str] | None:
        """The units for which a way holds, those below too; ``None``: all."""
        if way.units is None:
            return None
        if way.district or not self.model.units_below:
            return frozenset(way.units)
        return frozenset().union(*map(self.units.below, way.units))

    def judges_like(self, other: "EffectiveAccess") -> bool:
        """Whether equal accounts read the same in both."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("model", "_levels", "_series", "_group_scopes", "_districts")
        ) and (self.units.parents, self.units.scopes) == (other.units.parents, other.units.scopes)

    def level_of(self, question: Question) -> int | None:
        """The screening level of what is asked about; ``None``: it hides nothing."""
        case_type = self.state.get(Address("case_type", BASE, question.case_type or ""))
        of_case_type = case_type.fields.get("screening_level") if case_type is not None else None
        return question.level or of_case_type or self._levels.get(question.code)

    def _is_open(self, question: Question) -> bool:
        """Whether everybody reads what is not screened (rule 17)."""
        return self.model.unscreened == ALL and self.level_of(question) is None

    # --- one profile

    def _judged(self, profile: Profile, question: Question) -> tuple[Verdict, tuple[Way, ...]]:
        ways = self._within_zone(profile, question, tuple(self._ways(profile, question)))
        if not ways:
            return Verdict.NO, ()
        certain = any(way.verdict is Verdict.YES for way in ways)
        return Verdict.YES if certain else Verdict.UNKNOWN, ways

    def _ways(self, profile: Profile, question: Question) -> Iterator[Way]:
        level = self.level_of(question)
        if self._is_open(question):
            yield Way(kind="unscreened", rules=(17,))
            return
        ways = [
            *self._through_roles(profile, question),
            *self._through_functions(profile, question),
            *self._through_groups(profile, question),
        ]
        for way in ways:
            yield way if way.kind == "administrator" else _by_level(way, level, self.model)
        yield from self._through_administration(profile)

    def _through_roles(self, profile: Profile, question: Question) -> Iterator[Way]:
        if profile.roles is None:
            yield Way(kind="role", verdict=Verdict.UNKNOWN, rules=(20,), why="its roles are not told")
            return
        for role in profile.roles:
            way = self._through_role(role, question)
            if way is not None:
                yield way

    def _through_role(self, role: RoleScope, question: Question) -> Way | None:
        """What one role opens: its type, codes, units and archives must all let it through."""
        model, rules, doubts = self.model, [3, 4], []
        if role.type in model.role_types_without_reading:
            return None
        if not role.grades:
            rules.append(7)
            if model.role_without_codes == NONE:
                return None
            if model.role_without_codes == UNKNOWN:
                doubts.append("it names no access code")
        elif question.code not in role.grades:
            return None
        if not role.units:
            rules.append(6)
            if model.role_without_units == NONE:
                return None
            if model.role_without_units == UNKNOWN:
                doubts.append("it names no unit")
        elif question.unit is not None and question.unit not in role.units:
            rules.append(5)
            if not model.units_below:
                return None
            if not any(unit in role.units for unit in self.units.upwards(question.unit)):
                strange = [unit for unit in role.units if unit not in self.units]
                if not strange:
                    return None
                doubts.append(f"where {', '.join(strange)} lies is not known")
        if not role.archives:
            rules.append(9)
            if model.role_without_archives == NONE:
                return None
            if model.role_without_archives == UNKNOWN:
                doubts.append("it names no archive")
        else:
            rules.append(8)
            series = self._series.get(question.case_type or "")
            if model.archives == UNKNOWN or (model.archives == "series" and question.case_type and not series):
                doubts.append("its archives are not compared")
            elif model.archives == "series" and question.case_type and series not in role.archives:
                return None
        if role.journal_units:
            rules.append(10)
        return Way(
            kind="role",
            name=role.type,
            verdict=Verdict.UNKNOWN if doubts else Verdict.YES,
            units=role.units or None,
            archives=role.archives,
            journal_units=role.journal_units,
            rules=tuple(rules),
            why="; ".join(doubts),
        )

    def _through_functions(self, profile: Profile, question: Question) -> Iterator[Way]:
        opening = {name for name, codes in self.model.reading_functions.items() if question.code in codes}
        if profile.functions is None:
            if opening:
                why = "its access functions are not told"
                yield Way(kind="function", verdict=Verdict.UNKNOWN, rules=(12, 20), why=why)
            return
        for name in sorted(profile.functions & opening):
            yield Way(kind="function", name=name, rules=(12,))

    def _through_administration(self, profile: Profile) -> Iterator[Way]:
        if self.model.administrators == NONE:
            return
        if profile.functions is None:
            why = "whether it administers is not told"
            yield Way(kind="administrator", verdict=Verdict.UNKNOWN, rules=(11, 20), why=why)
        elif ADMINISTRATION in profile.functions:
            doubt = self.model.administrators == UNKNOWN
            yield Way(
                kind="administrator",
                name=ADMINISTRATION,
                verdict=Verdict.UNKNOWN if doubt else Verdict.YES,
                rules=(11,),
                why="whether an administrator reads is not known" if doubt else "",
            )

    def _through_groups(self, profile: Profile, question: Question) -> Iterator[Way]:
        for group in sorted(profile.groups):
            codes = self._codes_of_group(group)
            if codes is None:
                if self.model.other_groups == UNKNOWN:
                    why = "what the group opens is not known"
                    yield Way(kind="group", name=group, verdict=Verdict.UNKNOWN, rules=(15,), why=why)
            elif question.code in codes:
                units = self._units_of_group(group)
                if units is None or (question.unit in units if question.unit is not None else units):
                    named = None if units is None else tuple(sorted(units))
                    scope = "" if units is None else self._group_scopes[group]
                    yield Way(kind="group", name=group, units=named, district=scope, rules=(13, 14))
        opens = self.model.other_groups == UNKNOWN or any(question.code in c for c in self.model.group_codes.values())
        if opens and not profile.all_groups:
            yield Way(kind="group", verdict=Verdict.UNKNOWN, rules=(13, 20), why="its access groups are not all told")

    def _codes_of_group(self, group: str) -> list[str] | None:
        """The access codes that a group opens: by its name, else by its local key; ``None``: the settings do not name it."""
        named = self.model.group_codes
        district = self._districts.get(self._group_scopes.get(group, BASE))
        return named.get(group, named.get(district.local_key(group)) if district is not None else None)

    def _units_of_group(self, group: str) -> frozenset[str] | None:
        scope = self._group_scopes.get(group, BASE)
        return None if scope == BASE or self.model.district_groups == ALL else self.units.of_scope(scope)

    def _within_zone(self, profile: Profile, question: Question, ways: tuple[Way, ...]) -> tuple[Way, ...]:
        """The same ways, as the zone of the access code lets them through (rule 16)."""
        zone = self.model.zones.get(question.code)
        if zone is None:
            return ways
        if profile.zones is not None:
            return tuple(replace(way, rules=(*way.rules, 16)) for way in ways) if zone in profile.zones else ()
        doubt = f"whether it is let into zone {zone} is not told"
        return tuple(
            replace(
                way,
                verdict=Verdict.UNKNOWN,
                rules=(*way.rules, 16, 20),
                why="; ".join(filter(None, (way.why, doubt))),
            )
            for way in ways
        )


def _by_level(way: Way, level: int | None, model: AccessModel) -> Way:
    """The same way, as the screening level has it (rule 18)."""
    from msgspec.structs import replace

    if level is None or level < 2:
        return way
    if model.levels == UNKNOWN and way.verdict is Verdict.YES:
        why = f"who reads at screening level {level} is not known"
        return replace(way, verdict=Verdict.UNKNOWN, rules=(*way.rules, 18), why=why)
    return replace(way, rules=(*way.rules, 18))
