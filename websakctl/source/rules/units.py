"""Units: known to eInnsyn by the same code."""

from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import Diagnostic
from websakctl.kinds import entry
from websakctl.kinds.org_unit import KIND, OrgUnit
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about


def einnsyn_codes(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report units whose abbreviation is not the code that eInnsyn knows them by."""
    for address, config_only in config.config_only.items():
        if address.kind != KIND.name:
            continue
        code, abbreviation = config_only.get("einnsyn_code"), entry(OrgUnit, config.state[address]).abbreviation
        if code is not None and abbreviation != code:
            yield about(
                config, address, rule="einnsyn-code-differs", path=("abbreviation",),
                message=f"the abbreviation is {abbreviation}, and eInnsyn knows the unit as {code}",
                help_=f"make the abbreviation {code}, or have the code changed in eInnsyn first",
            )  # fmt: skip


CHECKS = (einnsyn_codes,)
