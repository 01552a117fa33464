"""A world of each API version, at its beginning for every test."""

from collections.abc import Iterator

import pytest

from .world import World, world


@pytest.fixture(scope="session")
def running33(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world33"), "3.3") as result:
        yield result


@pytest.fixture(scope="session")
def running30(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world30"), "3.0") as result:
        yield result


@pytest.fixture
def world33(running33: World) -> World:
    running33.walk_the_way_once()
    running33.to_the_beginning()
    return running33


@pytest.fixture
def world30(running30: World) -> World:
    running30.walk_the_way_once()
    running30.to_the_beginning()
    return running30
