"""What is registered for a number at KS Fiks against what the config plans for it."""

from collections.abc import Container, Iterable, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from websakctl.consistency.discrepancy import Discrepancy, in_order
from websakctl.model.address import BASE
from websakctl.rollout.routing import Route


class Receiving(msgspec.Struct, frozen=True, kw_only=True):
    """One registration: this system fetches the number's mail of a type and level. ``None``: of every one."""

    orgnr: str
    system: str
    message_type: str | None
    level: int | None


class Clash(StrEnum):
    """One way in which plan and registration differ; the first five lose or delay mail."""

    EARLY = "registered-early"
    UNPLANNED = "registered-unplanned"
    GONE = "registered-gone"
    STRANGER = "registered-stranger"
    UNREGISTERED = "not-registered"
    TWICE = "registered-twice"
    OTHER_SYSTEM = "other-system"
    TYPES = "other-types"
    UNKNOWN_TYPE = "unknown-type"


def compare_receiving(
    routes: Iterable[Route],
    registered: Mapping[str, tuple[Receiving, ...]],
    message_types: frozenset[str] | None,
    expected_system: str,
    today: date,
    gone: Mapping[str, str] | None = None,
) -> tuple[Discrepancy, ...]:
    """Tell what differs, in the order of ``Clash``, then by district and number.

    Args:
        routes: The numbers of the config.
        registered: By number; one that is not there was not asked about.
        message_types: What KS lists; ``None``: not known.
        expected_system: The receiving system that fetches for Websak; empty: not compared.
        today: Which batches have gone live.
        gone: Why the business register says that a number is no longer in use, of those that are not.
    """
    given = {route.orgnr: route for route in routes}
    result = [
        Discrepancy(what=what, key=route.orgnr, district=route.district, name=route.name, detail=detail)
        for route in given.values()
        if route.orgnr in registered
        for what, detail in _mismatches(
            route, registered[route.orgnr], message_types, expected_system, today, (gone or {}).get(route.orgnr, "")
        )
    ]
    return in_order(result, Clash)


def strangers(
    registered: Mapping[str, tuple[Receiving, ...]], given: Container[str], homes: Mapping[str, tuple[str, str]]
) -> tuple[Discrepancy, ...]:
    """Numbers whose mail a system fetches, and of which the config knows nothing.

    Args:
        registered: By number.
        given: The numbers of the config.
        homes: District and name of numbers that another register has there.
    """
    found = []
    for number, rows in registered.items():
        if rows and number not in given:
            district, name = homes.get(number, (BASE, ""))
            detail = f"registered with {_systems(rows)}, and the config does not say where its mail goes: it waits there and is not read"  # fmt: skip
            found.append(Discrepancy(what=Clash.STRANGER, key=number, district=district, name=name, detail=detail))
    return in_order(found, Clash)


def _mismatches(
    route: Route,
    rows: tuple[Receiving, ...],
    message_types: frozenset[str] | None,
    expected: str,
    today: date,
    gone: str,
) -> Iterable[tuple[Clash, str]]:
    systems = _systems(rows)
    if gone:  # whatever was planned
        if rows:
            yield Clash.GONE, f"registered with {systems}, and {gone}: end the registration"
        return
    if route.ended or route.channel != "svarinn":
        if rows and (route.ended or route.arrives != "svarinn"):
            why = "its route has ended" if route.ended else "its mail is to be read in Altinn"
            yield Clash.UNPLANNED, f"registered with {systems}, and {why}: mail waits there and is not read"
        return
    live = route.arrives == "svarinn" or (route.go_live is not None and route.go_live <= today.isoformat())
    if rows and not live:
        when = f"{route.batch} is live ({route.go_live or 'no day yet'})" if route.batch else "its batch is decided"
        yield Clash.EARLY, f"registered with {systems} before {when}: mail is taken out of Altinn and waits unread"
    if not rows and live:
        yield Clash.UNREGISTERED, "no system is registered to fetch its mail: register it, or mail stays in Altinn"
    yield from _of_registration(route, rows, expected, systems)
    for unknown in sorted(set(route.message_types) - message_types) if message_types is not None else ():
        yield Clash.UNKNOWN_TYPE, f"{unknown} is no message type that KS lists"


def _of_registration(
    route: Route, rows: tuple[Receiving, ...], expected: str, systems: str
) -> Iterable[tuple[Clash, str]]:
    ours = [row for row in rows if row.system == expected or not expected]
    if rows and len(ours) < len(rows):
        yield Clash.OTHER_SYSTEM, f"registered with {systems}; {expected} was expected"
    for row, rivals in _rivals(rows):
        of_type = f" {row.message_type}" if row.message_type else ""
        yield Clash.TWICE, f"{rivals} are registered for the same mail{of_type}: nobody can say which of them gets it"
    types = {row.message_type for row in ours}
    missing = sorted(set(route.message_types) - types) if None not in types else []
    if ours and missing:
        yield Clash.TYPES, f"not registered for {', '.join(missing)}"
    if ours and not route.message_types and None not in types:
        yield Clash.TYPES, f"registered only for {', '.join(sorted(t for t in types if t))}; all types were planned"
    levels = {row.level for row in ours}
    if ours and route.level is not None and not levels & {None, route.level}:
        yield Clash.TYPES, f"not registered for level {route.level}"


def _systems(rows: Iterable[Receiving]) -> str:
    return ", ".join(sorted({row.system for row in rows}))


def _rivals(rows: Iterable[Receiving]) -> Iterable[tuple[Receiving, str]]:
    """Systems that are registered for the very same type and level."""
    by_key: dict[tuple[str, int], list[Receiving]] = {}
    for row in rows:
        by_key.setdefault((row.message_type or "", row.level or 0), []).append(row)
    for key in sorted(by_key):
        if len(names := sorted({row.system for row in by_key[key]})) > 1:
            yield by_key[key][0], " and ".join(names)
