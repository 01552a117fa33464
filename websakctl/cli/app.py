"""Every command by name, and how whatever goes wrong becomes one message and one exit code."""

import os
import sys
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
    ctx.obj = Call(root, environment, format_, quiet, verbose, no_color)


def run(arguments: list[str]) -> int:
    """Run one command line.

    Returns:
        The exit code.
    """
    verbose = any(a in ("--verbose", "-v") for a in arguments)
    make_streams_ready()
    terminal = Terminal(no_color="--no-color" in arguments)
    try:
        code = _invoke(arguments)
    except Stopped as error:
        terminal.error(str(error), error.what_next)
        sys.stdout.flush()
        os._exit(error.exit_code)  # reads may be under way in threads, and nobody waits for them
    except Exception as error:
        if verbose:
            import traceback

            sys.stderr.write(redact(traceback.format_exc()))
        return _explain(error, terminal, verbose)
    return code


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


def _explain(error: Exception, terminal: Terminal, verbose: bool) -> int:
    """One message for whatever ended the command; no traceback reaches a user."""
    if isinstance(error, Problem):
        terminal.error(str(error), error.what_next)
        return error.exit_code
    if isinstance(error, NoCommand):
        sys.stderr.write(f"{error.format_message()}\n")
        return Exit.USAGE
    if isinstance(error, UsageError):
        context = error.ctx
        terminal.error(error.format_message(), f"{context.command_path} --help" if context else "websakctl --help")
        return Exit.USAGE
    if isinstance(error, typer.Abort):
        terminal.error("stopped; nothing was done")
        return Exit.REFUSED
    from websakctl.live.errors import LiveError, NotPermitted

    if isinstance(error, LiveError):
        code = Exit.NOT_PERMITTED if isinstance(error, NotPermitted) else Exit.UNREACHABLE
        terminal.error(str(error), error.what_next)
        return code
    from websakctl.operations.apply.observer import ApplyRefused

    if isinstance(error, ApplyRefused):
        terminal.error(str(error), error.what_next)
        return Exit.REFUSED
    from websakctl.apply.journal import JournalError

    if isinstance(error, JournalError):
        help_ = "`websakctl history verify` looks it through; restore it from a copy"
        if "cannot be written" in str(error):
            help_ = "see to the disk: nothing is sent that cannot be written down first. Then: websakctl apply"
        terminal.error(str(error), help_)
        return Exit.FAILED
    if isinstance(error, OSError):
        place = f" {Path(os.fsdecode(error.filename))}" if isinstance(error.filename, str | bytes) else ""
        terminal.error(f"{error.strerror or error}{place}", "check the disk, the path and its permissions")
        return Exit.FAILED
    terminal.error(
        f"a mistake in websakctl itself: {type(error).__name__}",
        "" if verbose else "run it again with --verbose and send what it prints to whoever keeps the tool",
    )
    return Exit.FAILED
