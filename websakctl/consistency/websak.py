"""What Websak has of units and numbers, and where it differs from the config and from the numbers that the register has."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from unicodedata import normalize

import msgspec
from msgspec.structs import replace

from websakctl.consistency.business_register import Registered, is_gone
from websakctl.consistency.discrepancy import Discrepancy, Subject, in_order
from websakctl.kinds import entries
from websakctl.kinds.org_unit import OrgUnit
from websakctl.model.address import BASE
from websakctl.model.district import District
from websakctl.model.resource import State
from websakctl.model.types import organisation_number
from websakctl.rollout.routing import Route

OUTSIDE = "outside"  # the district of a unit that hangs neither under one nor at the top


class LiveUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as Websak, or an export of it, has it. ``None``: it does not say; an empty text: there is none."""

    key: str  # external id, else code, else # and the id
    id: str = ""
    name: str | None = None
    parent: str | None = None  # a key; empty: at the top
    abbreviation: str | None = None
    number: str | None = None  # organisation number
    active: bool = True


class LiveRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A number's route as Websak, or an export of it, has it. ``None``: it does not say; an empty text: there is none."""

    orgnr: str
    district: str | None = None
    name: str | None = None
    unit: str | None = None
    channel: str | None = None
    ended: bool = False


class DesiredUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of the config."""

    key: str
    district: str
    name: str
    parent: str  # empty: at the top
    abbreviation: str


class Drift(StrEnum):
    """One way in which Websak differs; the first lose mail or cases, the last are only names."""

    DOUBLED = "doubled"
    NOT_IN_WEBSAK = "not-in-websak"
    ENDED_IN_WEBSAK = "ended-in-websak"
    STILL_IN_WEBSAK = "still-in-websak"
    NOT_IN_CONFIG = "not-in-config"
    OTHER_DISTRICT = "wrong-district"
    OTHER_PARENT = "wrong-parent"
    OTHER_UNIT = "wrong-unit"
    OTHER_CHANNEL = "wrong-channel"
    NUMBER_GONE = "number-gone"
    OTHER_NUMBER = "wrong-number"
    OTHER_NAME = "other-name"
    OTHER_ABBREVIATION = "other-abbreviation"


def desired_units(config: State) -> dict[str, DesiredUnit]:
    """The units of the config by key."""
    return {
        unit.address.key: DesiredUnit(
            key=unit.address.key,
            district=unit.address.scope,
            name=unit.value.name,
            parent=unit.value.parent or "",
            abbreviation=unit.value.abbreviation or "",
        )
        for unit in entries(OrgUnit, config)
    }


def below_root(
    units: Sequence[LiveUnit], desired: Container[str], root: str = ""
) -> tuple[tuple[LiveUnit, ...], list[str]]:
    """Read an export as the API's list is read: parents by key, and the root, which is not ours, taken out.

    Args:
        units: As exported; a parent may be a key or an id.
        desired: Keys of the config's units, none of which is the root.
        root: Key or id of the root, where it is known; else the one unit under which all others hang.

    Returns:
        The units, and parents that the export does not hold: one that lacks them is not whole.
    """
    keys = {unit.key for unit in units}
    by_id = {unit.id: unit.key for unit in units if unit.id}
    parents = {key for unit in units if (key := _key_of(unit.parent, keys, by_id))}
    tops = [unit.key for unit in units if unit.parent == ""]
    outside = sorted(parents - keys)
    unnamed = [key for key in outside if key not in desired]  # one of these is the root
    if root:
        top = _key_of(root, keys, by_id)
    elif len(tops) == 1 and tops[0] not in desired:
        top = tops[0]
    else:
        top = unnamed[0] if not tops and len(unnamed) == 1 else ""
    result = []
    for unit in units:
        if unit.key != top:
            parent = _key_of(unit.parent, keys, by_id)
            if parent in unnamed and not top:
                parent = None  # it may be the root, or not
            result.append(replace(unit, parent="" if top and parent == top else parent))
    return tuple(result), [key for key in outside if key != top]


def _key_of(parent: str | None, keys: Container[str], by_id: Mapping[str, str]) -> str | None:
    return parent if parent is None or parent in keys else by_id.get(parent, parent)


class Homes:
    """Which district a unit belongs to: what the config says, else its own prefix, else what it hangs under."""

    def __init__(
        self, units: Iterable[LiveUnit], desired: Mapping[str, DesiredUnit], districts: Mapping[str, District]
    ) -> None:
        self._parents = {unit.key: unit.parent for unit in units if unit.parent is not None}
        self._desired = desired
        self._prefixes = {district.prefix: district.slug for district in districts.values()}

    def of(self, key: str) -> str:
        """A slug, ``base``, or ``outside`` where nothing says."""
        seen: set[str] = set()
        while key and key not in seen:
            seen.add(key)
            if (unit := self._desired.get(key)) is not None:
                return unit.district
            prefix, dash, _ = key.partition("-")
            if dash and prefix in self._prefixes:
                return self._prefixes[prefix]
            key = self._parents.get(key, "")
        return OUTSIDE if key or not seen else BASE


def compare_units(
    desired: Mapping[str, DesiredUnit],
    units: Sequence[LiveUnit],
    districts: Mapping[str, District],
    *,
    whole: bool,
) -> tuple[Discrepancy, ...]:
    """Tell where Websak's units differ from the config's.

    Args:
        desired: The config's units by key.
        units: Websak's, in which a key may stand more than once: the server does not check it.
        districts: All districts by slug.
        whole: Whether a unit that is not among them is not in Websak; an export may hold a part of the units only.
    """
    homes = Homes(units, desired, districts)
    by_key: defaultdict[str, list[LiveUnit]] = defaultdict(list)
    for unit in units:
        by_key[unit.key].append(unit)
    found: list[Discrepancy] = []
    for wish in desired.values():
        live = by_key.get(wish.key, [])
        active = [one for one in live if one.active]
        for what, detail in _of_unit(wish, live, active, homes, whole=whole):
            found.append(_unit(what, wish.key, wish.district, wish.name, detail))
    places = {(unit.parent, _plain(unit.name)): unit for unit in desired.values()}
    for key, live in by_key.items():
        active = [one for one in live if one.active]
        if key in desired or not active or (home := homes.of(key)) == OUTSIDE:
            continue
        name = active[0].name or ""
        twin = next(
            (places.get((one.parent, _plain(one.name))) for one in active if one.parent is not None and one.name), None
        )
        if twin is not None and any(one.active for one in by_key.get(twin.key, ())):
            found.append(_unit(Drift.DOUBLED, key, home, name, f"has the name of {twin.key} and hangs under the same unit, and the config does not name it"))  # fmt: skip
        else:
            found.append(_unit(Drift.NOT_IN_CONFIG, key, home, name, "in Websak, and not in the config"))
        if len(active) > 1:
            found.append(_unit(Drift.DOUBLED, key, home, name, _same_id(active)))
    return in_order(found, Drift)


def _of_unit(
    unit: DesiredUnit, live: Sequence[LiveUnit], active: Sequence[LiveUnit], homes: Homes, *, whole: bool
) -> Iterable[tuple[Drift, str]]:
    if not live:
        if whole:
            yield Drift.NOT_IN_WEBSAK, "in the config, and not in Websak"
        return
    if not active:
        yield Drift.ENDED_IN_WEBSAK, "ended in Websak, and in use by the config"
        return
    if len(active) > 1:
        yield Drift.DOUBLED, _same_id(active)
        return
    (one,) = active
    if one.parent is not None and one.parent != unit.parent:
        where = f"under {one.parent}" if one.parent else "at the top"
        home = homes.of(one.parent)
        if unit.district not in (home, BASE) and home not in (BASE, OUTSIDE):
            yield Drift.OTHER_DISTRICT, f"hangs {where} in Websak, which is in {home}"
        else:
            yield Drift.OTHER_PARENT, f"hangs {where} in Websak; {f'under {unit.parent}' if unit.parent else 'at the top'} in the config"  # fmt: skip
    if one.name is not None and _plain(one.name) != _plain(unit.name):
        yield Drift.OTHER_NAME, f"called {one.name!r} in Websak"
    if one.abbreviation is not None and unit.abbreviation and _plain(one.abbreviation) != _plain(unit.abbreviation):
        yield Drift.OTHER_ABBREVIATION, f"abbreviated {one.abbreviation!r} in Websak, and {unit.abbreviation!r} in the config"  # fmt: skip


def _same_id(active: Sequence[LiveUnit]) -> str:
    ids = " and ".join(sorted(one.id for one in active if one.id))
    return f"{len(active)} active units have this external id{f' (ids {ids})' if ids else ''}"


def compare_routes(
    routes: Iterable[Route], live: Sequence[LiveRoute], homes: Homes, *, whole: bool
) -> tuple[Discrepancy, ...]:
    """Tell where Websak's routes of numbers differ from the config's.

    Args:
        routes: The config's.
        live: Websak's, in which a number may stand more than once.
        homes: The district of units, for numbers that the config does not have.
        whole: Whether a number that is not among them is not in Websak.
    """
    by_number: defaultdict[str, list[LiveRoute]] = defaultdict(list)
    for one in live:
        by_number[one.orgnr].append(one)
    given = {route.orgnr: route for route in routes}
    found = [
        Discrepancy(what=what, key=route.orgnr, district=route.district, name=route.name, detail=detail)
        for route in given.values()
        for what, detail in _of_route(route, by_number.get(route.orgnr, []), whole=whole)
    ]
    for number, rows in by_number.items():
        active = [one for one in rows if not one.ended]
        if number in given or not active:
            continue
        home = active[0].district or (homes.of(active[0].unit) if active[0].unit else BASE)
        detail = "has a route in Websak, and is not in the config"
        found.append(Discrepancy(what=Drift.NOT_IN_CONFIG, key=number, district=home, name=active[0].name or "", detail=detail))  # fmt: skip
        if len(active) > 1:
            found.append(Discrepancy(what=Drift.DOUBLED, key=number, district=home, name=active[0].name or "", detail=f"{len(active)} routes in Websak"))  # fmt: skip
    return in_order(found, Drift)


def _of_route(route: Route, rows: Sequence[LiveRoute], *, whole: bool) -> Iterable[tuple[Drift, str]]:
    active = [one for one in rows if not one.ended]
    if route.ended:
        if active:
            yield Drift.STILL_IN_WEBSAK, "the config says that it has ended, Websak that it has not"
        return
    if not rows:
        if whole:
            yield Drift.NOT_IN_WEBSAK, "in the config, and not in Websak"
        return
    if not active:
        yield Drift.ENDED_IN_WEBSAK, "ended in Websak, and in use by the config"
        return
    if len(active) > 1:
        yield Drift.DOUBLED, f"{len(active)} routes in Websak"
        return
    (one,) = active
    if one.district not in (None, route.district):
        yield Drift.OTHER_DISTRICT, f"belongs to {one.district} in Websak"
    elif one.unit is not None and one.unit != (route.unit or ""):  # in another district its unit is another, too
        yield Drift.OTHER_UNIT, f"its mail goes to {one.unit or 'no unit'} in Websak, and to {route.unit or 'no unit'} in the config"  # fmt: skip
    if one.channel is not None and one.channel != route.channel:
        yield Drift.OTHER_CHANNEL, f"its mail comes by {one.channel or 'no channel'} in Websak, and by {route.channel} in the config"  # fmt: skip
    if one.name is not None and _plain(one.name) != _plain(route.name):
        yield Drift.OTHER_NAME, f"called {one.name!r} in Websak"


def compare_numbers(
    desired: Mapping[str, DesiredUnit],
    units: Iterable[LiveUnit],
    routes: Iterable[Route],
    registered: Mapping[str, Registered],
    today: date,
    homes: Homes | None = None,
) -> tuple[Discrepancy, ...]:
    """Tell which organisation number stands at a unit in Websak although its mail is led elsewhere, or nobody has it any more.

    Only numbers that are an organisation's are named: the field may hold a person's.

    Args:
        desired: The config's units by key.
        units: Websak's.
        routes: The config's; one without a unit says nothing.
        registered: What the business register says, of numbers that it was asked about.
        today: Whether a closing day has passed.
        homes: The district of units that the config does not have.
    """
    led: defaultdict[str, set[str]] = defaultdict(set)
    for route in routes:
        if route.unit and not route.ended:
            led[route.unit].add(route.orgnr)
    places = {number: unit for unit, numbers in led.items() for number in numbers}
    found = []
    for unit in units:
        number = organisation_number(unit.number or "")
        if number is None or not unit.active:
            continue
        config = desired.get(unit.key)
        home = homes.of(unit.key) if homes is not None else BASE
        district, name = (config.district, config.name) if config else (home, unit.name or "")
        result = registered.get(number)
        if result is not None and (why := is_gone(result, today)):
            found.append(_unit(Drift.NUMBER_GONE, unit.key, district, name, f"has the organisation number {number} in Websak, which is {why}"))  # fmt: skip
        elif number in led.get(unit.key, ()):
            continue
        elif number in places:
            found.append(_unit(Drift.OTHER_NUMBER, unit.key, district, name, f"has the organisation number {number} in Websak, and the config leads that number's mail to {places[number]}"))  # fmt: skip
        elif unit.key in led:
            found.append(_unit(Drift.OTHER_NUMBER, unit.key, district, name, f"has the organisation number {number} in Websak, and the config leads {', '.join(sorted(led[unit.key]))} there"))  # fmt: skip
    return in_order(found, Drift)


def _unit(what: Drift, key: str, district: str, name: str, detail: str) -> Discrepancy:
    subject: Subject = "unit"
    return Discrepancy(what=what, subject=subject, key=key, district=district, name=name, detail=detail)


def _plain(text: str | None) -> str:
    """A text as it is compared: in NFC, without blanks that nobody sees."""
    return " ".join(normalize("NFC", text or "").split())
