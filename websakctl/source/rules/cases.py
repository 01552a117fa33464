"""Case types: nothing personal published, client files screened, retention that can be carried out."""

import re
from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import Diagnostic
from websakctl.kinds import entry
from websakctl.kinds.access_code import AccessCode
from websakctl.kinds.case_type import CaseType
from websakctl.model.address import BASE, Address
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about

_BY_PERSON = re.compile(r"(?i)fødselsn|foedselsn|personn(?:umme)?r|\bfnr\b|\bpnr\b|national identity")
_DECIDED = {"B": "kept for ever", "G": "not decided yet"}


def _types(config: Configuration) -> Iterator[tuple[Address, CaseType]]:
    return ((case_type.address, case_type.value) for case_type in config.entries(CaseType))


def _by_person(case_type: CaseType) -> bool:
    return _BY_PERSON.search(case_type.ordering_principle) is not None


def published(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report case types that put personal data on the internet."""
    for address, case_type in _types(config):
        if case_type.publish and (case_type.personal_data or _by_person(case_type)):
            why = "holds personal data" if case_type.personal_data else "is ordered by national identity number"
            yield about(
                config, address, rule="personal-data-published", path=("publish",),
                message=f"{address.key} {why} and publishes automatically",
                help_="take `publish: true` away",
            )  # fmt: skip


def screened(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report client files that are not screened, or too little."""
    for address, case_type in _types(config):
        if not _by_person(case_type):
            continue
        name = case_type.access_code
        if name is None:
            yield about(
                config, address, rule="client-file-unscreened", path=("ordering_principle",),
                message=f"{address.key} is ordered by national identity number and has no access code",
                help_="add `access_code: …` and `screening_level: 3`",
            )  # fmt: skip
            continue
        code = config.state.get(Address("access_code", BASE, name))
        if code is None:
            continue  # the reference leads nowhere, which is told already
        own, level = case_type.screening_level, case_type.screening_level or entry(AccessCode, code).screening_level
        if level is None:
            yield about(
                config, address, rule="client-file-unscreened", path=("ordering_principle",),
                message=f"{address.key} is ordered by national identity number; neither it nor its access code {name} has a screening level",
                help_="add `screening_level: 3`",
            )  # fmt: skip
        elif level < 3:
            yield about(
                config, address, rule="client-file-screened-too-little", path=("screening_level",),
                message=f"level {level} {'' if own else f'of its access code {name} '}leaves the national identity number of {address.key} in sight",
                help_="make it `screening_level: 3`",
            )  # fmt: skip


def retention(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report retention that cannot be carried out as it is said."""
    for address, case_type in _types(config):
        decision, years = case_type.retention, case_type.retention_years
        if decision == "K" and not years:
            yield about(
                config, address, rule="retention-years", path=("retention_years",) if years == 0 else ("retention",),
                message=f"{address.key} is to be disposed of, and {'after no years' if years == 0 else 'not said after how many years'}",
                help_="add `retention_years: …` as the city decided",
            )  # fmt: skip
        elif decision != "K" and years is not None:
            yield about(
                config, address, rule="retention-years", path=("retention_years",),
                message=f"{address.key} has retention {decision}, {_DECIDED[decision]}, and {years} years all the same",
                help_="take the years away, or say `retention: K`",
            )  # fmt: skip
        if decision == "K" and not case_type.retention_basis:
            yield about(
                config, address, rule="disposal-without-basis", path=("retention",),
                message=f"{address.key} is to be disposed of, and no decision says so",
                help_="add `retention_basis: …`, the regulation's section or the city's decision",
            )  # fmt: skip


CHECKS = (published, screened, retention)
