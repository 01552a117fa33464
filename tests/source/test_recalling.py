"""A configuration that was kept is the one that reading all files would give, and is kept no longer than it is."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.model.address import Address
from websakctl.source import load, recalling
from websakctl.source.configuration import Configuration
from websakctl.source.load import load_configuration

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shipped")
    for name in ("config", "districts"):
        shutil.copytree(ROOT / name, root / name)
    return root


@pytest.fixture
def repository(shipped: Path, tmp_path: Path) -> Path:
    shutil.copytree(shipped, tmp_path / "repository")
    return tmp_path / "repository"


def test_another_python_or_library_judges_anew(monkeypatch: pytest.MonkeyPatch, repository: Path) -> None:
    files = load.read_files(repository, None)
    names = {name for name, _ in recalling._libraries()}
    assert names == {"_ruamel_yaml", "ruamel.yaml", "jmespath"}
    now = recalling.fingerprint(files, TODAY)
    assert recalling.fingerprint(files, TODAY) == now
    monkeypatch.setattr(recalling.sys, "version", "4.0")
    other = recalling.fingerprint(files, TODAY)
    monkeypatch.undo()
    monkeypatch.setattr(recalling, "_libraries", lambda: iter([("jmespath", Path(__file__))]))
    assert len({now, other, recalling.fingerprint(files, TODAY)}) == 3


class Parsing:
    """Counts how often the files were parsed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        parse_files = load.parse_files

        def counted(files: Any) -> Any:
            self.times += 1
            return parse_files(files)

        monkeypatch.setattr(load, "parse_files", counted)


@pytest.fixture
def parsing(monkeypatch: pytest.MonkeyPatch) -> Parsing:
    return Parsing(monkeypatch)


def again(root: Path, today: date | None = TODAY) -> Configuration:
    return load_configuration(root, today, kept_in=root / ".websakctl" / "cache")


def everything(config: Configuration) -> Iterator[Any]:
    """All that a command may ask of a configuration."""
    for state in (config.state, config.own):
        yield list(state.items())
        yield [list(resource.fields.items()) for resource in state.values()]
    for name in (
        "protected",
        "previously",
        "aside",
        "districts",
        "with_users",
        "findings",
        "described",
        "files",
        "unsure",
    ):
        yield name, getattr(config, name)
    yield [vars(entry) for entry in config.policies.values()]
    yield repr(config.settings)
    yield dict(config.texts)
    yield [config.position_of(address) for address in config.whole]
    yield [(address, origin.key, origin.made_for) for address, origin in config.origins.items()]


def test_what_is_kept_is_what_reading_gives(repository: Path, parsing: Parsing) -> None:
    plain = list(everything(load_configuration(repository, TODAY)))
    assert list(everything(again(repository))) == plain
    parsing.times = 0
    config = again(repository)
    assert (len(config.state), config.files, config.valid) == (len(plain[0]), 39, True)
    assert parsing.times == 0  # for that nothing was parsed
    assert all(address in config.origins for address in config.whole)
    assert Address("org_unit", "frogner", "FR-INGEN") not in config.origins
    assert parsing.times == 0
    assert list(everything(config)) == plain
    assert parsing.times == 1  # once, for the places
    assert config.origins.keys() == config.whole.keys()


def test_every_change_of_any_file_is_seen(repository: Path, parsing: Parsing) -> None:
    again(repository)
    files = sorted(repository.rglob("*.yaml"))
    for file in [*files[:3], *files[-3:], repository / "config" / "websak.yaml"]:
        before, times = file.read_bytes(), file.stat()
        file.write_bytes(before.replace(b"a", b"b", 1))
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # as long as it was, and as old
        parsing.times = 0
        changed = again(repository)
        assert parsing.times == 1
        assert list(everything(changed)) == list(everything(load_configuration(repository, TODAY)))
        file.write_bytes(before)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a district without anything": lambda root: (root / "districts" / "ny").mkdir(),
    "a file in no district": lambda root: (root / "districts" / "ny.yaml").write_text("org_units: {}\n"),
    "an empty file": lambda root: (root / "config" / "ny.yaml").write_text(""),
    "a folder that looks like a file": lambda root: (root / "config" / "levels.yaml").mkdir(),
    "a new name": lambda root: (root / "config" / "forms.yaml").rename(root / "config" / "skjema.yaml"),
    "a district gone": lambda root: shutil.rmtree(root / "districts" / "frogner"),
    "users of nobody": lambda root: copy_into(root / "users", "nowhere.yaml", "users: {}\n"),
}


def copy_into(folder: Path, name: str, text: str) -> None:
    folder.mkdir()
    (folder / name).write_text(text)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_or_folder_that_comes_or_goes_is_seen(repository: Path, change: Any) -> None:
    again(repository)
    change(repository)
    assert list(everything(again(repository))) == list(everything(load_configuration(repository, TODAY)))


def test_another_day_and_another_code_are_judged_anew(
    repository: Path, parsing: Parsing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    again(repository)
    parsing.times = 0
    again(repository, TODAY + timedelta(days=1))
    assert parsing.times == 1
    copy = tmp_path / "websakctl"
    shutil.copytree(ROOT / "websakctl", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(recalling.websakctl, "__file__", str(copy / "__init__.py"))
    for turn, file in enumerate(("kinds/form.py", "source/rules/mail.py", "model/types.py", "redaction.py"), 1):
        (copy / file).write_text("# another rule\n")
        parsing.times = 0
        again(repository)
        assert parsing.times == 1, (turn, file)
        again(repository)
        assert parsing.times == 1


def test_code_that_is_in_no_folder_keeps_nothing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling.websakctl, "__file__", str(repository / "tool.zip" / "websakctl" / "__init__.py"))
    assert list(everything(again(repository))) == list(everything(load_configuration(repository, TODAY)))
    assert not (repository / ".websakctl").exists()


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\n", b"[]", b'{"state": 1}', b'{"state": [["a"]]}', b"\xff\x00"], ids=repr
)
def test_a_damaged_file_is_made_anew(repository: Path, damage: bytes) -> None:
    plain = list(everything(again(repository)))
    kept = repository / ".websakctl" / "cache" / recalling.FILE
    key, _, _ = kept.read_bytes().partition(b"\n")
    for content in (damage, key + b"\n" + damage):
        kept.write_bytes(content)
        assert list(everything(again(repository))) == plain
        assert kept.read_bytes().startswith(key + b"\n{")


def test_settings_that_are_none_are_not_taken(repository: Path) -> None:
    plain = list(everything(again(repository)))
    kept = repository / ".websakctl" / "cache" / recalling.FILE
    key, _, said = kept.read_bytes().partition(b"\n")
    kept.write_bytes(key + b"\n" + json.dumps({**json.loads(said), "settings": {"guards": 3}}).encode())
    assert list(everything(again(repository))) == plain


def test_what_is_wrong_is_found_every_time(repository: Path, parsing: Parsing) -> None:
    again(repository)
    assert (repository / ".websakctl" / "cache" / recalling.FILE).exists()
    parsing.times = 0
    file = repository / "districts" / "frogner" / "org_units.yaml"
    file.write_text(file.read_text() + "  NY: {name: Ny, parent: INGEN}\n")
    first, second = again(repository), again(repository)
    assert [f.rule for f in first.findings] == ["unknown-reference"]
    assert second.findings == first.findings
    assert parsing.times == 2
    assert not (repository / ".websakctl" / "cache" / recalling.FILE).exists()


def test_only_the_owner_can_read_it_and_no_draft_stays(repository: Path) -> None:
    again(repository)
    folder = repository / ".websakctl" / "cache"
    assert [path.name for path in folder.iterdir()] == [recalling.FILE]
    assert stat.S_IMODE((folder / recalling.FILE).stat().st_mode) == 0o600
    assert [stat.S_IMODE(made.stat().st_mode) for made in (folder, folder.parent)] == [0o700, 0o700]


def test_numbers_of_persons_are_not_kept(repository: Path) -> None:
    settings = repository / "config" / "websak.yaml"
    settings.write_text(settings.read_text() + "user_import: {national_id: true}\n")
    assert again(repository).valid
    assert not (repository / ".websakctl" / "cache").exists()


def test_where_nothing_can_be_kept_nothing_is_lost(repository: Path) -> None:
    (repository / ".websakctl").write_text("a file where the folder should be")
    assert list(everything(again(repository))) == list(everything(load_configuration(repository, TODAY)))


def test_a_file_that_changes_after_it_was_read_does_not_move_places(repository: Path) -> None:
    again(repository)
    config = again(repository)
    shutil.rmtree(repository / "districts")
    at = config.position_of(Address("org_unit", "frogner", "FR-OPPV"))
    assert at is not None
    assert config.texts[at.file].split("\n")[at.line - 1].lstrip().startswith("OPPV:")


SAID = st.sampled_from(
    [
        "Nytt navn",
        "Ærlig talt",
        "\u00e5 og a\u030a",
        'med "anførsel" og \\',
        "en: to",
        "{district.name}",
        "\U0001f600",
        "0301",
        "null",
    ]
)


@given(
    units=st.dictionaries(st.from_regex(r"[A-ZÆØÅ]{3,6}", fullmatch=True), SAID, max_size=4),
    years=st.one_of(st.none(), st.integers(0, 200)),
    protected=st.booleans(),
)
def test_any_small_config_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, units: dict[str, str], years: int | None, protected: bool
) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / "config").mkdir()
    (root / "districts" / "frogner").mkdir(parents=True)
    facts = {"name": "Bydel Frogner", "number": "05", "orgnr": "874778702", "short_name": "BFR", "prefix": "FR"}
    (root / "districts" / "frogner" / "district.yaml").write_text(json.dumps({"district": facts}))
    skeleton: dict[str, Any] = {"BYDEL": {"name": "{district.name}", "protected": protected}}
    skeleton |= {key: {"name": name} for key, name in units.items()}
    (root / "config" / "units.yaml").write_text(json.dumps({"each_district": {"org_units": skeleton}}))
    case = {"name": "A", "series": "S", "ordering_principle": "emne", "retention": "B", "retention_years": years}
    (root / "config" / "types.yaml").write_text(json.dumps({"case_types": {"AA": case}}))
    plain = list(everything(load_configuration(root, TODAY)))
    for _ in range(2):
        assert list(everything(again(root))) == plain
