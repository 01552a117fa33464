"""docs/moving.md is a walk: its files are written and its commands run in its order, and what it shows is what they say."""

from pathlib import Path

from tests.repository.walks import walk


def test_the_walk_is_as_the_page_tells(tmp_path: Path) -> None:
    assert walk("moving.md", tmp_path) == 20
