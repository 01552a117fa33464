"""Forms: what is sent in ends somewhere, and what goes by itself has all that it needs."""

from collections.abc import Iterator
from datetime import date

from websakctl.diagnostics import Diagnostic
from websakctl.kinds.form import Form
from websakctl.source.configuration import Configuration
from websakctl.source.findings import about


def targets(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report forms for a specialist system that none names, and forms registered without hands as no case type."""
    for result in config.entries(Form):
        address, form = result.address, result.value
        if form.target == "specialist-system" and not form.specialist_system:
            yield about(
                config, address, rule="form-without-target", path=("target",),
                message=f"{address.key} goes to a specialist system, and none is named",
                help_="add `specialist_system: …`, one of specialist_systems",
            )  # fmt: skip
        elif form.target != "specialist-system" and form.automatic and not form.case_type:
            yield about(
                config, address, rule="form-without-target", path=("automatic",),
                message=f"{address.key} is registered without hands, and no case type says as what",
                help_="add `case_type: …`, or say `automatic: false`: then somebody registers it",
            )  # fmt: skip


CHECKS = (targets,)
