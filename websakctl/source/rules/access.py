"""Access codes: a basis for all that is withheld, an end to what is temporary, and no letter with two meanings."""

from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import Diagnostic
from websakctl.kinds.access_code import AccessCode
from websakctl.model.address import Address
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about

# Code list of access restrictions (tilgangsrestriksjon, M500) of the Noark 5 service interface, its one-letter gradings.
# Source: arkivverket/noark5-tjenestegrensesnitt-standard, 2a078e1.
NOARK_GRADINGS = {"B": "Begrenset", "K": "Konfidensielt", "H": "Hemmelig", "F": "Fortrolig"}
NOARK_TEMPORARY = "XX"  # Midlertidig sperret, of the same list


def _codes(config: Configuration) -> Iterator[tuple[Address, AccessCode]]:
    return ((code.address, code.value) for code in config.entries(AccessCode))


def has_basis(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report codes that withhold without a provision."""
    for address, code in _codes(config):
        withholds = code.publishable != "yes" or code.screening_level
        if withholds and not code.legal_basis and not code.basis_chosen_per_case:
            yield about(
                config, address, rule="access-code-without-basis", path=("legal_basis",),
                message=f"{address.key} withholds, and no statutory basis is named",
                help_="add `legal_basis: [{reference: …, valid_from: …}]`, or `basis_chosen_per_case: true`",
            )  # fmt: skip


def basis_in_force(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report codes without a basis that holds today, and bases that ended without a successor."""
    if today is None:
        return
    day = today.isoformat()
    for address, code in _codes(config):
        bases = code.legal_basis
        ended = [i for i, basis in enumerate(bases) if (basis.valid_to or "9") < day]
        coming = [i for i, basis in enumerate(bases) if (basis.valid_from or "") > day and i not in ended]
        if not bases:
            continue
        if len(ended) + len(coming) == len(bases) and not code.basis_chosen_per_case:
            if coming:
                first = min(coming, key=lambda i: bases[i].valid_from or "")
                path, what = (first, "valid_from"), f"begins to hold {bases[first].valid_from}"
            else:
                last = max(ended, key=lambda i: bases[i].valid_to or "")
                path, what = (last, "valid_to"), f"ended {bases[last].valid_to}"
            yield about(
                config, address, rule="basis-not-in-force", path=("legal_basis", *path),
                message=f"no basis of {address.key} is in force today: {bases[path[0]].reference} {what}",
                help_="add the provision that holds now with its valid_from, or take the code out of use",
            )  # fmt: skip
            continue
        for i in ended:
            if not any(
                (other.valid_from or "") > (bases[i].valid_from or "")
                for j, other in enumerate(bases)
                if j not in ended
            ):
                yield about(
                    config, address, rule="basis-ended", path=("legal_basis", i, "valid_to"),
                    message=f"{bases[i].reference} ended {bases[i].valid_to}, and nothing took its place",
                    help_="add what replaced it below, with its valid_from",
                )  # fmt: skip


def letters(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report codes that Noark's list gives another meaning."""
    for address, code in _codes(config):
        meant = NOARK_GRADINGS.get(address.key)
        if meant is not None and meant.casefold() not in code.name.casefold():
            yield about(
                config, address, rule="noark-code-collision", path=(),
                message=f"{address.key} is {meant} on Noark's list of access restrictions, and {code.name} here",
                help_="take two letters; or keep it, with `# websakctl: ignore[noark-code-collision]` and why",
            )  # fmt: skip


def temporary(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report temporary codes that never end."""
    for address, code in _codes(config):
        if not (code.temporary or address.key == NOARK_TEMPORARY):
            continue
        bases = code.legal_basis
        if not code.screening_years and not (bases and all(basis.valid_to for basis in bases)):
            yield about(
                config, address, rule="temporary-without-end", path=("temporary",),
                message=f"{address.key} is temporary and has no end",
                help_="add `screening_years: 1`, or as many as the decision says",
            )  # fmt: skip


CHECKS = (has_basis, basis_in_force, letters, temporary)
