"""The config is what stands below the root: nothing that a link or a path leads to elsewhere is read, shown or believed."""

from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, Cli, write_files

OUTSIDE = "org_units:\n  X: {name: visible-outside-words}\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text(OUTSIDE, encoding="utf-8")
    return Cli(write_files(tmp_path / "repo", SMALL))


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("config/x.yaml", "../../outside/x.yaml"),
        ("config/more", "../../outside"),
        ("districts/frogner/x.yaml", "../../../outside/x.yaml"),
        ("districts/frogner/more", "../../../outside"),
        ("districts/grorud", "../../outside"),
        ("users", "../outside"),
    ],
)
def test_a_link_out_of_the_root_is_a_finding(cli: Cli, link: str, target: str) -> None:
    (cli.root / link).symlink_to(target)
    outcome = cli("validate", code=3)
    assert "leads out of the repository" in outcome.out + outcome.err
    assert "visible-outside-words" not in outcome.out + outcome.err


def test_a_link_that_stays_inside_is_followed(cli: Cli) -> None:
    (cli.root / "shared").mkdir()
    (cli.root / "config" / "access.yaml").rename(cli.root / "shared" / "access.yaml")
    (cli.root / "config" / "access.yaml").symlink_to("../shared/access.yaml")
    cli("validate")


def test_a_root_that_is_reached_by_a_link_is_no_link_out(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "by-link").symlink_to(cli.root)
    cli("validate", "--root", str(tmp_path / "by-link"))


@pytest.mark.parametrize("path", ["../outside/x.csv", "/etc/hostname", "a/../../x.csv", "C:\\x.csv", "..\\x.csv"])
def test_an_export_outside_of_the_root_is_a_finding(cli: Cli, path: str) -> None:
    settings = cli.root / "config" / "websak.yaml"
    text = f"environments:\n  test: {{base_url: 'http://127.0.0.1:9', exports: {{case_type: '{path}'}}}}\n"
    settings.write_text(text, encoding="utf-8")
    assert "leads out of the repository" in cli("validate", code=3).err
