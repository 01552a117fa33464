"""Exit codes (a promise to scripts) and the one exception that carries them."""

from enum import IntEnum


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


class Problem(Exception):
    """Something that ends the command: what is wrong, what to do, and the exit code."""

    def __init__(self, message: str, exit_code: Exit = Exit.FAILED, what_next: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.what_next = what_next


class Stopped(Problem):
    """Ctrl-C ended the command."""
