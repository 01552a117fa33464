"""The city at its beginning, once for all tests of a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .city import City, write_city


@pytest.fixture(scope="session")
def begun(sandbox33: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    root: Path = tmp_path_factory.mktemp("city")
    write_city(root, 150)
    city = City(root, sandbox33, saved=tmp_path_factory.mktemp("saved") / "city")
    city.websak.fresh("empty")
    city.begin()
    yield city


@pytest.fixture
def city(begun: City) -> City:
    begun.again()
    return begun
