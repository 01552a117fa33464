"""What was said on the command line that every command understands."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Call:
    """What was said on the command line that every command understands."""

    root: Path | None
    environment: str | None
    format: str | None  # unsaid only before a command has said its own
    quiet: bool
    verbose: bool
    no_color: bool
