"""Which districts there are, and the facts that each one's folder says of it."""

from collections.abc import Mapping
from typing import Annotated

from websakctl.diagnostics import Diagnostic, Position, Severity
from websakctl.model.address import slug
from websakctl.model.district import District
from websakctl.model.entry import Entry
from websakctl.model.patterns import matching
from websakctl.model.types import Name, OrgNumber
from websakctl.model.validation import ValidationError, convert
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Document
from websakctl.source.problems import findings_of
from websakctl.source.reporting import Report
from websakctl.source.sections import DISTRICT

_ANY_ORGNR = "313000001"  # valid, and nobody's: from the range of the register's test environment


class DistrictSection(Entry, frozen=True, kw_only=True):
    """The ``district:`` section of a district's folder."""

    name: Name
    number: Annotated[str, matching(r"\d{2}", "two digits")]
    orgnr: OrgNumber
    short_name: Annotated[str, matching(r"[A-ZÆØÅ]{2,5}", "2 to 5 capitals")]
    prefix: Annotated[str, matching(r"[A-ZÆØÅ0-9]{1,5}", "1 to 5 capitals and digits")]


def read_districts(documents: Mapping[str, list[Document]], config: Configuration, report: Report) -> set[str]:
    """Take up each folder's district.

    Returns:
        The slugs of those that got made-up facts, since their own are missing or wrong.
    """
    made_up = set[str]()
    for name, own in documents.items():
        holders = [d for d in own if DISTRICT in d.top]
        folder = Position(f"districts/{name}/district.yaml")
        if not holders:
            unread = any(f.at.file.startswith(f"districts/{name}/") for f in config.findings)
            if not unread:  # else the section may stand where nobody could read it
                report(
                    Diagnostic(
                        code="district-incomplete",
                        at=folder,
                        message=f"districts/{name}/ has no `district:` section",
                        help="write district.yaml with name, number, orgnr, short_name and prefix",
                    )
                )
            use_placeholder_district(config, name)
            made_up.add(name)
            continue
        document = holders[0]
        for extra in holders[1:]:
            at = extra.key_position(extra.top.spans, DISTRICT)
            report(
                Diagnostic(
                    code="duplicate-resource",
                    at=at,
                    message="the district is described twice",
                    help="keep one",
                    related=document.key_position(document.top.spans, DISTRICT),
                    related_label="first here",
                )
            )
        try:
            facts = convert(DistrictSection, document.top[DISTRICT])
        except ValidationError as error:
            for finding in findings_of(error, (document, document.top, DISTRICT), key_field=None):
                report(finding)
            use_placeholder_district(config, name)
            made_up.add(name)
            continue
        expected = slug(facts.name.removeprefix("Bydel "))
        if name != slug(name) or (name != expected and slug(facts.name) != name):
            at = document.value_position(document.top[DISTRICT].spans, "name")
            report(
                Diagnostic(
                    code="district-incomplete",
                    at=at,
                    message=f"the folder {name} is not the slug of {facts.name}",
                    help=f"rename the folder to {expected}",
                    severity=Severity.WARNING,
                )
            )
        _register_district(config, document, name, facts, report)
    return made_up


def use_placeholder_district(config: Configuration, name: str) -> None:
    """Take made-up facts where the district's own are wrong, so that the rest of its folder is checked all the same."""
    facts = {
        "name": name,
        "number": "00",
        "orgnr": _ANY_ORGNR,
        "short_name": "BXX",
        "prefix": f"X{len(config.unsure)}",
    }
    config.unsure.add(name)
    config.districts[name] = District(slug=name, **facts)


def drop_districts(config: Configuration, names: set[str]) -> None:
    """Take away districts that were made up only to be checked, with all that is theirs."""
    if not names:
        return
    for address in [a for a in config.state if a.scope in names]:
        del config.state[address], config.origins[address]
    for name in names:
        del config.districts[name]


def _register_district(
    config: Configuration, document: Document, name: str, facts: DistrictSection, report: Report
) -> None:
    """Take up a district, and report each fact that another has too."""
    district = District(
        slug=name,
        name=facts.name,
        number=facts.number,
        orgnr=facts.orgnr,
        short_name=facts.short_name,
        prefix=facts.prefix,
    )
    for other in config.districts.values():
        if other.slug in config.unsure:
            continue
        for label in ("name", "number", "orgnr", "short_name", "prefix"):
            if getattr(other, label) == getattr(district, label):
                report(
                    Diagnostic(
                        code="not-unique",
                        at=document.value_position(document.top[DISTRICT].spans, label),
                        message=f"{label} {getattr(district, label)} is also {other.slug}'s",
                        help="each district has its own",
                    )
                )
                config.unsure.add(name)
    config.districts[name] = district
