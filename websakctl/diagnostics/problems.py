"""Every code of a problem that ends a command; ``docs/rules.md`` is made from this list too."""

from typing import NamedTuple


class ProblemCode(NamedTuple):
    """A stable code, the exit code that usually goes with it, and an example."""

    name: str
    exit_code: int  # cli.md's table; `refused` problems may be raised by several guards
    summary: str
    what_to_do: str
    example: str  # a command line that ends with it


_ALL = (
    ProblemCode(
        "usage",
        64,
        "The command line is wrong.",
        "Read the message, or `--help` of the command.",
        "websakctl plan --detailed-exit-code",
    ),
    ProblemCode(
        "unknown-name",
        64,
        "A district, kind, batch, address, run, snapshot, rule or file on the command line does not exist.",
        "Take the suggestion, or list the names with the command that the help line gives.",
        "websakctl plan --district frogne",
    ),
    ProblemCode(
        "config-invalid",
        3,
        "The config has errors, or there is none.",
        "Fix the errors; `websakctl validate` lists them with their places.",
        "websakctl plan   (with an error in the YAML)",
    ),
    ProblemCode(
        "refused",
        4,
        "A guard, a gate, a stale plan or a declined prompt stopped the command before it wrote anything.",
        "Read what refused it; where a guard can be allowed, the message gives the option.",
        "websakctl apply < /dev/null",
    ),
    ProblemCode(
        "apply-incomplete",
        5,
        "Some changes landed and some did not.",
        "Fix the cause of the failures, then `websakctl apply --resume` or plan again.",
        "websakctl apply   (and Websak refuses one change)",
    ),
    ProblemCode(
        "not-permitted",
        6,
        "The client is not authenticated, or lacks a scope.",
        "`websakctl auth status` shows the credentials in use; the client needs the scopes userapi and setup.",
        "websakctl plan --environment test   (before auth login)",
    ),
    ProblemCode(
        "unreachable",
        7,
        "The API cannot be reached, or failed again and again.",
        "Check the address and the network; `websakctl doctor` checks each step.",
        "WEBSAKCTL_BASE_URL=https://nowhere.invalid websakctl plan",
    ),
    ProblemCode(
        "bad-answer",
        7,
        "The API answered with something that cannot be trusted: HTML, truncated, empty or mistyped data.",
        "Nothing was concluded from it. Try again; `websakctl doctor` checks each step.",
        "WEBSAKCTL_BASE_URL=https://example.invalid websakctl plan   (a proxy's login page answers)",
    ),
    ProblemCode(
        "journal",
        1,
        "The journal cannot be read or written.",
        "Free disk space, or restore the journal from a copy; `websakctl history verify` checks it.",
        "websakctl apply   (with a full disk)",
    ),
    ProblemCode(
        "file",
        1,
        "A file cannot be read or written.",
        "Check the path, its permissions and the disk.",
        "websakctl plan --out /nowhere/plan.json",
    ),
    ProblemCode(
        "interrupted",
        1,
        "Ctrl-C ended the command.",
        "Run it again. An apply that had begun ends with apply-incomplete and is continued with `--resume`.",
        "websakctl plan   (and Ctrl-C)",
    ),
    ProblemCode(
        "failed",
        1,
        "The command failed for a reason that has no code of its own.",
        "Read the message; it says what is wrong and what to do.",
        "websakctl init .   (where files are in the way)",
    ),
    ProblemCode(
        "internal-error",
        1,
        "A bug in websakctl.",
        "Run the command again with `--verbose` and send the output to the maintainers.",
        "(never on purpose)",
    ),
)
PROBLEMS: dict[str, ProblemCode] = {code.name: code for code in _ALL}
