"""Zones: what a user may be let into, by name in the config and by the ids of environments in requests."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from websakctl.live.adapter import composed, rows_of
from websakctl.live.errors import LiveError, NotAsAgreed
from websakctl.live.transport import Reading

PATH = "/api/Zones"


class Zones:
    """The environments of a Websak and the zone of each, read when they are first needed.

    Source: a user's ``accessToZones`` takes ids of environments, and ``availableZones`` reports zones (User API 3.3).
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._lock = threading.Lock()
        self._environments: list[dict[str, Any]] | None = None

    def ids(self, names: Iterable[str]) -> list[int]:
        """The ids of the environments that lie in the zones of these names.

        Raises:
            LiveError: If a name is no zone's, or several environments lie in the zone.
        """
        result = []
        for name in names:
            of_name = [int(row["id"]) for row in self._read() if composed(name) == _name(row)]
            if not of_name:
                known = ", ".join(dict.fromkeys(_name(row) for row in self._read()))
                raise LiveError(f"there is no zone {name} in this Websak", f"name one of its zones: {known}")
            if len(of_name) > 1:
                raise LiveError(
                    f"{len(of_name)} environments of this Websak lie in zone {name}",
                    "users in this zone can only be given it in Websak itself",
                )
            result += of_name
        return result

    def ids_of_zones(self, zones: Any) -> list[int] | None:
        """The ids of the environments behind a user's ``availableZones``; ``None`` where they are not certain."""
        if not isinstance(zones, list) or not zones:
            return None
        result = []
        for zone in zones:
            id_ = zone.get("id") if isinstance(zone, Mapping) else None
            of_zone = [int(row["id"]) for row in self._read() if row["zone"]["id"] == id_ and id_ is not None]
            if len(of_zone) != 1:
                return None
            result += of_zone
        return result

    @staticmethod
    def names_of_zones(zones: Any) -> list[str] | None:
        """Names of the zones in a user's ``availableZones``; ``None`` where they are not reported."""
        if not isinstance(zones, list) or not all(isinstance(zone, Mapping) and zone.get("name") for zone in zones):
            return None
        return sorted({composed(zone["name"]) for zone in zones})

    def _read(self) -> list[dict[str, Any]]:
        with self._lock:
            if self._environments is None:
                answer = self._reading.get(PATH)
                rows = rows_of([] if answer.status == 204 else answer.body, f"GET {PATH}", ("id", "zone"))
                if not all(isinstance(row["zone"], Mapping) and "id" in row["zone"] for row in rows):
                    raise NotAsAgreed(f"GET {PATH}: an environment does not say which zone it lies in")
                self._environments = rows
            return self._environments


def _name(row: Mapping[str, Any]) -> str:
    return composed(row["zone"].get("name") or row.get("name"))
