"""What was listed of a Websak's users, kept for a day so that the next command reads only what has changed."""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec

from websakctl.files import write_whole
from websakctl.live.user_rows import KeptRows

FORMAT = 4


class RowFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that only its owner can read. What cannot be read or is of another Websak counts as not there."""

    path: Path
    base_url: str
    today: date  # UTC
    full: bool = False  # whether what is kept is passed over

    def load(self) -> KeptRows | None:
        """What was kept, unless all is to be read."""
        if self.full:
            return None
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["format_version"] != FORMAT or kept["base_url"] != self.base_url:
                return None
            return KeptRows(day=date.fromisoformat(kept["day"]), rows={str(row["id"]): row for row in kept["rows"]})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, kept: KeptRows) -> None:
        """Keep it, whole or not at all; a disk that is full costs the next command a full read, and nothing else."""
        document = {
            "format_version": FORMAT,
            "base_url": self.base_url,
            "day": kept.day.isoformat(),
            "rows": list(kept.rows.values()),
        }
        with suppress(OSError):
            write_whole(self.path, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
