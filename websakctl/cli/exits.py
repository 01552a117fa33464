"""Exit codes (a promise to scripts) and the one exception that carries them."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from websakctl.diagnostics import Diagnostic


class Exit(IntEnum):
    """What the exit code tells."""

    OK = 0
    FAILED = 1
    CHANGES = 2  # only with --detailed-exitcode
    INVALID = 3  # the config is not valid
    REFUSED = 4  # nothing written: a guard, a gate, a stale plan, a held lock, a declined prompt
    INCOMPLETE = 5  # some changes landed, some did not
    NOT_PERMITTED = 6
    UNREACHABLE = 7  # or does not answer as agreed
    USAGE = 64


# The code of a problem whose place in the program names none that says more: one for each exit code.
_CODES = {
    Exit.FAILED: "failed",
    Exit.INVALID: "config-invalid",
    Exit.REFUSED: "refused",
    Exit.INCOMPLETE: "apply-incomplete",
    Exit.NOT_PERMITTED: "not-permitted",
    Exit.UNREACHABLE: "unreachable",
    Exit.USAGE: "usage",
}


class Problem(Exception):
    """Ends the command: a message, what to do next, and the exit code.

    ``code`` is stable and stands in ``docs/rules.md``; ``findings`` are diagnostics that say more, in files or in a plan.
    """

    def __init__(
        self,
        message: str,
        exit_code: Exit = Exit.FAILED,
        what_next: str = "",
        *,
        code: str = "",
        findings: "Sequence[Diagnostic]" = (),
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.what_next = what_next
        self.code = code or _CODES[exit_code]
        self.findings = findings

    def diagnostics(self) -> "list[Diagnostic]":
        """The problem itself, then what it found."""
        from websakctl.diagnostics import Diagnostic

        own = Diagnostic(code=self.code, message=str(self), help=self.what_next, exit_code=self.exit_code)
        return [own, *self.findings]


class UnknownName(Problem):
    """A name on the command line that nothing has: the nearest known one is suggested, else where to look.

    ``what`` is the whole message where "there is no" does not say it well (it then holds the name).
    """

    def __init__(self, what: str, name: str, known: Iterable[str], otherwise: str = "") -> None:
        from websakctl.source.problems import did_you_mean

        names = list(known)
        message = what if name in what else f"there is no {what} {name}"
        listed = f"known: {', '.join(names[:20])}{' …' if len(names) > 20 else ''}" if names else ""
        super().__init__(message, Exit.USAGE, did_you_mean(name, names) or otherwise or listed, code="unknown-name")


class UnknownChoice(Problem):
    """A word that an option does not offer: the nearest that it does offer is suggested."""

    def __init__(self, option: str, given: str, choices: Iterable[str], otherwise: str = "") -> None:
        from websakctl.source.problems import did_you_mean

        offered = list(choices)
        message = f"{option} {given} is not one of {', '.join(offered)}"
        super().__init__(
            message, Exit.USAGE, did_you_mean(given, offered) or otherwise or f"known: {', '.join(offered)}"
        )


class Stopped(Problem):
    """Ctrl-C ended the command."""

    def __init__(self, message: str, exit_code: Exit = Exit.FAILED, what_next: str = "") -> None:
        super().__init__(message, exit_code, what_next, code="interrupted")
