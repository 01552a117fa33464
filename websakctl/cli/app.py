"""Every command by name, and how whatever goes wrong becomes one message and one exit code."""

import os
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer

from websakctl.cli.commands import Commands
from websakctl.cli.exits import Exit, Problem, Stopped
from websakctl.cli.options import Call, Environment, Format, NoColor, Quiet, Root, Verbose, Version
from websakctl.cli.terminal import Terminal, make_streams_ready
from websakctl.redaction import redact

_exceptions: Any = sys.modules[typer.BadParameter.__module__]  # Typer carries its own Click and names it nowhere
UsageError: type[Any] = _exceptions.UsageError
NoCommand: type[Any] = _exceptions.NoArgsIsHelpError
_INTERRUPTED = 130  # what Typer makes of Ctrl-C

app = typer.Typer(
    name="websakctl",
    cls=Commands,
    help="One declarative setup for the Websak that fifteen districts share: validate, plan, apply.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


@app.callback()
def _everywhere(
    ctx: typer.Context,
    root: Root = None,
    environment: Environment = None,
    format_: Format = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
    version: Version = False,  # noqa: ARG001  # its callback does it all
) -> None:
    ctx.obj = Call(root=root, environment=environment, format=format_, quiet=quiet, verbose=verbose, no_color=no_color)


def run(arguments: list[str]) -> int:
    """Run one command line.

    Returns:
        The exit code.
    """
    verbose = any(a in ("--verbose", "-v") for a in arguments)
    make_streams_ready()
    terminal = Terminal(no_color="--no-color" in arguments)
    Terminal.result_written, Terminal.kept_back = False, None
    try:
        code = _invoke(arguments)
        terminal.finish()
        return code
    except Exception as error:
        if verbose and not isinstance(error, Stopped):
            import traceback

            sys.stderr.write(redact(traceback.format_exc()))
        problem = problem_of(error, verbose=verbose)
        if isinstance(error, NoCommand):
            sys.stderr.write(f"{error.format_message()}\n")
        else:
            terminal.error(str(problem), problem.what_next)
        if asks_for_json(arguments) and not Terminal.result_written:
            from websakctl.report.formats.json import failure

            with suppress(OSError):  # what happened counts for more than that nobody reads it
                if not terminal.finish(lambda document: failure(problem.diagnostics(), document)):
                    terminal.result(failure(problem.diagnostics()), is_json=True)
        if isinstance(error, Stopped):
            sys.stdout.flush()
            os._exit(problem.exit_code)  # reads may be under way in threads, and nobody waits for them
        return problem.exit_code


def asks_for_json(arguments: list[str]) -> bool:
    """Whether the result is to be JSON; read off the arguments, since a wrong command line is not parsed to its end."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    last = ""
    for option, value in pairwise([*options, ""]):
        if option in ("--format", "-f"):
            last = value
        elif option.startswith("--format="):
            last = option.removeprefix("--format=")
    return last == "json"


def _invoke(arguments: list[str]) -> int:
    try:
        result = app(arguments, standalone_mode=False, prog_name="websakctl")
    except typer.Exit as end:
        return int(end.exit_code)
    except KeyboardInterrupt:
        raise Stopped("interrupted") from None
    if result == _INTERRUPTED:
        raise Stopped("interrupted")
    return int(result or 0)


def problem_of(error: Exception, *, verbose: bool = False) -> Problem:
    """Make one problem of whatever ended the command; no traceback reaches a user."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, UsageError):
        context = error.ctx
        help_ = f"{context.command_path} --help" if context else "websakctl --help"
        return Problem(error.format_message(), Exit.USAGE, help_)
    if isinstance(error, typer.Abort):
        return Stopped("interrupted; nothing was written", Exit.REFUSED)
    from websakctl.live.errors import LiveError, NotAsAgreed, NotPermitted

    if isinstance(error, LiveError):
        exit_code = Exit.NOT_PERMITTED if isinstance(error, NotPermitted) else Exit.UNREACHABLE
        code = "bad-answer" if isinstance(error, NotAsAgreed) else ""
        return Problem(str(error), exit_code, error.what_next, code=code)
    from websakctl.operations.apply.observer import ApplyRefused

    if isinstance(error, ApplyRefused):
        return Problem(str(error), Exit.REFUSED, error.what_next)
    from websakctl.apply.entries import JournalError

    if isinstance(error, JournalError):
        help_ = "`websakctl history verify` checks it; restore it from a copy"
        if "cannot be written" in str(error):
            help_ = "free disk space: every change is journalled before it is sent. Then: websakctl apply"
        return Problem(str(error), Exit.FAILED, help_, code="journal")
    if isinstance(error, OSError):
        place = f"{Path(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
        message = f"{place}{error.strerror or error}"
        return Problem(message, Exit.FAILED, "check the disk, the path and its permissions", code="file")
    return Problem(
        f"internal error ({type(error).__name__}): this is a bug in websakctl",
        Exit.FAILED,
        "" if verbose else "run it again with --verbose and send the output to the maintainers",
        code="internal-error",
    )
