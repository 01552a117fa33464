"""What may be disposed of when, by the retention rules of case types; and what is missing before anybody can say so."""

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.case_type import CaseType
from websakctl.model.address import Address
from websakctl.model.resource import State

YEARS_AHEAD = 10


class RetentionRule(msgspec.Struct, frozen=True, kw_only=True):
    """One case type's rule. ``closed_by``: on the day, cases closed by then have been kept long enough; ``None``: never, or unknown.

    ``missing``: what must be decided or confirmed first, in sentences.
    """

    code: str
    name: str
    decision: str  # Noark 5 M450: B preserve, K dispose, G decide later
    years: int | None
    basis: str
    closed_by: date | None
    missing: tuple[str, ...]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Cases of a type that were closed in one year, and the year in which they have been kept long enough."""

    year: int
    code: str
    name: str
    closed: int


def retention_rules(
    state: State, on: date, examples: Iterable[Address] = (), unsound: Iterable[Address] = ()
) -> tuple[RetentionRule, ...]:
    """The rule of every case type, by code.

    Args:
        state: The config.
        on: The day.
        examples: What nobody has confirmed.
        unsound: Case types whose basis is not in force on the day, or not confirmed.
    """
    unconfirmed, doubtful = frozenset(examples), frozenset(unsound)
    return tuple(
        RetentionRule(
            code=found.value.code,
            name=found.value.name,
            decision=found.value.retention,
            years=found.value.retention_years,
            basis=found.value.retention_basis or "",
            closed_by=_years_before(on, found.value.retention_years) if found.value.retention == "K" else None,
            missing=tuple(
                _missing(
                    found.value, example=found.address in unconfirmed, basis_is_sound=found.address not in doubtful
                )
            ),
        )
        for found in sorted(entries(CaseType, state), key=lambda found: found.value.code)
    )


def _missing(case_type: CaseType, *, example: bool, basis_is_sound: bool) -> Iterator[str]:
    if case_type.retention == "G":
        yield "nobody has decided whether its cases are preserved or disposed of"
    if case_type.retention == "K" and case_type.retention_years is None:
        yield "no retention period"
    if not case_type.retention_basis:
        yield "no basis for the decision"
    elif not basis_is_sound:
        yield "its basis must be looked at"
    if example:
        yield "only an example: nobody has confirmed it"


def calendar(rules: Iterable[RetentionRule], on: date) -> list[Due]:
    """What falls due in the year of a day and the ten after it, by the year in which a case was closed.

    A case closed in the course of a year has been kept for all of its years when that year's last one has.
    """
    return [
        Due(year=year, code=rule.code, name=rule.name, closed=year - rule.years)
        for year in range(on.year, on.year + YEARS_AHEAD + 1)
        for rule in rules
        if rule.decision == "K" and rule.years is not None
    ]


def _years_before(on: date, years: int | None) -> date | None:
    if years is None or years >= on.year:
        return None
    try:
        return on.replace(year=on.year - years)
    except ValueError:  # 29 February
        return on.replace(year=on.year - years, day=28)
