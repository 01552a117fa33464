"""Any sequence of moves between districts, and back again, leaves every live id where it was."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import applied
from .town import FACTS, Town, files

HOMES = {"BH-ASKELADDEN": "sagene", "BH-BOKFINKEN": "stovner", "BH-CINDERELLA": "frogner"}
NAMES = {"BH-ASKELADDEN": "Askeladden", "BH-BOKFINKEN": "Bokfinken", "BH-CINDERELLA": "Cinderella"}
PREFIXES = {"sagene": "SA", "stovner": "SR", "frogner": "FR"}
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
moves = st.lists(st.tuples(st.sampled_from(sorted(HOMES)), st.sampled_from(sorted(FACTS))), min_size=1, max_size=5)


def placed(where: dict[str, str], was: dict[str, str]) -> dict[str, str | None]:
    """The districts' files, with kindergartens where they are now and a word on where they were."""
    result: dict[str, str | None] = {}
    for slug in FACTS:
        lines = [
            f"  {key}: {{name: {NAMES[key]}, parent: BHG{_previously(key, slug, was)}}}\n"
            for key, home in sorted(where.items())
            if home == slug
        ]
        result[f"districts/{slug}/org_units.yaml"] = "org_units:\n" + "".join(lines) if lines else None
    return result


def _previously(key: str, slug: str, was: dict[str, str]) -> str:
    return f", previously: [org_unit/{was[key]}/{key}]" if was[key] != slug else ""


@pytest.fixture(scope="module")
def town(sandbox33: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    root: Path = tmp_path_factory.mktemp("moves")
    kept = {name: text for name, text in files().items() if not name.startswith(("users/", "districts/sagene/sub"))}
    yield applied(root, sandbox33, {**kept, **placed(HOMES, HOMES)})


@settings(max_examples=10 if os.environ.get("PROPERTIES") else 3, suppress_health_check=SLOW)
@given(steps=moves)
def test_moves_and_back(steps: list[tuple[str, str]], town: Town) -> None:
    before, where = town.ids(), dict(HOMES)
    for key, to in [*steps, *HOMES.items()]:
        was, where = where, {**where, key: to}
        town.write(placed(where, was))
        town.apply()
        ids = town.ids()
        assert set(ids.values()) == set(before.values())
        for kindergarten, home in where.items():
            assert ids[f"{PREFIXES[home]}-{kindergarten}"] == before[f"{PREFIXES[HOMES[kindergarten]]}-{kindergarten}"]
    assert town.ids() == before and town.changes() == {} and town.orphans() == []
