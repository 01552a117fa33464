"""The suborgs-check verb: the config's numbers against the business register and against KS Fiks."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from websakctl.live.business_register import BusinessRegister
from websakctl.live.errors import NotPermitted, Unreachable
from websakctl.live.fiks import Fiks, FiksConnection
from websakctl.live.runtime import Runtime
from websakctl.model.district import District
from websakctl.rollout.receiving import Mismatch, compare_receiving
from websakctl.rollout.register import Difference, Registered, Standing, compare_register
from websakctl.rollout.routing import Route
from websakctl.source.register_file import RegisterFiles


class RegisterCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the register has otherwise. ``asked``: where it was looked up; ``notes``: what was not looked at, and why."""

    asked: str
    checked: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()


def check_online(
    url: str,
    routes: Sequence[Route],
    districts: dict[str, District],
    scopes: frozenset[str],
    today: date,
    runtime: Runtime,
) -> RegisterCheck:
    """Ask the register about some districts and their numbers.

    Raises:
        LiveError: If anything cannot be read or trusted; then nothing is concluded.
    """
    chosen = [district for district in districts.values() if district.slug in scopes]
    with BusinessRegister(url, runtime) as register:
        try:
            tree = register.below(district.orgnr for district in chosen)
            live = {unit.orgnr for units in tree.values() for unit in units}
            others = register.look_up(route.orgnr for route in routes if route.orgnr not in live)
        except Unreachable as error:
            raise Unreachable(
                f"{url}: {error}", f"{error.what_next}; or compare with the bulk file: --file FILE"
            ) from None
    return _checked(url, routes, districts, chosen, tree, others, today)


def check_files(
    paths: Sequence[Path],
    routes: Sequence[Route],
    districts: dict[str, District],
    scopes: frozenset[str],
    today: date,
) -> RegisterCheck:
    """Compare with the register's bulk files, without a network.

    Raises:
        RegisterFileError: If a file is not one of the register's.
    """
    chosen = [district for district in districts.values() if district.slug in scopes]
    files = RegisterFiles(paths)
    main = {district.orgnr for district in chosen}
    compared = [route for route in routes if files.has_units or route.orgnr not in main]
    tree, others = files.read(main, {route.orgnr for route in compared})
    ended = {route.orgnr for route in compared if route.ended}
    others = {n: unit for n, unit in others.items() if n not in ended or unit.standing is Standing.THERE}
    lacks = (
        ()
        if files.has_units
        else (
            "The file of units (enheter) is not among the files: the districts' own numbers, and sub-units of units within "
            "a district, were not looked at. Give it too: --file enheter.json.gz",
        )
    )
    result = _checked(", ".join(str(path) for path in paths), compared, districts, chosen, tree, others, today)
    return RegisterCheck(asked=result.asked, checked=result.checked, differences=result.differences, notes=lacks)


def _checked(
    asked: str,
    routes: Sequence[Route],
    districts: dict[str, District],
    chosen: Sequence[District],
    tree: dict[str, list[Registered]],
    others: dict[str, Registered],
    today: date,
) -> RegisterCheck:
    below = {district.slug: tree[district.orgnr] for district in chosen}
    return RegisterCheck(
        asked=asked, checked=len(routes), differences=compare_register(routes, districts, below, others, today)
    )


def check_receiving(
    connection: FiksConnection, routes: Sequence[Route], expected_system: str, today: date, runtime: Runtime
) -> tuple[Mismatch, ...]:
    """Ask KS Fiks what is registered for each number.

    Raises:
        LiveError: If any of it cannot be read or trusted; then nothing is concluded.
    """
    try:
        with Fiks(connection, runtime) as fiks:
            types = fiks.message_types()
            registered = fiks.receiving(route.orgnr for route in routes)
    except NotPermitted as error:
        raise NotPermitted(f"KS Fiks: {error}", "docs/mail-routes.md says what the look-up needs") from None
    return compare_receiving(routes, registered, types, expected_system, today)
