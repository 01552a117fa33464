"""The command: which files, what it writes, what it exits with."""

from typing import Any

import pytest

from .conftest import SMALL, Repository


@pytest.fixture
def repo(repository: Any) -> Repository:
    result: Repository = repository(SMALL)
    return result


def test_check_names_the_files_and_writes_nothing(repo: Repository) -> None:
    before = repo.texts()
    outcome = repo("fmt", "--check", "--format", "json", code=1)
    assert outcome.json["changed"] == ["config/access.yaml", "config/org_units.yaml"]
    assert outcome.json["checked"] == len(SMALL)
    assert repo.texts() == before
    assert "config/org_units.yaml" in repo("fmt", "--check", code=1).out


def test_it_writes_and_is_done(repo: Repository) -> None:
    state = repo("validate").out
    outcome = repo("fmt", "--diff")
    assert "-      name: 'Helse og mestring'   # health" in outcome.err
    assert "+      name: Helse og mestring # health" in outcome.err
    assert repo("validate").out == state
    before = repo.texts()
    repo("fmt", "--check")
    repo("fmt")
    assert repo.texts() == before


def test_only_the_named_files(repo: Repository) -> None:
    repo("fmt", str(repo.root / "config" / "access.yaml"))
    assert repo("fmt", "--check", "--format", "json", code=1).json["changed"] == ["config/org_units.yaml"]
    repo("fmt", "--check", str(repo.root / "districts"))
    assert "there is no" in repo("fmt", str(repo.root / "nix.yaml"), code=64).err


def test_line_ends_and_permissions_stay(repo: Repository) -> None:
    name = "config/org_units.yaml"
    repo.write(name, "\ufeff" + SMALL[name].replace("\n", "\r\n"))
    (repo.root / name).chmod(0o640)
    repo("fmt")
    text = repo.text(name)
    assert text.startswith("\ufeff# What every district has.\r\n\r\neach_district:\r\n")
    assert text.count("\n") == text.count("\r\n")
    assert (repo.root / name).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("raw", [b"a: [\n", b"a: 1\na: 2\n", b"a: \xe6\n", b'# x\r\rorg_units:\r  A: {name: "x}\r'])
def test_what_is_not_sound_is_named_and_left(repo: Repository, raw: bytes) -> None:
    (repo.root / "config" / "odd.yaml").write_bytes(raw)
    outcome = repo("fmt", code=3)
    assert "config/odd.yaml: " in outcome.err
    assert (repo.root / "config" / "odd.yaml").read_bytes() == raw
    assert "Helse og mestring # health" in repo.text("config/org_units.yaml")


def test_without_a_config_it_says_so(repository: Any) -> None:
    assert "there is no config" in repository({}, "empty")("fmt", code=3).err
