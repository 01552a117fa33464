"""The city at its beginning, once for all tests of a session: with 150 users, or with 3 000."""

from collections.abc import Iterator

import pytest

from tests.reliability.summary import EVERYTHING

from .city import City, write_city

PLACES = [("3.3", 150), *([("3.3", 3000), ("3.0", 3000)] if EVERYTHING else [])]


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: f"{place[0]}-{place[1]}")
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    version, count = request.param
    websak = request.getfixturevalue(f"sandbox{version.replace('.', '')}")
    root = tmp_path_factory.mktemp("city")
    write_city(root, count)
    city = City(root, websak, saved=tmp_path_factory.mktemp("saved") / "city")
    city.websak.fresh("empty")
    city.begin()
    yield city


@pytest.fixture
def city(begun: City) -> City:
    begun.again()
    return begun
