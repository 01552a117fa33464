"""What docs/reliability.md is made of: each trial adds what it tried and found to the file that RELIABILITY_SUMMARY names."""

import json
import os
from pathlib import Path
from typing import Any

EVERYTHING = os.environ.get("RELIABILITY") == "all"  # `make reliability`; otherwise a sample


def note(what: str, **counts: Any) -> None:
    """Add one line; lines of several processes do not mix."""
    if path := os.environ.get("RELIABILITY_SUMMARY"):
        line = json.dumps({"what": what, **counts}, ensure_ascii=False, sort_keys=True) + "\n"
        handle = os.open(Path(path), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)
