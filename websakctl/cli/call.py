"""What was said on the command line that every command understands."""

from pathlib import Path

from websakctl.record import record


@record
class Call:
    """What was said on the command line that every command understands."""

    root: Path | None
    environment: str | None
    format: str | None  # unsaid only before a command has said its own
    quiet: bool
    verbose: bool
    no_color: bool
