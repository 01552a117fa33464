"""Forms: what is sent in ends somewhere, and what goes by itself has all that it needs."""

from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import Diagnostic
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about


def targets(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report forms for a specialist system that none names, and forms registered without hands as no case type."""
    for address, resource in config.of_kind("form").items():
        fields = resource.fields
        if fields["target"] == "specialist-system" and not fields["specialist_system"]:
            yield about(
                config, address, rule="form-without-target", path=("target",),
                message=f"{address.key} goes to a specialist system, and none is named",
                help_="add `specialist_system: …`, one of specialist_systems",
            )  # fmt: skip
        elif fields["target"] != "specialist-system" and fields["automatic"] and not fields["case_type"]:
            yield about(
                config, address, rule="form-without-target", path=("automatic",),
                message=f"{address.key} is registered without hands, and no case type says as what",
                help_="add `case_type: …`, or say `automatic: false`: then somebody registers it",
            )  # fmt: skip


CHECKS = (targets,)
