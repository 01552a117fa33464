"""What is registered for a number at KS Fiks against what the config plans for it."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

import msgspec

from websakctl.rollout.routing import Route


class Receiving(msgspec.Struct, frozen=True, kw_only=True):
    """One registration: this system fetches the number's mail of a type and level. ``None``: of every one."""

    orgnr: str
    system: str
    message_type: str | None
    level: int | None


class Clash(StrEnum):
    """One way in which plan and registration differ; the first three lose or delay mail."""

    EARLY = "registered-early"
    UNPLANNED = "registered-unplanned"
    UNREGISTERED = "not-registered"
    OTHER_SYSTEM = "other-system"
    TYPES = "other-types"
    UNKNOWN_TYPE = "unknown-type"


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """One number whose registration is not as planned. ``detail`` says what is, and what to do."""

    what: Clash
    orgnr: str
    district: str
    name: str
    detail: str


def compare_receiving(
    routes: Iterable[Route],
    registered: Mapping[str, tuple[Receiving, ...]],
    message_types: frozenset[str],
    expected_system: str,
    today: date,
) -> tuple[Mismatch, ...]:
    """Tell what differs, in the order of ``Clash``, then by district and number.

    Args:
        routes: The numbers of the config.
        registered: By number; one that is not there was not asked about.
        message_types: What KS lists.
        expected_system: The receiving system that fetches for Websak; empty: not compared.
        today: Which batches have gone live.
    """
    result = [
        Mismatch(what=what, orgnr=route.orgnr, district=route.district, name=route.name, detail=detail)
        for route in routes
        if route.orgnr in registered
        for what, detail in _mismatches(route, registered[route.orgnr], message_types, expected_system, today)
    ]
    order = list(Clash)
    return tuple(sorted(result, key=lambda m: (order.index(m.what), m.district, m.orgnr)))


def _mismatches(
    route: Route, rows: tuple[Receiving, ...], message_types: frozenset[str], expected: str, today: date
) -> Iterable[tuple[Clash, str]]:
    systems = ", ".join(sorted({row.system for row in rows}))
    if route.ended or route.channel != "svarinn":
        if rows and route.arrives != "svarinn":
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
    for unknown in sorted(set(route.message_types) - message_types):
        yield Clash.UNKNOWN_TYPE, f"{unknown} is no message type that KS lists"


def _of_registration(
    route: Route, rows: tuple[Receiving, ...], expected: str, systems: str
) -> Iterable[tuple[Clash, str]]:
    ours = [row for row in rows if row.system == expected or not expected]
    if rows and len(ours) < len(rows):
        yield Clash.OTHER_SYSTEM, f"registered with {systems}; {expected} was expected"
    types = {row.message_type for row in ours}
    missing = sorted(set(route.message_types) - types) if None not in types else []
    if ours and missing:
        yield Clash.TYPES, f"not registered for {', '.join(missing)}"
    if ours and not route.message_types and None not in types:
        yield Clash.TYPES, f"registered only for {', '.join(sorted(t for t in types if t))}; all types were planned"
    levels = {row.level for row in ours}
    if ours and route.level is not None and not levels & {None, route.level}:
        yield Clash.TYPES, f"not registered for level {route.level}"
