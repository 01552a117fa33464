"""The lock that keeps two applies from one state directory to one environment apart."""

from pathlib import Path
from urllib.parse import quote


def lock_path(state_dir: Path, environment: str) -> Path:
    """The file that is locked while an apply is under way."""
    return state_dir / f"apply-{quote(environment, safe='')}.lock"
