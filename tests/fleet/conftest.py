"""A small fleet for each module."""

from collections.abc import Iterator

import pytest

from .world import World, world


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("fleet"), 4) as result:
        yield result


@pytest.fixture
def fleet(running: World) -> World:
    """Four Websaks that are not set up yet."""
    return running.fresh()
