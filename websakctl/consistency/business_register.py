"""The config's numbers against the business register: what is there and not here, closed, renamed, or somebody else's."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from websakctl.consistency.discrepancy import Discrepancy, in_order
from websakctl.model.district import District
from websakctl.rollout.routing import Route


class Standing(StrEnum):
    """What the register says of a number as a whole."""

    THERE = "there"
    REMOVED = "removed"  # taken out for legal reasons (HTTP 410)
    UNKNOWN = "unknown"  # never given to anybody (404), or no number at all (400)
    NOT_LISTED = "not listed"  # not in the bulk file, which lists only what is alive


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of one number. Days are ISO; ``parent`` is the number that it stands under."""

    orgnr: str
    standing: Standing = Standing.THERE
    name: str = ""
    form: str = ""  # ORGL: a unit within the organisation; BEDR, AAFY: a sub-unit
    parent: str | None = None
    deleted: str | None = None
    closed: str | None = None


class Lookup(StrEnum):
    """One way in which config and register differ."""

    MISSING = "missing"
    CLOSED = "closed"
    CLOSING = "closing"
    ALIVE = "alive"
    REMOVED = "removed"
    UNKNOWN = "unknown"
    NOT_LISTED = "not-listed"
    ELSEWHERE = "elsewhere"
    RENAMED = "renamed"


def compare_register(
    routes: Iterable[Route],
    districts: Mapping[str, District],
    below: Mapping[str, Collection[Registered]],
    others: Mapping[str, Registered],
    today: date,
) -> tuple[Discrepancy, ...]:
    """Tell what differs, in the order of ``Lookup``, then by district and number.

    Args:
        routes: The numbers of the config, those of districts that were not looked through too: one may stand below another.
        districts: All districts by slug; a number that stands below another one belongs there.
        below: All that stands below each district that was looked through.
        others: What the register says of numbers of the config that it does not have there.
        today: Whether a closing day has passed.
    """
    home = {unit.orgnr: slug for slug, units in below.items() for unit in units}
    result = {unit.orgnr: unit for units in below.values() for unit in units} | dict(others)
    main = {district.orgnr: slug for slug, district in districts.items()}
    given = {route.orgnr: route for route in routes}
    differences = [
        difference
        for route in given.values()
        if (unit := result.get(route.orgnr)) is not None
        for difference in _differences(route, unit, home, main, today)
    ]
    differences.extend(
        Discrepancy(
            what=Lookup.MISSING,
            key=unit.orgnr,
            district=slug,
            name=unit.name,
            detail="not in the config: decide where its mail goes",
        )
        for slug, units in below.items()
        for unit in units
        if unit.orgnr not in given and end_of(unit) is None
    )
    return in_order(differences, Lookup)


def is_gone(unit: Registered, today: date) -> str:
    """Why nobody can be reached by a number, as the register has it; empty: somebody can, or the register does not say."""
    if unit.standing is Standing.REMOVED:
        return "removed from the register"
    if unit.standing is Standing.UNKNOWN:
        return "unknown to the register"
    end = end_of(unit)
    return f"closed {end}" if end is not None and end <= today.isoformat() else ""


def _differences(
    route: Route, unit: Registered, home: Mapping[str, str], main: Mapping[str, str], today: date
) -> Iterable[Discrepancy]:
    def differs(what: Lookup, detail: str) -> Discrepancy:
        return Discrepancy(what=what, key=route.orgnr, district=route.district, name=route.name, detail=detail)

    end = end_of(unit)
    if route.ended:
        if unit.standing is Standing.THERE and end is None:
            yield differs(Lookup.ALIVE, "the config says that it has ended, the register that it has not")
        return
    if unit.standing is Standing.REMOVED:
        yield differs(Lookup.REMOVED, "removed from the register: end its route with `valid_to`")
    elif unit.standing is Standing.UNKNOWN:
        yield differs(Lookup.UNKNOWN, "no such number in the register: mail to it reaches nobody")
    elif unit.standing is Standing.NOT_LISTED:
        yield differs(
            Lookup.NOT_LISTED,
            "not in the file: closed, in the other file, or no number at all; look it up without --file",
        )
    elif end is not None and end <= today.isoformat():
        yield differs(Lookup.CLOSED, f"closed {end}: end its route with `valid_to: {end}`")
    else:
        if end is not None:
            yield differs(Lookup.CLOSING, f"closes {end}: end its route with `valid_to: {end}`")
        if where := _elsewhere(route, unit, home, main):
            yield differs(Lookup.ELSEWHERE, where)
        if unit.name and not same_name(route.name, unit.name):
            yield differs(Lookup.RENAMED, f"the register calls it {unit.name!r}")


def end_of(unit: Registered) -> str | None:
    """The day on which a number ends or has ended, if it does."""
    return min(filter(None, (unit.deleted, unit.closed)), default=None)


def _elsewhere(route: Route, unit: Registered, home: Mapping[str, str], main: Mapping[str, str]) -> str:
    belongs = main.get(unit.orgnr) or home.get(unit.orgnr) or main.get(unit.parent or "")
    if belongs == route.district:
        return ""
    if belongs is not None:
        return f"it belongs to {belongs}: move it there"
    return f"it stands under {unit.parent}, which is no district of this config" if unit.parent else "it stands alone"


_SAYS_LITTLE = re.compile(r"\boslo kommune\b|\bbydel(?:en)?(?:\s+\d+)?\b|[^\w\s]", re.IGNORECASE)


def same_name(ours: str, theirs: str) -> bool:
    """Whether two names are the same but for capitals, punctuation, and the words and numbers that the register puts before them."""
    return _words(ours) == _words(theirs)


def _words(name: str) -> list[str]:
    return _SAYS_LITTLE.sub(" ", name).casefold().split()
