"""docs/law.md is a walk: its files are written and its commands run in its order, and what it shows is what they say."""

from pathlib import Path

from tests.cli.command_line import Cli
from tests.repository.walks import follow


def test_the_walk_is_as_the_page_tells(tmp_path: Path) -> None:
    assert follow("law.md", Cli(tmp_path)) == 6
