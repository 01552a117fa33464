"""What a document may name: a district's own facts, units, numbers, seats and dates, out of the config."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from websakctl.kinds.attestation import KIND as ATTESTATION
from websakctl.kinds.committee import KIND as COMMITTEE
from websakctl.kinds.historical_base import KIND as HISTORICAL_BASE
from websakctl.kinds.licence import KIND as LICENCE
from websakctl.kinds.org_unit import KIND as UNIT
from websakctl.kinds.sub_org import KIND as SUB_ORG
from websakctl.model.address import Address
from websakctl.operations.rollout.view import view_rollout
from websakctl.report.documents.markdown import known
from websakctl.report.texts import Language, by_name, text
from websakctl.rollout.altinn import Proof
from websakctl.rollout.batches import batch_of, in_order
from websakctl.rollout.gates import gates
from websakctl.rollout.routing import Route, routes
from websakctl.rollout.schedule import Activity

if TYPE_CHECKING:
    from websakctl.source.configuration import Configuration

_FOLLOW_UP = (timedelta(weeks=1), timedelta(weeks=8))  # after go-live: the first look, and the last


def values_of(
    config: "Configuration",
    slug: str,
    *,
    today: date,
    language: Language,
    activities: Iterable[Activity] = (),
    altinn: Proof | None = None,
) -> dict[str, Any]:
    """Gather what the documents of a district may name. What the config does not say is left out.

    Args:
        config: A valid config.
        slug: The district.
        today: The day that the document bears.
        language: In which ways of mail are named.
        activities: The preparations of its batch with their dates.
        altinn: What is recorded of Altinn's access management; ``None``: nothing.
    """
    district = config.districts[slug]
    batch = batch_of(in_order(config.state)).get(slug)
    unit_names = {
        a.key: str(r.fields["name"]) for a, r in config.state.items() if a.kind == UNIT.name and a.scope == slug
    }
    result = [
        _number(
            route, config.state[Address(SUB_ORG.name, slug, route.orgnr)].fields["valid_from"], unit_names, language
        )
        for route in _in_reading_order(
            routes(config.state, today, config.examples, config.config_only), slug, district.orgnr
        )
    ]
    values: dict[str, Any] = {
        "today": today,
        "live": bool(batch and batch.go_live and batch.go_live <= today.isoformat()),
        "organisation": known({"name": config.settings.organisation.name if config.settings.organisation else None}),
        "district": {name.removeprefix("district."): value for name, value in district.placeholders().items()},
        "units": list(_units(config, slug, unit_names)),
        "numbers": result,
        "holes": [number for number in result if number["holes"]],
        "examples": [number for number in result if number["example"]],
        "licences": [
            {"product": r.fields["product"], "seats": r.fields["allotments"][slug]}
            for a, r in sorted(config.state.items())
            if a.kind == LICENCE.name and slug in r.fields["allotments"]
        ],
        "activities": [
            {
                "name": text("Go live", language) if a.goes_live else a.name,
                "responsible": a.responsible,
                "start": a.start,
                "end": a.end,
            }
            for a in activities
        ],
    }
    values |= _set_up_around(config, slug) | _said_of_gates(config, slug, today)
    values["open_gates"] = list(_open_gates(config, slug, today, altinn))
    if batch:
        members = [config.districts[s].name for s in batch.districts if s in config.districts]
        values["batch"] = known({"key": batch.key, "name": batch.name, "go_live": batch.go_live, "members": members})
        if batch.go_live:
            first, last = (date.fromisoformat(batch.go_live) + later for later in _FOLLOW_UP)
            values["follow_up"] = {"first_week": first, "last_week": last}
    return values


def _set_up_around(config: "Configuration", slug: str) -> dict[str, Any]:
    """The district's committees and old bases."""
    own = [(a.kind, r.fields) for a, r in config.state.items() if a.scope == slug]
    return {
        "committees": [{"name": fields["name"]} for kind, fields in own if kind == COMMITTEE.name],
        "old_bases": [
            known(
                {name: fields[name] for name in ("name", "system", "lookup", "migrate_by")}
                | {"readers": fields["readers"] or None}
            )
            for kind, fields in own
            if kind == HISTORICAL_BASE.name
        ],
    }


def _said_of_gates(config: "Configuration", slug: str, today: date) -> dict[str, Any]:
    """What people have attested of the district by this day, with evidence, and what they let pass."""
    names = {gate.key: gate.name for gate in gates(config.whole)}
    given = [
        known({"gate": names.get(a.key, a.key), **r.fields, "waived": known(r.fields["waived"] or {}) or None})
        for a, r in config.own.items()
        if a.kind == ATTESTATION.name and a.scope == slug
    ]
    attested = [
        s for s in given if "waived" not in s and {"by", "on", "evidence"} <= s.keys() and s["on"] <= f"{today}"
    ]
    return {"attested": attested, "waived": [s for s in given if "waived" in s]}


def _open_gates(config: "Configuration", slug: str, today: date, altinn: Proof | None) -> Iterable[dict[str, Any]]:
    """What is not in order on this day, as far as the config tells; Websak is not asked for a document."""
    view = view_rollout(config, today, altinn=altinn)
    names = {gate.key: gate.name for gate in view.gates}
    for district in (d for batch in view.batches for d in batch.districts if d.slug == slug):
        for verdict in district.in_the_way:
            yield {"gate": names[verdict.gate], "why": [by_name(why, names) for why in verdict.why]}


def letter_values(values: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """One letter for each number that is to be read in Altinn: the number, and what its letter may name."""
    for number in values["numbers"]:
        if number["channel"] == "altinn":
            start = number.get("starts")
            begun = start is not None and start <= values["today"].isoformat()
            yield number["orgnr"], {**values, "number": number, "begun": begun, **known({"start": start})}


def _in_reading_order(result: Iterable[Route], slug: str, main: str) -> list[Route]:
    """The district's own number first, then by name; what has ended is left out."""
    own = [route for route in result if route.district == slug and not route.ended]
    return sorted(own, key=lambda route: (route.orgnr != main, route.name, route.orgnr))


def _number(route: Route, starts: str | None, unit_names: Mapping[str, str], language: Language) -> dict[str, Any]:
    unit = unit_names.get(route.unit or "", route.unit)
    readers = list(route.readers) or None
    ends = unit if route.channel == "svarinn" else ", ".join(route.readers)
    return known(
        {
            "orgnr": route.orgnr,
            "name": route.name,
            "channel": route.channel,
            "channel_name": way(route.channel, language),
            "arrives": route.arrives,
            "arrives_name": way(route.arrives, language) if route.arrives else None,
            "ends": ends or text("nobody yet", language),
            "unit_name": unit,
            "readers": readers,
            "confidential_readers": list(route.confidential_readers) or None,
            "daily_routine": route.daily_routine,
            "starts": starts or route.go_live,
            "holes": route.gaps,
            "example": route.example,
        }
    )


def way(name: str, language: Language) -> str:
    """How mail comes, as people call it."""
    return {"svarinn": "SvarInn", "altinn": "Altinn", "dokulink": "Dokulink"}.get(name) or text("paper", language)


def _units(config: "Configuration", slug: str, names: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """Depth first, as a tree is read; beside each other in the order of the config."""
    parents = {a.key: r.fields["parent"] for a, r in config.state.items() if a.kind == UNIT.name and a.scope == slug}

    def below(parent: str | None) -> Iterable[dict[str, Any]]:
        for key in [k for k, p in parents.items() if p == parent]:
            yield known({"key": key, "name": names[key], "parent_name": names.get(parent or "")})
            yield from below(key)

    return below(None)
