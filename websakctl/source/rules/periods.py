"""Periods: nothing ends before it begins, and what was allowed for a time is told once that is over."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, get_args

from websakctl.diagnostics import Diagnostic
from websakctl.kinds import all_kinds
from websakctl.kinds.attestation import Attestation
from websakctl.model.entry import fields_of, is_model
from websakctl.source.configuration import Configuration
from websakctl.source.findings import Path, about


def reversed_periods(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report every ``valid_to`` before its ``valid_from``, in fields, and in lists and mappings of them."""
    for address, resource in config.of_kind(*_lists()).items():
        for path, period in _periods(resource.fields, _lists()[address.kind]):
            if (period["valid_to"] or "9") < (period["valid_from"] or ""):
                yield about(
                    config, address, rule="period-reversed", path=(*path, "valid_to"),
                    message=f"it ends {period['valid_to']}, before it begins {period['valid_from']}",
                    help_="put the two days right",
                )  # fmt: skip


@cache
def _lists() -> dict[str, tuple[str, ...]]:
    """The kinds that have periods, each with its fields that hold lists or mappings of things that have."""
    result: dict[str, tuple[str, ...]] = {}
    for name, kind in all_kinds().items():
        lists = tuple(name for name, field in kind.fields.items() if any(map(_has_period, get_args(field.type))))
        if lists or "valid_to" in kind.fields:
            result[name] = lists
    return result


def _has_period(inner: Any) -> bool:
    return is_model(inner) and "valid_to" in fields_of(inner)


def _periods(fields: Mapping[str, Any], lists: tuple[str, ...]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if "valid_to" in fields:
        yield (), fields
    for name in lists:
        among = fields[name] or ()
        for i, item in among.items() if isinstance(among, Mapping) else enumerate(among):
            yield (name, i), item


def ended_exceptions(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report every district's exception that has ended and still holds."""
    for address, resource in config.having("exceptions").items() if today else ():
        for slug, given in (resource.fields.get("exceptions") or {}).items():
            if given["until"] and today and given["until"] < today.isoformat():
                yield about(
                    config, address, rule="override-expired", path=("exceptions", slug, "until"),
                    message=f"the exception of {slug} ended {given['until']} and still holds",
                    help_=f"ask {given['owner']}; move the date, or take the exception away",
                )  # fmt: skip


def ended_waivers(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report every gate that was let pass until a day that is over."""
    for attestation in config.entries(Attestation) if today else ():
        address, waiver = attestation.address, attestation.value.waived
        if waiver and today and waiver.until < today.isoformat():
            yield about(
                config, address, rule="waiver-expired", path=("waived", "until"),
                message=f"{address.key} was let pass until {waiver.until}, and is closed again",
                help_=f"have it done and attested, or ask {waiver.by} to decide again",
            )  # fmt: skip


CHECKS = (reversed_periods, ended_exceptions, ended_waivers)
