"""What a reform would mean: what moves, what merges, what collides, what somebody must decide, and how many writes it takes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.kinds import entries
from websakctl.kinds.licence import Licence
from websakctl.kinds.org_unit import OrgUnit
from websakctl.kinds.rollout_batch import RolloutBatch
from websakctl.kinds.sub_org import SubOrg
from websakctl.model.address import BASE, Address
from websakctl.model.reform import Reform
from websakctl.model.resource import State
from websakctl.operations.change.read_setup import count_writes
from websakctl.operations.reform.allocate import Allocation, Fate
from websakctl.operations.reform.new_config import NewConfig
from websakctl.plan.change import Plan
from websakctl.rollout.capacity import seats_taken
from websakctl.source.configuration import Configuration

UNIT, USER, GROUP, NUMBER = "org_unit", "user", "access_group", "sub_org"
SOON = 180  # days before the reform within which a batch had better be thought over
_DOCUMENTS = 2  # a district's own: the local project plan and the hand-over


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence with values: the English one is the key to its bokmål."""

    english: str
    values: Mapping[str, Any] = {}

    @property
    def text(self) -> str:
        """In English."""
        return self.english.format(**self.values)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A new district's seats of one licence pool."""

    slug: str
    allotted: int
    needed: int

    @property
    def missing(self) -> int:
        """Seats that it needs and does not have."""
        return max(0, self.needed - self.allotted)


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """One licence pool before and after."""

    code: str
    product: str
    bought: int
    allotted_before: int
    shares: tuple[Share, ...]

    @property
    def allotted_after(self) -> int:
        """Seats of all new districts."""
        return sum(share.allotted for share in self.shares)


class DistrictAfter(msgspec.Struct, frozen=True, kw_only=True):
    """One new district with what it gets."""

    slug: str
    name: str
    sources: tuple[str, ...]  # names of old districts
    parts_of: tuple[str, ...]  # of others, units only
    units: int
    merged: int
    users: int
    numbers: int


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The report. ``measures`` by key, in the order of ``LABELS``."""

    name: str
    day: str
    environment: str
    measures: Mapping[str, int]
    districts: tuple[DistrictAfter, ...]
    pools: tuple[Pool, ...]
    collisions: tuple[Note, ...]
    decisions: tuple[Note, ...]
    steps: Mapping[str, int]  # for people, by kind
    allowances: tuple[str, ...]  # what `apply` must be told to allow


# by key, as a table's first column says it
LABELS: Mapping[str, str] = {
    "districts_before": "Districts before",
    "districts_after": "Districts after",
    "units_new_key": "Units that get a new key",
    "units_unchanged": "Units that stay as they are",
    "units_merged": "Units that merge into another",
    "users": "Active users",
    "users_in_merged_units": "Users whose unit merges",
    "users_unlisted": "Users whose unit merges and who are in no file: a person moves each",
    "groups_kept": "Access groups that stay beside the new ones",
    "groups_new": "New access groups",
    "codes_changed": "Access codes that change",
    "numbers": "Sub-org numbers that change district",
    "numbers_of_merged_units": "Mail routes that end on another unit",
    "numbers_new": "New main numbers",
    "seats_before": "Licence seats allotted before",
    "seats_after": "Licence seats allotted after",
    "seats_missing": "Licence seats missing",
    "committees_merged": "Committees that end",
    "old_bases": "Old bases that are still looked up in",
    "exceptions": "Exceptions of forms, integrations and specialist systems",
    "attestations": "Gates that are attested again",
    "documents": "Documents that are made again",
    "register": "Changes in the business register",
    "einnsyn": "Unit codes that change in eInnsyn",
    "collisions": "Collisions",
    "decisions": "Decisions",
    "steps": "Steps for a person",
    "writes": "Writes to Websak",
    "seconds": "Seconds that the writes take",
}


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What there is: the config, and the users of Websak in the districts that they are in."""

    config: Configuration
    users: State
    environment: str


def what_if(
    before: Before,
    reform: Reform,
    allocation: Allocation,
    new: NewConfig,
    after: Configuration,
    plan: Plan,
    seconds: float,
) -> WhatIf:
    """Put everything together.

    Args:
        before: What there is.
        reform: The map.
        allocation: Where everything goes.
        new: The new config's files, with what could not be carried over.
        after: The new config, read.
        plan: From today's live to it.
        seconds: What its writes take, roughly.
    """
    result = _Finder(before, reform, allocation, new, after, plan)
    pools = tuple(result.pools())
    collisions, decisions = tuple(result.collisions()), tuple(result.decisions(pools))
    measures = dict(result.measures(pools))
    measures |= {
        "collisions": len(collisions),
        "decisions": len(decisions),
        "writes": count_writes(plan.changes),
        "seconds": round(seconds),
    }
    return WhatIf(
        name=reform.name,
        day=reform.day,
        environment=before.environment,
        measures={key: measures[key] for key in LABELS},
        districts=tuple(result.districts()),
        pools=pools,
        collisions=collisions,
        decisions=decisions,
        steps=dict(sorted(Counter(step.address.kind for step in plan.manual).items())),
        allowances=tuple(finding.allowance for finding in plan.findings),
    )


class _Finder:
    def __init__(
        self,
        before: Before,
        reform: Reform,
        allocation: Allocation,
        new: NewConfig,
        after: Configuration,
        plan: Plan,
    ) -> None:
        self.before, self.config, self.after = before, before.config, after
        self.reform, self.allocation, self.new, self.plan = reform, allocation, new, plan
        self.moves = list(allocation.moves.values())
        self.names = {slug: district.name for slug, district in self.config.districts.items()}
        self.names_after = {new.district.slug: new.district.name for new in reform.districts}
        units = {a.key: a for a in allocation.moves if a.kind == UNIT}
        self.people: dict[
            Address, tuple[Address, Address]
        ] = {}  # active users: their old unit, and what is in its place
        for address, user in before.users.items():
            unit = units.get(user.fields.get("unit") or "")
            if user.active and unit is not None:
                self.people[address] = (unit, allocation.moves[unit].new)

    # --- numbers

    def measures(self, pools: Iterable[Pool]) -> Iterator[tuple[str, int]]:
        units = [m for m in self.moves if m.old.kind == UNIT]
        merged = {m.old for m in units if m.fate is Fate.MERGES}
        numbers = [m for m in self.moves if m.old.kind == NUMBER]
        listed = {a.key for a in (*self.config.state, *self.config.dormant) if a.kind == USER}
        in_merged = [a for a, (unit, _) in self.people.items() if unit in merged]
        yield "districts_before", len(self.config.districts)
        yield "districts_after", len(self.reform.districts)
        yield "units_new_key", sum(m.fate is Fate.LIVES_ON and m.old.key != m.new.key for m in units)
        yield "units_unchanged", sum(m.old.key == m.new.key for m in units)
        yield "units_merged", len(merged)
        yield "users", len(self.people)
        yield "users_in_merged_units", len(in_merged)
        yield "users_unlisted", sum(a.key not in listed for a in in_merged)
        kept = [m for m in self.moves if m.fate is Fate.BESIDE]
        yield "groups_kept", len(kept)
        yield (
            "groups_new",
            sum(a.kind == GROUP and a.scope != BASE and a not in self.config.state for a in self.after.state),
        )
        yield "codes_changed", sum(c.address.kind == "access_code" for c in self.plan.changes)
        yield "numbers", sum(m.old.scope != m.new.scope for m in numbers)
        yield "numbers_of_merged_units", sum(self._unit_of(m.old) in merged for m in numbers)
        yield "numbers_new", len(self._new_numbers())
        yield "seats_before", sum(pool.allotted_before for pool in pools)
        yield "seats_after", sum(pool.allotted_after for pool in pools)
        yield "seats_missing", sum(share.missing for pool in pools for share in pool.shares)
        yield "committees_merged", sum(m.old.kind == "committee" and m.fate is Fate.MERGES for m in self.moves)
        yield "old_bases", sum(m.old.kind == "historical_base" for m in self.moves)
        yield (
            "exceptions",
            sum(len(r.fields.get("exceptions") or ()) for r in self.config.having("exceptions").values()),
        )
        yield "attestations", sum(a.kind == "attestation" for a in self.config.own)
        altinn = sum(each.value.channel == "altinn" for each in entries(SubOrg, self.after.state))
        yield "documents", _DOCUMENTS * len(self.reform.districts) + altinn
        yield "register", len(self._new_numbers()) + sum(1 for m in numbers if self._gets_another_parent(m.old))
        yield "einnsyn", sum(self._code_changes(m.old, m.new) for m in units if m.fate is Fate.LIVES_ON)
        yield "steps", len(self.plan.manual)

    def districts(self) -> Iterator[DistrictAfter]:
        for new in self.reform.districts:
            slug = new.district.slug
            here = [m for m in self.moves if m.new.scope == slug]
            yield DistrictAfter(
                slug=slug,
                name=new.district.name,
                sources=tuple(self.names[old] for old in new.sources),
                parts_of=tuple(self.names[old] for old in dict.fromkeys(unit.scope for unit in new.units)),
                units=sum(m.old.kind == UNIT and m.fate is Fate.LIVES_ON for m in here),
                merged=sum(m.old.kind == UNIT and m.fate is Fate.MERGES for m in here),
                users=sum(unit.scope == slug for _, unit in self.people.values()),
                numbers=sum(a.kind == NUMBER and a.scope == slug for a in self.after.state),
            )

    def pools(self) -> Iterator[Pool]:
        """Seats, with the need of whoever is active in Websak."""
        moved = {
            (to := address._replace(scope=self.people[address][1].scope)): replace(user, address=to)
            for address, user in self.before.users.items()
            if address in self.people
        }
        needed = seats_taken(moved, self.after.whole)
        before = {each.address: each.value for each in entries(Licence, self.config.state)}
        for each in entries(Licence, self.after.state):
            shares = (
                Share(slug=slug, allotted=each.value.allotments.get(slug, 0), needed=needed[each.address.key, slug])
                for slug in self.names_after
            )
            yield Pool(
                code=each.address.key,
                product=each.value.product,
                bought=each.value.bought,
                allotted_before=sum(before[each.address].allotments.values()),
                shares=tuple(shares),
            )

    def _unit_of(self, number: Address) -> Address | None:
        key = self.config.state[number].fields.get("unit")
        return Address(UNIT, number.scope, key) if key is not None else None

    def _new_numbers(self) -> list[str]:
        old = {a.key for a in self.config.state if a.kind == NUMBER}
        return [new.district.orgnr for new in self.reform.districts if new.district.orgnr not in old]

    def _gets_another_parent(self, number: Address) -> bool:
        """Whether a number is one of a sub-unit whose district becomes another organisation."""
        old, slug = self.config.districts[number.scope], self.allocation.moves[number].new.scope
        new = next(new.district for new in self.reform.districts if new.district.slug == slug)
        return number.key != old.orgnr and new.orgnr != old.orgnr

    def _code_changes(self, old: Address, new: Address) -> bool:
        after = self.after.state.get(new)
        return after is not None and after.fields["abbreviation"] != self.config.state[old].fields["abbreviation"]

    # --- what collides

    def collisions(self) -> Iterator[Note]:
        for same in self.allocation.same_keys:
            yield Note(
                english="{first} and {second} would have one key in {district}: the second becomes {new}",
                values={
                    "first": same.kept,
                    "second": same.renamed,
                    "new": same.new.key,
                    "district": self.names_after[same.new.scope],
                },
            )
        yield from self._same_names()
        yield from self._several_leaders()
        for two in self.new.two_heads:
            yield Note(
                english="{unit} of {district} has two heads: {kept} stays it, and {dropped} is left out",
                values={
                    "unit": self.after.state[two.unit].fields["name"],
                    "district": self.names_after[two.unit.scope],
                    "kept": two.kept,
                    "dropped": two.dropped,
                },
            )
        yield from self._abbreviations()
        for conflict in self.new.conflicts:
            yield Note(
                english="{kept} and {dropped} have different exceptions of {what}: that of {kept} is taken for {district}",
                values={
                    "kept": self.names[conflict.kept],
                    "dropped": self.names[conflict.dropped],
                    "what": conflict.address.key,
                    "district": self.names_after[conflict.district],
                },
            )

    def _same_names(self) -> Iterator[Note]:
        came_from = {m.new: m.old for m in self.moves if m.fate is Fate.LIVES_ON}
        named: dict[tuple[str, str], list[Address]] = defaultdict(list)
        for each in entries(OrgUnit, self.after.state):
            named[each.address.scope, each.value.name.casefold()].append(each.address)
        for (slug, _), several in sorted(named.items()):
            if len({came_from[a].scope for a in several if a in came_from}) > 1:
                yield Note(
                    english="{district} has {count} units with the name {name}: {units}",
                    values={
                        "district": self.names_after[slug],
                        "count": len(several),
                        "name": self.after.state[several[0]].fields["name"],
                        "units": ", ".join(a.key for a in several),
                    },
                )

    def _several_leaders(self) -> Iterator[Note]:
        roles = set(self.reform.leader_roles)
        leaders: dict[Address, list[tuple[Address, str]]] = defaultdict(list)
        for address, (old, new) in self.people.items():
            if self.before.users[address].fields.get("role") in roles:
                leaders[new].append((old, address.key))
        for unit, several in sorted(leaders.items()):
            if len({old for old, _ in several}) > 1:
                yield Note(
                    english="{unit} of {district} has {count} leaders, one of each unit that merges: {users}",
                    values={
                        "unit": self.after.state[unit].fields["name"] if unit in self.after.state else unit.key,
                        "district": self.names_after[unit.scope],
                        "count": len(several),
                        "users": ", ".join(sorted(code for _, code in several)),
                    },
                )

    def _abbreviations(self) -> Iterator[Note]:
        """Units with an abbreviation of their own that merge: one of the two is known to eInnsyn and to people no more."""
        for move in sorted(self.moves, key=lambda m: m.old):
            if move.old.kind != UNIT or move.fate is not Fate.MERGES:
                continue
            old = self.config.state[move.old].fields["abbreviation"]
            if old != move.old.key and move.new in self.after.state:
                yield Note(
                    english="The abbreviation {old} ends with {unit}; {new} is the one that remains",
                    values={"old": old, "unit": move.old.key, "new": self.after.state[move.new].fields["abbreviation"]},
                )

    # --- what needs a decision

    def decisions(self, pools: Iterable[Pool]) -> Iterator[Note]:
        merged = sum(m.old.kind == UNIT and m.fate is Fate.MERGES for m in self.moves)
        if merged:
            yield Note(
                english="Units that end: {count}. Who takes over the open cases of each, before it ends?",
                values={"count": merged},
            )
        if kept := sum(m.fate is Fate.BESIDE for m in self.moves):
            yield Note(
                english="Access groups that cannot be renamed and stay beside the new ones: {count}. Who needs them, and until when?",
                values={"count": kept},
            )
        old_main = [
            d
            for d in self.config.districts.values()
            if d.orgnr not in {n.district.orgnr for n in self.reform.districts}
        ]
        if old_main:
            yield Note(
                english="Old main numbers that keep their mail route: {count}. Until when?",
                values={"count": len(old_main)},
            )
        if new_numbers := len(self._new_numbers()):
            yield Note(
                english="New main numbers: {count}. When are they registered in SvarInn, after the receiving system is ready?",
                values={"count": new_numbers},
            )
        yield from self._splits()
        for pool in pools:
            if missing := sum(share.missing for share in pool.shares):
                yield Note(
                    english="{product} as it is allotted lacks seats: {count}. Buy more, or allot otherwise?",
                    values={"product": pool.product, "count": missing},
                )
        for address in self.new.dropped_overrides:
            yield Note(
                english="{unit} has something of its own today, and {district} does not take it over",
                values={"unit": address.key, "district": self.names_after[self.allocation.moves[address].new.scope]},
            )
        for address in self.new.places_lost:
            yield Note(
                english="{unit} leaves what it belonged to behind: where does it belong in {district}?",
                values={"unit": address.key, "district": self.names_after[address.scope]},
            )
        yield from self._batches()
        if self.config.policies:
            yield Note(english="Policies may name districts that end: look through config/policies/")

    def _splits(self) -> Iterator[Note]:
        """Who is in a unit that every district has goes with the district, not with the units that leave it."""
        leaving = Counter((unit.scope, new.district.slug) for new in self.reform.districts for unit in new.units)
        for (old, slug), count in sorted(leaving.items()):
            stays = sum(1 for unit, new in self.people.values() if unit.scope == old and new.scope != slug)
            yield Note(
                english="Units that leave {old} for {district}: {count}. Who of the other {users} users goes along?",
                values={"count": count, "old": self.names[old], "district": self.names_after[slug], "users": stays},
            )

    def _batches(self) -> Iterator[Note]:
        day = date.fromisoformat(self.reform.day)
        for batch in entries(RolloutBatch, self.config.state):
            if batch.value.go_live and 0 <= (days := (day - date.fromisoformat(batch.value.go_live)).days) <= SOON:
                yield Note(
                    english="{batch} goes live {days} days before the reform: now, or with the new districts?",
                    values={"batch": batch.value.name, "days": days},
                )
