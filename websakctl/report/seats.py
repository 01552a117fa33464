"""Licence pools as a document for people and as rows for a spreadsheet."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from websakctl.report.view_models import DocumentReport, Section, TableReport
from websakctl.rollout.capacity import AfterBatch, Month, Pool, Seats, Shortage, shortages

COLUMNS = ("pool", "district", "batch", "go_live", "bought", "allotted", "in_use", "needed", "total_after", "missing")
_UNKNOWN = "?"  # live was not asked


def seats_document(
    pools: Sequence[Pool],
    *,
    scopes: frozenset[str] = frozenset(),
    batch: str | None = None,
    months: Sequence[Month] = (),
) -> DocumentReport:
    """Show every pool, what each batch makes of it, and each district's part.

    Args:
        pools: As counted.
        scopes: Show the parts of these districts only; none: of all. Pools and batches are always those of all.
        batch: Show what this batch makes of the pools, and not the others.
        months: Who starts and leaves, month by month.
    """
    result = shortages(pools)
    moves = [(month.month, month.starting, month.leaving) for month in months]
    sections = [
        Section(
            title="Pools",
            columns=_POOL_COLUMNS,
            rows=[_pool_row(pool) for pool in pools],
            first_to_go=("valid", "product", "allotted"),
        ),
        Section(
            title="After each batch",
            columns=("batch", "go live", *(p.key for p in pools)),
            rows=list(_batch_rows(pools, batch)),
        ),
        Section(
            title="Districts", columns=("district", *(p.key for p in pools)), rows=list(_district_rows(pools, scopes))
        ),
        Section(title="Users who start and leave", columns=("month", "starting", "leaving"), rows=moves),
    ]
    lacks = [_described(shortage) for shortage in result]
    if lacks:
        sections.insert(0, Section(title="Missing seats", lines=lacks))
    sections.append(Section(title="How this is counted", lines=list(_notes(pools))))
    return DocumentReport(
        title="Licences",
        ok=not result,
        verdict=f"{len(result)} shortages" if len(result) > 1 else "1 shortage" if result else _enough(pools),
        facts=(),
        sections=[section for section in sections if section.rows or section.lines],
        data={**seats_data(pools, result, scopes, batch), "months": [msgspec.to_builtins(month) for month in months]},
    )


_POOL_COLUMNS = ("pool", "product", "valid", "bought", "allotted", "in use", "high-water", "missing")


def _enough(pools: Sequence[Pool]) -> str:
    return "There are seats for every planned batch." if pools else "There is no licence pool in the config."


def _pool_row(pool: Pool) -> tuple[Any, ...]:
    valid = f"{pool.valid_from or '…'} – {pool.valid_to or '…'}" if pool.valid_from or pool.valid_to else "always"
    if not pool.valid_now:
        valid += " (not now)"
    in_use = _UNKNOWN if pool.in_use is None else pool.in_use
    return pool.key, pool.product, valid, pool.bought, pool.allotted, in_use, pool.high_water, pool.missing or ""


def _batch_rows(pools: Sequence[Pool], batch: str | None) -> Iterable[tuple[Any, ...]]:
    for afters in zip(*(pool.batches for pool in pools), strict=True):
        if _in(afters[0], batch):
            yield (afters[0].batch, afters[0].date or "not decided", *(_after(after) for after in afters))


def _after(after: AfterBatch) -> str:
    return f"+{after.needed}: {after.total_after} of {after.bought}{_shortage_text(after.missing)}"


def _district_rows(pools: Sequence[Pool], scopes: frozenset[str]) -> Iterable[tuple[Any, ...]]:
    for slug in sorted({slug for pool in pools for slug, _ in _chosen(pool, scopes)}):
        yield (slug, *(_part(pool.districts.get(slug)) for pool in pools))


def _part(part: Seats | None) -> str:
    if part is None:
        return ""
    in_use = _UNKNOWN if part.in_use is None else part.in_use
    needed = part.needed if part.listed else f"~{part.needed}"
    allotted = "" if part.allotted is None else f" of {part.allotted}"
    return f"{in_use} -> {needed}{allotted}{_shortage_text(part.missing)}"


def _shortage_text(missing: int) -> str:
    return f" ({missing} missing)" if missing else ""


def _chosen(pool: Pool, scopes: frozenset[str]) -> Iterable[tuple[str, Seats]]:
    return ((slug, part) for slug, part in pool.districts.items() if not scopes or slug in scopes)


def _in(after: AfterBatch, batch: str | None) -> bool:
    return batch is None or after.batch == batch


def _described(shortage: Shortage) -> str:
    seats = f"{shortage.missing} seat{'s' * (shortage.missing != 1)}"
    if shortage.district:
        return f"{shortage.pool}: {shortage.district} lacks {seats} of its allotment"
    when = f"once {shortage.batch} is live" if shortage.batch else "today"
    return f"{shortage.pool}: {seats} missing {when}"


def _notes(pools: Sequence[Pool]) -> Iterable[str]:
    yield "A batch's line: what its districts need, and all that is then in use of what is bought and valid that day."
    yield "A district's line: in use now -> needed, of its allotment."
    if any(not part.listed for pool in pools for part in pool.districts.values()):
        yield "~: the district lists no users yet, so its allotment stands for its need."
    if any(pool.in_use is None for pool in pools):
        yield "?: live was not asked (--offline)."
    unknown = max((pool.unknown for pool in pools), default=0)
    if unknown:
        yield (
            f"{unknown} active user{'s' * (unknown != 1)} whose role cannot be told: each may take a seat that is not "
            "counted here. Give them a role in their district's users file."
        )


def seats_rows(pools: Sequence[Pool], *, scopes: frozenset[str] = frozenset(), batch: str | None = None) -> TableReport:
    """The same as one flat table: a row for each pool, for each of its batches, and for each district's part of it."""
    rows: list[tuple[Any, ...]] = []
    for p in pools:
        rows.append((p.key, None, None, None, p.bought, p.allotted, p.in_use, None, p.high_water, p.missing))
        rows.extend(
            (p.key, None, b.batch, b.date, b.bought, None, None, b.needed, b.total_after, b.missing)
            for b in p.batches
            if _in(b, batch)
        )
        rows.extend(
            (p.key, slug, None, None, None, d.allotted, d.in_use, d.needed, None, d.missing)
            for slug, d in _chosen(p, scopes)
        )
    return TableReport(headline="", columns=COLUMNS, rows=rows)


def seats_data(
    pools: Sequence[Pool],
    result: Sequence[Shortage],
    scopes: frozenset[str] = frozenset(),
    batch: str | None = None,
) -> dict[str, Any]:
    """The same for machines."""
    return {
        "format_version": 1,
        "unknown_role": max((pool.unknown for pool in pools), default=0),
        "pools": [_pool_data(pool, scopes, batch) for pool in pools],
        "shortages": [msgspec.to_builtins(shortage) for shortage in result],
    }


def _pool_data(pool: Pool, scopes: frozenset[str], batch: str | None) -> dict[str, Any]:
    names = ("product", "bought", "valid_from", "valid_to", "valid_now", "allotted", "in_use", "high_water", "missing")
    return {
        "pool": pool.key,
        **{name: getattr(pool, name) for name in names},
        "batches": [
            {
                "batch": b.batch,
                "go_live": b.date,
                "needed": b.needed,
                "total_after": b.total_after,
                "bought": b.bought,
                "missing": b.missing,
            }
            for b in pool.batches
            if _in(b, batch)
        ],
        "districts": [
            {"district": slug, **msgspec.to_builtins(d), "missing": d.missing} for slug, d in _chosen(pool, scopes)
        ],
    }
