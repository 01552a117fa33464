"""The program's start: a version without loading anything, everything else through the command line."""

import atexit
import gc
import os
import sys

from websakctl import LIFELINE

# Objects made before the collector looks for circles. Thousands of resources live as long as the command, and looking
# through them again and again takes a quarter of the time: bench/run.py.
COLLECT_AFTER = (500_000, 20, 100)


def _leave(code: int) -> None:
    """End the process as it stands: taking thousands of objects apart one by one takes a fifth of the time of a command."""
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads any more; Python knows how to say so
        sys.exit(code)
    os._exit(code)


def main() -> None:
    """Run ``websakctl``."""
    gc.set_threshold(*COLLECT_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none is wanted, and looking for them takes 20 ms
    if sys.argv[1:] == ["--version"]:
        from websakctl import __version__

        sys.stdout.write(f"websakctl {__version__}\n")
        return
    try:
        if os.environ.pop(LIFELINE, ""):  # not for what the command starts
            from websakctl.cli.lifeline import end_with_the_starter

            end_with_the_starter()
        from websakctl.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before the command has begun
        sys.stderr.write("error: interrupted\n")
        code = 1
    _leave(code)


if __name__ == "__main__":
    main()
