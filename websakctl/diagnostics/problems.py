"""Every code of a problem that ends a command; ``docs/rules.md`` is made from this list too."""

import msgspec


class ProblemCode(msgspec.Struct, frozen=True, kw_only=True):
    """A stable code, the exit code that usually goes with it, and an example."""

    name: str
    exit_code: int  # cli.md's table; `refused` problems may be raised by several guards
    summary: str
    what_to_do: str
    example: str  # a command line that ends with it


_ALL = (
    ProblemCode(
        name="usage",
        exit_code=64,
        summary="The command line is wrong.",
        what_to_do="Read the message, or `--help` of the command.",
        example="websakctl plan --detailed-exit-code",
    ),
    ProblemCode(
        name="unknown-name",
        exit_code=64,
        summary="A district, kind, batch, address, run, snapshot, rule or file on the command line does not exist.",
        what_to_do="Take the suggestion, or list the names with the command that the help line gives.",
        example="websakctl plan --district frogne",
    ),
    ProblemCode(
        name="config-invalid",
        exit_code=3,
        summary="The config has errors, or there is none.",
        what_to_do="Fix the errors; `websakctl validate` lists them with their places.",
        example="websakctl plan   (with an error in the YAML)",
    ),
    ProblemCode(
        name="refused",
        exit_code=4,
        summary="A guard, a gate, a stale plan or a declined prompt stopped the command before it wrote anything.",
        what_to_do="Read what refused it; where a guard can be allowed, the message gives the option.",
        example="websakctl apply < /dev/null",
    ),
    ProblemCode(
        name="apply-incomplete",
        exit_code=5,
        summary="Some changes landed and some did not.",
        what_to_do="Fix the cause of the failures, then `websakctl apply --resume` or plan again.",
        example="websakctl apply   (and Websak refuses one change)",
    ),
    ProblemCode(
        name="not-permitted",
        exit_code=6,
        summary="The client is not authenticated, or lacks a scope.",
        what_to_do="`websakctl auth status` shows the credentials in use; the client needs the scopes userapi and setup (setup.read to plan).",
        example="websakctl plan --environment test   (before auth login)",
    ),
    ProblemCode(
        name="unreachable",
        exit_code=7,
        summary="The API cannot be reached, or failed again and again.",
        what_to_do="Check the address and the network; `websakctl doctor` checks each step.",
        example="WEBSAKCTL_BASE_URL=https://nowhere.invalid websakctl plan",
    ),
    ProblemCode(
        name="bad-answer",
        exit_code=7,
        summary="The API answered with something that cannot be trusted: HTML, truncated, empty or mistyped data.",
        what_to_do="Nothing was concluded from it. Try again; `websakctl doctor` checks each step.",
        example="WEBSAKCTL_BASE_URL=https://example.invalid websakctl plan   (a proxy's login page answers)",
    ),
    ProblemCode(
        name="journal",
        exit_code=1,
        summary="The journal cannot be read or written.",
        what_to_do="Free disk space, or restore the journal from a copy; `websakctl history verify` checks it.",
        example="websakctl apply   (with a full disk)",
    ),
    ProblemCode(
        name="file",
        exit_code=1,
        summary="A file cannot be read or written.",
        what_to_do="Check the path, its permissions and the disk.",
        example="websakctl plan --out /nowhere/plan.json",
    ),
    ProblemCode(
        name="interrupted",
        exit_code=1,
        summary="Ctrl-C ended the command.",
        what_to_do="Run it again. An apply that had begun ends with apply-incomplete and is continued with `--resume`.",
        example="websakctl plan   (and Ctrl-C)",
    ),
    ProblemCode(
        name="failed",
        exit_code=1,
        summary="The command failed for a reason that has no code of its own.",
        what_to_do="Read the message; it says what is wrong and what to do.",
        example="websakctl init .   (where files are in the way)",
    ),
    ProblemCode(
        name="internal-error",
        exit_code=1,
        summary="A bug in websakctl.",
        what_to_do="Run the command again with `--verbose` and send the output to the maintainers.",
        example="(never on purpose)",
    ),
)
PROBLEMS: dict[str, ProblemCode] = {code.name: code for code in _ALL}
