"""What was said on the command line that every command understands."""

from pathlib import Path

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What was said on the command line that every command understands."""

    root: Path | None
    environment: str | None
    format: str | None  # omitted only before a command has set its own
    quiet: bool
    verbose: bool
    no_color: bool
    out: Path | None = None  # the file that gets the result, instead of stdout
