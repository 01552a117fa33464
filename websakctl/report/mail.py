"""Mail routes as a document for people and as rows for a spreadsheet."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from websakctl.report.view_models import DocumentReport, Section, TableReport
from websakctl.rollout.routing import Load, Route

WAYS = ("svarinn", "altinn", "dokulink", "paper", "unsaid")
COLUMNS = (
    "number", "name", "district", "batch", "go_live", "arrives", "channel", "unit", "readers", "confidential_readers",
    "daily_routine", "ended", "distributors", "holes", "steps",
)  # fmt: skip


def routes_document(routes: Sequence[Route], loads: Sequence[Load], *, still_needed: bool = False) -> DocumentReport:
    """Show the gaps, every route, and the load on the document centre.

    Args:
        routes: Those to show, in their order.
        loads: Today and after each batch; none: the load is not shown.
        still_needed: Show what each number still needs before its mail can leave the way it arrives.
    """
    unrouted = [route for route in routes if route.gaps]
    sections = [
        Section(
            title="Holes",
            columns=("number", "name", "district", "batch", "what lacks"),
            rows=[_hole(r) for r in unrouted],
        ),
        Section(title="Still needed", columns=_NEEDED, rows=_needed(routes) if still_needed else ()),
        Section(
            title="Routes",
            columns=_ROUTE,
            rows=[_route(r) for r in routes],
            first_to_go=("batch", "district", "arrives"),
        ),
        Section(
            title="Numbers by the way their mail comes",
            columns=("after", "go live", *WAYS),
            rows=[_total(load) for load in loads],
        ),
        _by_district(loads),
    ]
    return DocumentReport(
        title="Mail routes",
        ok=not unrouted,
        verdict=_verdict(routes, unrouted),
        facts=(),
        sections=[section for section in sections if section.rows],
        data={
            "format_version": 1,
            "holes": len(unrouted),
            "routes": [msgspec.to_builtins(route) for route in routes],
            "load": [_load_data(load) for load in loads],
        },
    )


_NEEDED = ("batch", "go live", "numbers", "what each of them still needs")
_ROUTE = ("number", "name", "district", "arrives", "goes to", "where", "batch", "")


def _verdict(routes: Sequence[Route], unrouted: Sequence[Route]) -> str:
    if not routes:
        return "No matching numbers."
    examples = sum(1 for route in routes if route.example)
    are = "are examples" if examples > 1 else "is an example"
    made_up = f" {examples} of the routes {are}, which nobody has confirmed." if examples else ""
    if unrouted:
        return f"{len(unrouted)} of {len(routes)} numbers {'have' if len(unrouted) > 1 else 'has'} a hole in the route.{made_up}"
    return f"Every number has a route ({len(routes)} checked).{made_up}"


def _hole(route: Route) -> tuple[Any, ...]:
    return route.orgnr, route.name, route.district, route.batch, "; ".join(route.gaps)


def _needed(routes: Sequence[Route]) -> list[tuple[Any, ...]]:
    """The same need of several numbers of a batch is one line; which numbers, JSON and CSV say."""
    counted = Counter(
        (r.go_live or "9", r.batch or "", r.go_live, need) for r in routes for need in (*r.gaps, *r.steps)
    )
    return [(batch, go_live, count, need) for (_, batch, go_live, need), count in sorted(counted.items(), key=_first)]


def _first(item: tuple[tuple[str, str, str | None, str], int]) -> tuple[str, str]:
    return item[0][:2]


def _route(route: Route) -> tuple[Any, ...]:
    arrives = "ended" if route.ended else route.arrives or "unsaid"
    return (
        route.orgnr,
        route.name,
        route.district,
        arrives,
        route.channel,
        _where(route),
        route.batch,
        "example" if route.example else "",
    )


def _where(route: Route) -> str:
    if route.channel != "svarinn":
        return ", ".join(route.readers)
    if route.distributors is None:
        return route.unit or ""
    return f"{route.unit} ({route.distributors} distributor{'s' * (route.distributors != 1)})"


def _total(load: Load) -> tuple[Any, ...]:
    return load.batch or "today", load.go_live, *(load.total(way) for way in WAYS)


def _by_district(loads: Sequence[Load]) -> Section:
    """A row for each district whose numbers move into SvarInn, or are there: today, and once all batches are live."""
    title = "Numbers through SvarInn, for the document centre"
    if not loads:
        return Section(title=title)
    first, last = loads[0], loads[-1]
    rows = [
        (slug, first.ways[slug].get("svarinn", 0), last.ways[slug].get("svarinn", 0)) for slug in sorted(first.ways)
    ]
    return Section(title=title, columns=("district", "today", "after all batches"), rows=rows)


def _load_data(load: Load) -> dict[str, Any]:
    return {
        "after": load.batch,
        "go_live": load.go_live,
        "total": {way: load.total(way) for way in WAYS},
        "districts": {slug: dict(ways) for slug, ways in sorted(load.ways.items())},
    }


def routes_rows(routes: Iterable[Route]) -> TableReport:
    """The same as one flat table, a row for each number."""
    return TableReport(
        headline="",
        columns=COLUMNS,
        rows=[
            (
                r.orgnr, r.name, r.district, r.batch, r.go_live, r.arrives, r.channel, r.unit, ", ".join(r.readers),
                ", ".join(r.confidential_readers), r.daily_routine, "yes" if r.ended else "no", r.distributors, "; ".join(r.gaps), "; ".join(r.steps),
            )
            for r in routes
        ],
    )  # fmt: skip
