"""Mail to sub-org numbers: each has a route, or somebody who reads it."""

from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import Diagnostic
from websakctl.kinds.sub_org import SubOrg
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about


def routes(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report numbers whose mail ends on no desk; those that are no longer valid receive none."""
    for result in config.entries(SubOrg):
        address, number = result.address, result.value
        if today and (number.valid_to or "9") < today.isoformat():
            continue
        if number.daily_routine:
            continue
        if number.channel == "svarinn" and not number.unit:
            yield about(
                config, address, rule="sub-org-without-route", path=("channel",),
                message=f"mail to {address.key} comes through SvarInn and ends on no unit's desk",
                help_="add `unit: …`, the key of the unit that gets it, or a `daily_routine: …`",
            )  # fmt: skip
        elif number.channel == "altinn" and not number.readers:
            yield about(
                config, address, rule="sub-org-without-route", path=("channel",),
                message=f"mail to {address.key} stays in Altinn, and nobody is said to read it",
                help_="add `readers: [role]` or `daily_routine: …`, or bring it into Websak with `channel: svarinn` and a unit",
            )  # fmt: skip


CHECKS = (routes,)
