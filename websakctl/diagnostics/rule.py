"""What a rule is."""

import msgspec

from websakctl.diagnostics.diagnostic import Severity


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: its name never changes, ``why`` says what goes wrong without it.

    ``settable``: config/websak.yaml may change its severity, and one line may be exempted with a reason.
    """

    name: str
    summary: str
    why: str
    bad: str
    good: str
    severity: Severity = Severity.ERROR
    settable: bool = False
