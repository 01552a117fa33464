"""The consistency verb: ask the registers, Websak and KS Fiks, or read what was exported of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from websakctl.consistency.business_register import Standing
from websakctl.consistency.ledger import Desired
from websakctl.consistency.sources import InFiks, InRegister, InWebsak, numbers_of
from websakctl.consistency.websak import LiveRoute, LiveUnit, desired_units
from websakctl.live.business_register import BusinessRegister
from websakctl.live.errors import LiveError, NotPermitted, Unreachable
from websakctl.live.fiks import Fiks, FiksConnection
from websakctl.live.runtime import Runtime
from websakctl.live.websak import Connection, WebsakReader
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import Resource, State
from websakctl.operations.scopes import scope_of
from websakctl.rollout.routing import Route, routes
from websakctl.source.configuration import Configuration
from websakctl.source.register_file import RegisterFiles

UNIT, NUMBER = "org_unit", "sub_org"
Heard = TypeVar("Heard")


def desired_of(
    config: Configuration,
    scopes: frozenset[str],
    today: date,
    *,
    owners: Mapping[str, str] | None = None,
    setup_api: bool = True,
) -> Desired:
    """What the config has of units and numbers.

    Args:
        config: A valid config.
        scopes: The districts that are looked at; with ``base``, the shared units too.
        today: Numbers whose last day has passed have ended.
        owners: Who else writes a kind in this environment.
        setup_api: Whether numbers are written through an API there.
    """
    places = {
        (address.kind, address.key): f"{at.file}:{at.line}"
        for address in config.of_kind(UNIT, NUMBER)
        if (at := config.position_of(address)) is not None
    }
    return Desired(
        routes=routes(config.whole, today, config.examples, config.config_only),
        units=desired_units(config.state),
        districts=config.districts,
        scopes=scopes,
        expected_system=config.settings.registers.fiks.receiving_system,
        places=places,
        owners=owners or {},
        setup_api=setup_api,
    )


def _chosen(desired: Desired) -> list[District]:
    return [district for district in desired.districts.values() if district.slug in desired.scopes]


def _routes(desired: Desired) -> list[Route]:
    return [route for route in desired.routes if route.district in desired.scopes]


def ask_register(url: str, desired: Desired, more: Iterable[str], runtime: Runtime) -> InRegister:
    """Ask the register about the districts that are looked at, about their numbers, and about some more.

    Raises:
        LiveError: If anything cannot be read or trusted; then nothing is concluded.
    """
    chosen = _chosen(desired)
    with BusinessRegister(url, runtime) as register:
        try:
            tree = register.below(district.orgnr for district in chosen)
            live = {unit.orgnr for units in tree.values() for unit in units}
            asked_for = {route.orgnr for route in _routes(desired)} | set(more)
            others = register.look_up(sorted(asked_for - live))
        except Unreachable as error:
            raise Unreachable(
                f"{url}: {error}", f"{error.what_next}; or compare with the bulk file: --file FILE"
            ) from None
    return InRegister(asked=url, below={d.slug: tree[d.orgnr] for d in chosen}, others=others)


def read_register(paths: Sequence[Path], desired: Desired, more: Iterable[str] = ()) -> InRegister:
    """Read the register's bulk files, without a network.

    Raises:
        RegisterFileError: If a file is not one of the register's.
    """
    chosen = _chosen(desired)
    files = RegisterFiles(paths)
    main = {district.orgnr for district in chosen}
    unseen = frozenset() if files.has_units else main
    known = {route.orgnr: route for route in _routes(desired)}
    tree, others = files.read(main, (known.keys() | set(more)) - unseen)
    ended = {number for number, route in known.items() if route.ended}
    others = {n: unit for n, unit in others.items() if n not in ended or unit.standing is Standing.THERE}
    notes = (
        ()
        if files.has_units
        else (
            "The file of units (enheter) is not among the files: the districts' own numbers, and sub-units of units within "
            "a district, were not looked at. Give it too: --file enheter.json.gz",
        )
    )
    return InRegister(
        asked=", ".join(str(path) for path in paths),
        below={d.slug: tree[d.orgnr] for d in chosen},
        others=others,
        notes=notes,
        unseen=frozenset(unseen),
    )


def ask_fiks(connection: FiksConnection, desired: Desired, more: Iterable[str], runtime: Runtime) -> InFiks:
    """Ask KS Fiks what is registered for each number that is looked at, and for some more.

    Raises:
        LiveError: If any of it cannot be read or trusted; then nothing is concluded.
    """
    try:
        with Fiks(connection, runtime) as fiks:
            types = fiks.message_types()
            numbers = dict.fromkeys((*(route.orgnr for route in _routes(desired)), *more))
            return InFiks(asked=connection.url, registered=fiks.receiving(numbers), types=types)
    except NotPermitted as error:
        raise NotPermitted(f"KS Fiks: {error}", "docs/mail-routes.md says what the look-up needs") from None


def ask_websak(
    connection: Connection, config: Configuration, kinds: Mapping[str, Kind], today: date
) -> tuple[InWebsak, LiveError | None]:
    """List Websak's units and, where there is an API for them, its routes; whatever cannot be read is unknown.

    Args:
        connection: Where it is.
        config: Which districts units belong to.
        kinds: All kinds.
        today: Routes whose last day has passed have ended.

    Returns:
        What it has, and the first error, where there was one.
    """
    known = connection.kinds(kinds)
    units: tuple[LiveUnit, ...] | None = None
    found: tuple[LiveRoute, ...] | None = None
    no_routes = "" if NUMBER in known else "this Websak has no API for them: export them, and name the file with --export sub_org=FILE"  # fmt: skip
    no_units, failed = "", None
    with WebsakReader(connection, known, scope_of(config.state, config.districts, known)) as reader:
        try:
            units = reader.departments.listed()
        except LiveError as error:
            no_units, failed = str(error), error
        if not no_routes:
            try:
                found = tuple(_live_route(route, today) for route in reader.find(NUMBER).read())
            except LiveError as error:
                no_routes, failed = str(error), failed or error
    given = InWebsak(asked=connection.base_url, units=units, routes=found, no_units=no_units, no_routes=no_routes)
    return given, failed


def from_state(state: State, asked: str, today: date) -> InWebsak:
    """What a snapshot has of Websak; it keeps no organisation numbers of units."""
    units = tuple(_live_unit(resource) for address, resource in state.items() if address.kind == UNIT)
    found = tuple(_live_route(resource, today) for address, resource in state.items() if address.kind == NUMBER)
    return InWebsak(
        asked=asked,
        units=units or None,
        routes=found or None,
        no_units="" if units else "the snapshot has none",
        no_routes="" if found else "the snapshot has none",
    )


def _live_unit(resource: Resource) -> LiveUnit:
    fields = resource.fields
    return LiveUnit(
        key=resource.address.key,
        name=fields.get("name"),
        parent=fields.get("parent") or "",
        abbreviation=fields.get("abbreviation") or "",
        active=resource.active,
    )


def _live_route(resource: Resource, today: date) -> LiveRoute:
    fields = resource.fields
    last = fields.get("valid_to")
    return LiveRoute(
        orgnr=resource.address.key,
        district=resource.address.scope,
        name=fields.get("name"),
        unit=fields.get("unit") or "",
        channel=fields.get("channel"),
        ended=not resource.active or (last or "9") < today.isoformat(),
    )


def unless_it_fails(ask: Callable[[], Heard], otherwise: Callable[[str], Heard]) -> tuple[Heard, LiveError | None]:
    """Ask a server; one that does not answer, or not as agreed, is unknown.

    Args:
        ask: Asks it.
        otherwise: Makes what is known then, with the reason.
    """
    try:
        return ask(), None
    except LiveError as error:
        return otherwise(str(error)), error


def numbers_in(websak: InWebsak) -> set[str]:
    """The organisation numbers that Websak names, which the other registers are asked about, too."""
    return numbers_of(websak.units or (), websak.routes or ())
