"""The ledger: each unit and number with what all four places say of it, who is wrong, who mends it and how."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, get_args

import msgspec

from websakctl.consistency.business_register import (
    Registered,
    Standing,
    compare_register,
    end_of,
    is_gone,
    same_name,
)
from websakctl.consistency.discrepancy import Discrepancy, Subject
from websakctl.consistency.mending import Facts, Finding, judged
from websakctl.consistency.receiving import Receiving, compare_receiving, strangers
from websakctl.consistency.sources import InFiks, InRegister, InWebsak, Source
from websakctl.consistency.websak import (
    DesiredUnit,
    Homes,
    LiveRoute,
    LiveUnit,
    compare_numbers,
    compare_routes,
    compare_units,
)
from websakctl.model.district import District
from websakctl.model.types import organisation_number
from websakctl.rollout.routing import Route

Known = Literal["says", "absent", "unknown", "none"]


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """What the config has, and how things are mended here.

    Args:
        routes: Of all districts.
        units: Of all districts, by key.
        districts: By slug.
        scopes: The districts that are looked at, and ``base`` where the shared units are.
        expected_system: The receiving system that fetches for Websak; empty: not compared.
        places: File and line of an entry by kind and key.
        owners: Who else writes a kind here.
        setup_api: Whether numbers are written through an API.
    """

    routes: tuple[Route, ...]
    units: Mapping[str, DesiredUnit]
    districts: Mapping[str, District]
    scopes: frozenset[str]
    expected_system: str = ""
    places: Mapping[tuple[str, str], str] = {}
    owners: Mapping[str, str] = {}
    setup_api: bool = True


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What one place says. ``none``: it does not hold such things."""

    known: Known
    text: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One unit or number, side by side."""

    subject: Subject
    key: str
    district: str
    name: str
    cells: Mapping[Source, Cell]
    findings: tuple[Finding, ...] = ()

    @property
    def verdict(self) -> Literal["differs", "unknown", "agrees"]:
        """It agrees only where every place that holds such things was heard."""
        if self.findings:
            return "differs"
        return "unknown" if any(cell.known == "unknown" for cell in self.cells.values()) else "agrees"


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be compared: of which place, of how many units or numbers, and why."""

    source: Source
    subject: Subject
    count: int
    why: str


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """All entries, those that differ first."""

    entries: tuple[Entry, ...]
    unknown: tuple[Unknown, ...]
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the entries."""
        return tuple(finding for entry in self.entries for finding in entry.findings)

    def count(self, verdict: str) -> int:
        """How many entries there are of a verdict."""
        return sum(1 for entry in self.entries if entry.verdict == verdict)


class Discrepancies(msgspec.Struct, frozen=True, kw_only=True):
    """What differs, by the place that differs from the config."""

    websak: tuple[Discrepancy, ...] = ()
    register: tuple[Discrepancy, ...] = ()
    fiks: tuple[Discrepancy, ...] = ()


def compare(
    desired: Desired, register: InRegister, fiks: InFiks, today: date, websak: InWebsak | None = None
) -> Discrepancies:
    """Tell what differs of the districts that are looked at; of what is unknown, nothing.

    Args:
        desired: The config.
        register: The business register; one that was not heard has ``why_not``.
        fiks: KS Fiks, the same.
        today: Which days have passed.
        websak: Websak; ``None``: not compared.
    """
    registered = {} if register.why_not else register.by_number()
    chosen = [route for route in desired.routes if route.district in desired.scopes]
    in_register: tuple[Discrepancy, ...] = ()
    if not register.why_not:
        routes = [route for route in desired.routes if route.orgnr not in register.unseen]
        in_register = compare_register(routes, desired.districts, register.below, registered, today)
    in_fiks: tuple[Discrepancy, ...] = ()
    if not fiks.why_not:
        gone = {number: why for number, unit in registered.items() if (why := is_gone(unit, today))}
        homes = {unit.orgnr: (slug, unit.name) for slug, units in register.below.items() for unit in units}
        in_fiks = (
            *compare_receiving(chosen, fiks.registered, fiks.types, desired.expected_system, today, gone),
            *(
                d
                for d in strangers(fiks.registered, {route.orgnr for route in desired.routes}, homes)
                if d.district in desired.scopes
            ),
        )
    return Discrepancies(
        register=in_register,
        fiks=in_fiks,
        websak=_in_websak(desired, websak, registered, today) if websak is not None else (),
    )


def _in_websak(
    desired: Desired, websak: InWebsak, registered: Mapping[str, Registered], today: date
) -> tuple[Discrepancy, ...]:
    units = websak.units or ()
    found: list[Discrepancy] = []
    homes = Homes(units, desired.units, desired.districts)
    if websak.units is not None:
        found += compare_units(desired.units, units, desired.districts, whole=websak.whole_units)
        found += compare_numbers(desired.units, units, desired.routes, registered, today, homes)
    if websak.routes is not None:
        found += compare_routes(desired.routes, websak.routes, homes, whole=websak.whole_routes)
    return tuple(d for d in found if d.district in desired.scopes)


def ledger(desired: Desired, websak: InWebsak, register: InRegister, fiks: InFiks, today: date) -> Ledger:
    """Put side by side what all four say, and judge it; a place that was not heard is unknown, never clean."""
    sides = _Sides(desired, websak, register, fiks, today)
    result = compare(desired, register, fiks, today, websak)
    by_key: defaultdict[tuple[Subject, str], list[Finding]] = defaultdict(list)
    for found in (*result.register, *result.fiks, *result.websak):
        by_key[found.subject, found.key].append(judged(found, sides.facts(found)))
    places = ("differs", "unknown", "agrees")
    entries = sorted(
        (*sides.units(by_key), *sides.numbers(by_key)),
        key=lambda e: (places.index(e.verdict), e.district, e.subject, e.name.casefold(), e.key),
    )
    return Ledger(entries=tuple(entries), unknown=tuple(sides.unknown(entries)), notes=register.notes)


class _Sides:
    """What each place says, by key."""

    def __init__(self, desired: Desired, websak: InWebsak, register: InRegister, fiks: InFiks, today: date) -> None:
        self.desired, self.websak, self.register, self.fiks, self.today = desired, websak, register, fiks, today
        self.registered = {} if register.why_not else register.by_number()
        self.routes = {route.orgnr: route for route in desired.routes}
        self.live_units: defaultdict[str, list[LiveUnit]] = defaultdict(list)
        for unit in websak.units or ():
            self.live_units[unit.key].append(unit)
        self.live_routes: defaultdict[str, list[LiveRoute]] = defaultdict(list)
        for route in websak.routes or ():
            self.live_routes[route.orgnr].append(route)

    def facts(self, found: Discrepancy) -> Facts:
        """What a third place says of the same, and how things are mended here."""
        kind = "org_unit" if found.subject == "unit" else "sub_org"
        unit = self.registered.get(found.key)
        gone = is_gone(unit, self.today) if unit is not None else ""
        names = {route.name for route in self.live_routes.get(found.key, ()) if route.name}
        return Facts(
            place=self.desired.places.get((kind, found.key), "the config"),
            owner=self.desired.owners.get(kind, ""),
            setup_api=self.desired.setup_api,
            gone=gone,
            in_register=unit is not None and not gone and unit.standing is Standing.THERE,
            websak_as_register=unit is not None and any(same_name(name, unit.name) for name in names),
        )

    def units(self, by_key: Mapping[tuple[Subject, str], Sequence[Finding]]) -> Iterable[Entry]:
        """Each unit of the config that is looked at, and those of others of which something is to be said."""
        others = (key for subject, key in by_key if subject == "unit" and key not in self.desired.units)
        chosen = (key for key, unit in self.desired.units.items() if unit.district in self.desired.scopes)
        for key in dict.fromkeys((*chosen, *others)):
            unit, live, findings = (
                self.desired.units.get(key),
                self.live_units.get(key, []),
                by_key.get(("unit", key), ()),
            )
            numbers = [number for one in live if one.active and (number := organisation_number(one.number or ""))]
            cells = {
                Source.CONFIG: Cell(known="says", text=_placed(unit.name, unit.parent)) if unit else _ABSENT,
                Source.WEBSAK: self._live(
                    [_live_unit(one) for one in live], self.websak.units, self.websak.whole_units
                ),
                Source.REGISTER: self._registered(numbers[0]) if numbers else _NONE,
                Source.FIKS: _NONE,
            }
            name = unit.name if unit else findings[0].name
            district = unit.district if unit else findings[0].district
            yield Entry(subject="unit", key=key, district=district, name=name, cells=cells, findings=tuple(findings))

    def numbers(self, by_key: Mapping[tuple[Subject, str], Sequence[Finding]]) -> Iterable[Entry]:
        """Each number of the config that is looked at, and those of others of which something is to be said."""
        others = (key for subject, key in by_key if subject == "number")
        chosen = (number for number, route in self.routes.items() if route.district in self.desired.scopes)
        for number in dict.fromkeys((*chosen, *others)):
            route, live, findings = (
                self.routes.get(number),
                self.live_routes.get(number, []),
                by_key.get(("number", number), ()),
            )
            rows = self.fiks.registered.get(number)
            registrations = ", ".join(map(_registration, rows or ()))
            cells = {
                Source.CONFIG: Cell(known="says", text=_route(route)) if route else _ABSENT,
                Source.WEBSAK: self._live(
                    [_live_route(one) for one in live], self.websak.routes, self.websak.whole_routes
                ),
                Source.REGISTER: self._registered(number),
                Source.FIKS: _UNKNOWN if rows is None else Cell(known="says", text=registrations) if rows else _ABSENT,
            }
            name = route.name if route else next((f.name for f in findings if f.name), "")
            district = route.district if route else findings[0].district
            yield Entry(
                subject="number", key=number, district=district, name=name, cells=cells, findings=tuple(findings)
            )

    def _live(self, shown: Sequence[str], listed: object, whole: bool) -> Cell:
        if shown:
            return Cell(known="says", text="; ".join(shown))
        return _ABSENT if listed is not None and whole else _UNKNOWN

    def _registered(self, number: str) -> Cell:
        unit = self.registered.get(number)
        if unit is None:
            route = self.routes.get(number)
            ended = (
                route is not None and route.ended and not self.register.why_not and number not in self.register.unseen
            )
            return _ABSENT if ended else _UNKNOWN
        if unit.standing is not Standing.THERE:
            return Cell(known="absent", text=str(unit.standing))
        end = end_of(unit)
        ends = f", {'closed' if end <= self.today.isoformat() else 'closes'} {end}" if end else ""
        return Cell(known="says", text=f"{_placed(unit.name, unit.parent or '')}{ends}")

    def unknown(self, entries: Iterable[Entry]) -> Iterable[Unknown]:
        """How much of what could not be compared, and why."""
        counted = Counter(
            (source, entry.subject)
            for entry in entries
            for source, cell in entry.cells.items()
            if cell.known == "unknown"
        )
        for source in Source:
            for subject in _SUBJECTS:
                if count := counted[source, subject]:
                    yield Unknown(source=source, subject=subject, count=count, why=self._why(source, subject))

    def _why(self, source: Source, subject: Subject) -> str:
        if source is Source.REGISTER:
            return self.register.why_not or "what was given of it does not tell"
        if source is Source.FIKS:
            return (
                self.fiks.why_not or "the file does not name them, and need not be whole: --whole fiks says that it is"
            )
        kind, why = ("org_unit", self.websak.no_units) if subject == "unit" else ("sub_org", self.websak.no_routes)
        return why or f"the export does not name them, and need not be whole: --whole {kind} says that it is"


_SUBJECTS: tuple[Subject, ...] = get_args(Subject)
_ABSENT, _UNKNOWN, _NONE = Cell(known="absent"), Cell(known="unknown"), Cell(known="none")


def _placed(name: str, parent: str) -> str:
    return f"{name}, under {parent}" if parent else name


def _live_unit(unit: LiveUnit) -> str:
    number = organisation_number(unit.number or "")
    parts = [_placed(unit.name or unit.key, unit.parent or ""), f"number {number}" if number else ""]
    return ", ".join(filter(None, (*parts, "" if unit.active else "ended")))


def _route(route: Route) -> str:
    ends = route.unit if route.channel == "svarinn" else ", ".join(route.readers)
    return ", ".join(filter(None, (f"{route.name}: {route.channel}", ends, "ended" if route.ended else "")))


def _live_route(route: LiveRoute) -> str:
    named = f"{route.name or route.orgnr}: {route.channel or 'channel not told'}"
    return ", ".join(filter(None, (named, route.unit, "ended" if route.ended else "")))


def _registration(row: Receiving) -> str:
    about = " ".join(filter(None, (row.message_type, f"level {row.level}" if row.level else "")))
    return f"{row.system} ({about})" if about else row.system
