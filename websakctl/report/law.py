"""What the config rests on, on a day: a document that names what has ended, will end or was never confirmed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from websakctl.law.dates import BoundDate
from websakctl.law.review import Basis, LawReview
from websakctl.law.standing import Standing
from websakctl.report.view_models import DocumentReport, Section

_COVERED = "named otherwise"
_UNREGISTERED = "unregistered"
_TITLES = {
    Standing.ENDED.value: "Has ended",
    Standing.NOT_YET.value: "Is not in force yet",
    Standing.ENDING.value: "Will end",
    _UNREGISTERED: "In no row of legal_sources",
    Standing.UNCONFIRMED.value: "Never confirmed",
}

CATEGORIES = (*_TITLES, Standing.IN_FORCE.value, _COVERED)


def category(basis: Basis) -> str:
    """The one word for a basis: its standing, or why that is of no use."""
    if basis.covered:
        return _COVERED
    if basis.standing is Standing.UNCONFIRMED and not basis.registered:
        return _UNREGISTERED
    return basis.standing.value


def law_document(review: LawReview, dates: Sequence[BoundDate] = (), *, strict: bool = False) -> DocumentReport:
    """Write a review; ``dates``: those that bind the rollout, and have come or are near."""
    by_category: dict[str, list[Basis]] = {}
    for basis in review.bases:
        by_category.setdefault(category(basis), []).append(basis)
    sections = [
        Section(
            title=title,
            columns=("provision", "day", "cite instead", "what is not known", "used by"),
            rows=list(_rows(review, by_category[name])),
            first_to_go=("what is not known",),
        )
        for name, title in _TITLES.items()
        if name in by_category
    ]
    if steps := _next_steps(review):
        sections.append(Section(title="Next", lines=steps))
    sections += dates_section(dates, review.on, review.days_ahead)
    return DocumentReport(
        title=f"Legal bases on {review.on.isoformat()}",
        ok=not review.open,
        verdict=_verdict(review, by_category),
        facts=[("strict", "every basis must be in force and confirmed")] if strict else [],
        sections=sections,
        data=_data(review, by_category, dates),
    )


def _verdict(review: LawReview, by_category: Mapping[str, Sequence[Basis]]) -> str:
    if not review.sources and review.bases:
        return f"There is no legal_sources in the config, so nothing could be looked up: {len(review.bases)} citations rest on what nobody has confirmed"
    if not review.bases:
        return "Nothing in the config cites a legal basis"
    if not review.open:
        return f"All {len(review.bases)} citations rest on what is in force and confirmed"
    counts = [f"{len(by_category[name])} {_TOLD[name]}" for name in _TITLES if name in by_category]
    return f"{len(review.open)} of {len(review.bases)} citations must be looked at: {', '.join(counts)}"


_TOLD = {
    Standing.ENDED.value: "ended",
    Standing.NOT_YET.value: "not in force yet",
    Standing.ENDING.value: "will end",
    _UNREGISTERED: "in no row of legal_sources",
    Standing.UNCONFIRMED.value: "never confirmed",
}


def _rows(review: LawReview, bases: Iterable[Basis]) -> Iterator[tuple[str, ...]]:
    """What is cited, once, with all that cites it."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for basis in bases:
        what = (_provision(basis), _day(basis), review.instead_of(basis), _unknown(basis))
        groups.setdefault(what, []).append(f"{basis.address.kind}/{basis.address.scope}/{basis.address.key}")
    for what, users in groups.items():
        yield (*what, _used_by(list(dict.fromkeys(users))))


def _provision(basis: Basis) -> str:
    return str(basis.citation) if basis.citation.name else f"{basis.citation} (of what is not said)"


def _day(basis: Basis) -> str:
    if basis.standing is Standing.NOT_YET:
        return basis.period.valid_from or "not decided"
    return basis.period.valid_to or ""


def _unknown(basis: Basis) -> str:
    if basis.found is None:
        return "everything"
    if basis.found.section is None:
        return f"whether {basis.found.key} has that section"
    return basis.found.unsettled or ("" if basis.own.confirmed else "since when it holds")


def _used_by(addresses: Sequence[str]) -> str:
    keys: dict[str, list[str]] = {}
    for address in addresses:
        kind, _, key = address.split("/", 2)
        keys.setdefault(kind, []).append(key)
    return "; ".join(f"{kind} {', '.join(of_kind)}" for kind, of_kind in keys.items())


def _next_steps(review: LawReview) -> list[str]:
    """What the register says to do about what is open, and about what takes its place."""
    keys = {basis.found.key for basis in review.open if basis.found} | {b.successor for b in review.open}
    return [f"{one.source.name}: {one.source.next}" for one in review.sources if one.key in keys and one.source.next]


def dates_section(
    dates: Sequence[BoundDate], on: date, days_ahead: int, go_live: str | None = None
) -> Sequence[Section]:
    """A sentence for each date that binds the rollout; none: no section.

    Args:
        dates: As the register has them.
        on: The day that they were counted from.
        days_ahead: Days from it, or from ``go_live`` if that is later, within which one is a warning.
        go_live: The day of the batch that is looked at.
    """
    lines = [
        f"warning: {_described(one, go_live)}" if warns(one, on, days_ahead, go_live) else _described(one, go_live)
        for one in dates
    ]
    return [Section(title="Dates that bind the rollout", lines=lines)] if lines else []


def warns(one: BoundDate, on: date, days_ahead: int, go_live: str | None = None) -> bool:
    """Whether a date has come, or is near the day or the batch's."""
    later = max(on, date.fromisoformat(go_live)) if go_live else on
    return one.day <= later + timedelta(days=days_ahead)


def _described(one: BoundDate, go_live: str | None) -> str:
    day = one.day.isoformat()
    if one.days <= 0:
        what = f"{one.name} {'began' if one.begins else 'ended'} {day}"
    else:
        event = ("may begin" if one.unsettled else "begins") if one.begins else "ends"
        what = f"{one.name} {event} {day}, in {one.days} day{'s' * (one.days != 1)}"
    if go_live and one.days > 0:
        days = (one.day - date.fromisoformat(go_live)).days
        if days > 0:
            what += f", {days} day{'s' * (days != 1)} after this batch goes live"
        else:
            what += ", before this batch goes live" if days else ", the day that this batch goes live"
    parts = [what, f"Not settled: {one.unsettled}" if one.unsettled else "", f"Next: {one.next}" if one.next else ""]
    return ". ".join(filter(None, parts))


def dates_data(
    dates: Iterable[BoundDate], on: date, days_ahead: int, go_live: str | None = None
) -> list[dict[str, Any]]:
    """The same for machines."""
    return [
        {
            "key": one.key,
            "name": one.name,
            "event": "begins" if one.begins else "ends",
            "day": one.day.isoformat(),
            "days": one.days,
            "warning": warns(one, on, days_ahead, go_live),
            "unsettled": one.unsettled,
            "next": one.next,
        }
        for one in dates
    ]


def _data(review: LawReview, by_category: Mapping[str, Sequence[Basis]], dates: Iterable[BoundDate]) -> dict[str, Any]:
    return {
        "format_version": 1,
        "as_of": review.on.isoformat(),
        "days_ahead": review.days_ahead,
        "ok": not review.open,
        "counts": {name: len(by_category.get(name, ())) for name in CATEGORIES},
        "bases": [_basis_data(review, basis) for basis in review.bases],
        "sources": [
            {
                "key": one.key,
                "name": one.source.name,
                "type": one.source.type,
                "number": one.source.number,
                "valid_from": one.source.valid_from,
                "valid_to": one.source.valid_to,
                "successor": one.source.successor,
                "standing": one.standing.value,
                "source": one.source.source,
                "confirmed_by": one.source.confirmed.by if one.source.confirmed else None,
                "confirmed_on": one.source.confirmed.on if one.source.confirmed else None,
                "unsettled": one.source.unsettled,
                "bases": one.bases,
            }
            for one in review.sources
        ],
        "dates": dates_data(dates, review.on, review.days_ahead),
    }


def _basis_data(review: LawReview, basis: Basis) -> dict[str, Any]:
    found = basis.found
    return {
        "address": str(basis.address),
        "field": basis.field if basis.index is None else f"{basis.field}[{basis.index}]",
        "text": basis.text,
        "citation": str(basis.citation),
        "source": found.key if found else None,
        "category": category(basis),
        "standing": basis.standing.value,
        "valid_from": basis.period.valid_from,
        "valid_to": basis.period.valid_to,
        "confirmed": basis.period.confirmed,
        "unknown": _unknown(basis),
        "successor": basis.successor or None,
        "instead": review.instead_of(basis) or None,
    }
