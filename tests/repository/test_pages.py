"""What the pages say of the repository is so: links, paths, commands, generated parts."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import typer.main

from websakctl import __version__
from websakctl.cli.app import app
from websakctl.source.load import load_configuration

from .pages import PAGES, ROOT, commands, example_files, prose

# rules.md quotes what the program says of other commands; it has its own test
WRITTEN = [page for page in PAGES if page.name != "rules.md"]
TOP = ("config", "districts", "docs", "templates", "tests", "websakctl", "bench", ".ci")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Headings as GitHub makes them into anchors."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    text = re.sub(r"`[^`\n]*`", "", prose(page.read_text(encoding="utf-8")))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_paths_exist(page: Path) -> None:
    given = re.findall(r"`([\w./-]+/[\w./-]*)`", prose(page.read_text(encoding="utf-8")))
    missing = [path for path in given if path.split("/")[0] in TOP and not (ROOT / path).exists()]
    assert missing == []


def unknown_part(arguments: list[str]) -> str | None:
    """The first word of a command line that the program does not have."""
    command: Any = typer.main.get_command(app)
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    before = ""
    for word in arguments:
        if word.startswith("-"):
            if word.partition("=")[0] not in options:
                return word
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
            options |= {name for parameter in command.params for name in parameter.opts}
        elif hasattr(command, "commands") and not before.startswith("-"):  # there it may be an option's value
            return word
        before = word
    return None


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_commands_exist(page: Path) -> None:
    calls = list(commands(page.read_text(encoding="utf-8")))
    assert [call for call in calls if unknown_part(call)] == []
    assert calls or page.name != "README.md" or page.parent != ROOT


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert unknown_part(["plan", "--district", "frogner"]) is None
    assert unknown_part(["plan", "--no-such-option"]) == "--no-such-option"
    assert unknown_part(["sandbox", "pause"]) == "pause"


def test_the_kinds_page_is_as_the_code_says() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "generate_kinds.py"))["page"]()
    assert page == (ROOT / "docs" / "kinds.md").read_text(encoding="utf-8"), "run `make docs`"


def test_the_examples_of_the_configuration_page_are_a_valid_config(tmp_path: Path) -> None:
    files = example_files((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"))
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    config = load_configuration(tmp_path)
    assert config.findings == []
    assert {"base", "frogner", "sagene"} == {address.scope for address in config.state}


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    numbers = sorted(page.name[:4] for page in folder.glob("[0-9]*.md"))
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in sorted(folder.glob("[0-9]*.md"))] == re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)


def test_the_changelog_begins_with_this_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## \[([\d.]+)\]", changes, re.MULTILINE)
    assert first and first[1] == __version__
    assert f'\nversion = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
