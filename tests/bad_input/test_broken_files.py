"""Files that are broken as a whole: still a finding with a place and advice, quickly, without a traceback, and nothing written."""

import errno
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import write_files
from websakctl.source import documents
from websakctl.source.load import load_configuration

ALNA = "districts/alna/units.yaml"
EXTRA = "config/extra.yaml"  # nothing in the house refers to what stands here
MB = 1024 * 1024


@dataclass(frozen=True)
class Broken:
    """A file's bytes, and the one finding that they should give: its rule and ``line:column``."""

    name: str
    content: bytes
    rule: str
    place: str
    says: str = ""
    help: str = ""


def broken(name: str, content: str | bytes, rule: str, place: str, says: str = "", help_: str = "") -> Broken:
    return Broken(name, content if isinstance(content, bytes) else content.encode(), rule, place, says, help_)


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels)]
    return "\n".join(lines)


FILES = [
    # not text
    broken("latin-1", "access_groups:\n  GRØNN: {}\n".encode("latin-1"), "not-utf8", "2:5", "0xD8", "UTF-8"),
    broken("latin-1-after-utf-8", "# Grønt er gønt\naccess_groups: {'ø':".encode() + b"\xe6", "not-utf8", "2:21", "'æ'"),
    broken("latin-1-after-a-bom", b"\xef\xbb\xbfaccess_groups: \xe6", "not-utf8", "1:16", "0xE6"),
    broken("utf-16", "access_groups: {A: {}}".encode("utf-16"), "not-utf8", "1:1", "UTF-16", "UTF-8"),
    broken("cut-in-a-letter", "access_groups: {A: {}} # æ".encode()[:-1], "not-utf8", "1:26"),
    broken("overlong", b"access_groups: {\xc0\x80: {}}", "not-utf8", "1:17"),
    broken("picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not-utf8", "1:1", "0x89"),
    # nothing
    broken("empty", "", "empty-file", "1:1", "holds nothing", "delete the file"),
    broken("blank", " \n\n  \n", "empty-file", "1:1"),
    broken("only-a-bom", b"\xef\xbb\xbf", "empty-file", "1:1"),
    broken("only-comments", "# access_groups:\n#   A: {}\n", "empty-file", "1:1"),
    broken("only-a-marker", "---\n", "empty-file", "1:1"),
    broken("only-null", "~\n", "empty-file", "1:1"),
    broken("only-braces", "{}\n", "empty-file", "1:1"),
    # no mapping
    broken("a-text", "access_groups\n", "wrong-type", "1:1", "not a mapping", "start with a section"),
    broken("a-list", "- access_groups\n", "wrong-type", "1:1", "not a mapping"),
    broken("a-number", "0\n", "wrong-type", "1:1", "not a mapping"),
    broken("false", "false\n", "wrong-type", "1:1", "not a mapping"),
    # no YAML
    broken("bracket-left-open", "access_groups: [A,\n", "yaml-syntax", "1:19"),
    broken("brace-left-open", "access_groups: {A: {}\n", "yaml-syntax", "1:16", "", "close the bracket"),
    broken("quote-left-open", 'access_groups:\n  "A: {}\n  B: {}\n', "yaml-syntax", "2:3", "end of stream", "close the quote"),
    broken("colon-in-a-text", "access_codes:\n  P: {}\n  Q: name: X\n", "yaml-syntax", "3:10", "", "quote the value"),
    broken("bad-indentation", "access_groups:\n    A: {}\n  B: {}\n", "yaml-syntax", "3:3"),
    broken("tab", "access_groups:\n\tA: {}\n", "yaml-syntax", "2:1", "", "spaces"),
    broken("tab-after-spaces", "access_groups:\n  A:\n  \tname: x\n", "yaml-syntax", "3:3", "", "tab"),
    broken("percent", "access_groups: {A: %B}\n", "yaml-syntax", "1:20", "", "quote the value"),
    broken("at-sign", "access_groups:\n  @A: {}\n", "yaml-syntax", "2:3", "", "quote the value"),
    broken("unknown-escape", 'access_groups: {"\\q": {}}\n', "yaml-syntax", "1:18"),
    broken("conflict-markers", "<<<<<<< HEAD\naccess_groups: {A: {}}\n=======\n", "yaml-syntax", "1:1", "a merge is not finished", "git add"),
    broken("nul", "access_groups:\n  Æ\0: {}\n", "yaml-syntax", "2:4", "U+0000", "delete it"),
    broken("bell", "access_groups:\n  # grønn \x07\n", "yaml-syntax", "2:11", "U+0007"),
    broken("escape", "access_groups: {A: {}} # \x1b[31m\n", "yaml-syntax", "1:26", "U+001B"),
    broken("next-line", "access_groups: {A: {}} # \x85\n", "yaml-syntax", "1:26", "U+0085"),
    broken("line-separator", "access_groups: {'A\u2028B': {}}\n", "yaml-syntax", "1:19", "U+2028"),
    broken("not-a-character", "access_groups: {'\uffff': {}}\n", "yaml-syntax", "1:18", "U+FFFF"),
    broken("half-a-surrogate", 'access_groups: {"\\ud800": {}}\n', "yaml-syntax", "1:20"),
    # YAML against us
    broken("deep-list", "access_groups: " + "[" * 100_000, "yaml-feature", "1:80", "deeper than 64"),
    broken("deep-mapping", "access_groups: " + "{a: " * 5_000, "yaml-feature", "1:272", "deeper than 64"),
    broken("deep-block", "\n".join(f"{' ' * i}a:" for i in range(200)), "yaml-feature", "66:66", "deeper than 64"),
    broken("deep-sequence", "- " * 10_000, "yaml-feature", "1:131", "deeper than 64"),
    broken("deep-keys", "? " * 10_000, "yaml-feature", "1:3", "as a key"),
    broken("laughs", bomb(9), "yaml-alias", "5:20", "50000 values", "write the values out"),
    broken("laughs-10-mb", bomb(9) + "\n#" + "x" * 10 * MB, "yaml-alias", "5:20", "50000 values"),
    broken("aliases-10-mb", "a: &a [1, 2, 3]\nb:\n" + "- *a\n" * (2 * MB), "yaml-alias", "12503:3", "50000 values"),
    broken("one-line-of-10-mb", "access_groups: {A: {}} # " + "x" * 10 * MB, "", ""),
    broken("one-key-of-1-mb", f"access_groups: {{{'A' * MB}: {{}}}}", "yaml-syntax", "", ""),
    broken("ten-thousand-quotes", "access_groups: {A: " + "'" * 10_001 + "}", "yaml-syntax", ""),
]  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_is_one_finding_with_a_place_and_advice(file: Broken, house: Callable[..., Any]) -> None:
    repository = house({EXTRA: file.content})
    before = repository.files()
    began = time.process_time()
    config = repository.load()
    took = time.process_time() - began
    assert took < 2, f"{took:.1f} s"
    assert repository.files() == before
    if not file.rule:
        assert config.valid
        return
    (finding,) = config.findings
    assert (finding.code, finding.at.file) == (file.rule, EXTRA)
    assert not file.place or f"{finding.at.line}:{finding.at.column}" == file.place
    assert file.says in finding.message
    assert finding.help
    assert file.help in finding.help
    assert not config.valid


@pytest.mark.parametrize("name", ["utf-16", "empty", "tab", "escape", "deep-list", "laughs-10-mb", "one-key-of-1-mb"])
def test_the_command_says_so_in_few_words(name: str, house: Callable[..., Any]) -> None:
    file = next(file for file in FILES if file.name == name)
    repository = house({EXTRA: file.content})
    before = repository.files()
    began = time.perf_counter()
    result = repository.validate()
    assert time.perf_counter() - began < 10
    assert result.returncode == 3
    assert result.stderr.startswith(f"{EXTRA}:{file.place or '1:'}")
    assert f"error[{file.rule}]" in result.stderr
    assert "help: " in result.stderr
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stderr
    assert len(result.stderr) < 1000
    assert result.stdout.startswith("The config is not valid: 1 error,")
    assert repository.files() == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufefforg_units:\n  BH-TO: {name: Tyttebær barnehage, parent: ‹BGH›}\n", id="byte-order-mark"),
        pytest.param("org_units:\r\n  BH-TO: {name: Tyttebær barnehage, parent: ‹BGH›}\r\n", id="crlf"),
        pytest.param("---\norg_units:\n  BH-TO: {name: Tyttebær barnehage, parent: ‹BGH›}\n...\n", id="markers"),
        pytest.param("%YAML 1.2\n---\norg_units:\n  BH-TO: {name: Tyttebær, parent: ‹BGH›}\n", id="directive"),
        pytest.param("org_units:\n  BH-TO: {name: &n Tyttebær, contact: *n, parent: ‹BGH›}\n", id="anchor-of-a-text"),
        pytest.param('org_units: {"BH-TO": {"name": "Tyttebær", "parent": ‹"BGH"›}}', id="json"),
        pytest.param("org_units:\n  BH-TO:\n    name: Tyttebær 🫐 e\u0301\n    parent: ‹BGH› # 🫐\n", id="other-letters"),
        pytest.param("org_units:\n  BH-TO: {contact: 🫐🫐🫐, name: Tyttebær, parent: ‹BGH›}\n", id="after-wide-letters"),
        pytest.param("org_units:\n  ? BH-TO\n  : name: >-\n      Tyttebær\n      barnehage\n    parent: ‹BGH›\n", id="folded"),
    ],
)  # fmt: skip
def test_lawful_yaml_is_read_and_places_are_right(content: str, house: Callable[..., Any]) -> None:
    repository = house({ALNA: content.removeprefix("\ufeff")})
    if content.startswith("\ufeff"):
        repository.write(
            {ALNA: (repository.root / ALNA).read_bytes().replace(b"org_units", b"\xef\xbb\xbforg_units", 1)}
        )
    assert repository.found() == [("unknown-reference", repository.marks[0])]


def test_line_ends_of_old_macs_count_as_lines(house: Callable[..., Any]) -> None:
    repository = house({ALNA: b"org_units:\r  BH-TO: {name: Tytteb\xc3\xa6r, parent: BGH}\r"})
    (finding,) = repository.load().findings
    assert (finding.code, finding.at.line, finding.at.column) == ("unknown-reference", 2, 35)


def test_a_link_to_nothing_and_a_folder_named_like_a_file(house: Callable[..., Any]) -> None:
    repository = house({})
    (repository.root / "config" / "gone.yaml").symlink_to("nowhere.yaml")
    (repository.root / "config" / "folder.yaml").mkdir()
    assert [(f.code, str(f.at)) for f in repository.load().findings] == [
        ("file-unreadable", "config/folder.yaml:1:1"),
        ("file-unreadable", "config/gone.yaml:1:1"),
    ]


def test_a_folder_that_is_a_link_is_read_once_and_a_hidden_one_never(house: Callable[..., Any]) -> None:
    repository = house({"config/.backup/old.yaml": "nonsense: {}\n", "elsewhere/more.yaml": "nonsense: {}\n"})
    (repository.root / "config" / "shared").symlink_to("../elsewhere")
    (repository.root / "elsewhere" / "back").symlink_to("../config")
    (repository.root / "elsewhere" / "loop").symlink_to("loop")
    assert [(f.code, f.at.file) for f in repository.load().findings] == [("unknown-section", "config/shared/more.yaml")]


def test_a_folder_that_cannot_be_looked_into_is_told(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = house({"config/policy/ours.yaml": "policies: {}\n"})
    scandir = os.scandir

    def closed(path: Any = ".") -> Any:
        if str(path).endswith("policy"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    (finding,) = repository.load().findings
    assert (finding.code, finding.at.file) == ("file-unreadable", "config/policy")
    assert "Permission denied" in finding.message


def test_a_broken_district_file_is_one_finding(house: Callable[..., Any]) -> None:
    repository = house({"districts/alna/district.yaml": "district: {name: [\n"})
    assert [rule for rule, _ in repository.found()] == ["yaml-syntax"]


def test_an_emptied_district_file_is_one_finding(house: Callable[..., Any]) -> None:
    repository = house({"districts/alna/district.yaml": ""})
    assert [rule for rule, _ in repository.found()] == ["empty-file"]


def test_a_district_without_its_section_is_one_finding(house: Callable[..., Any]) -> None:
    repository = house({"districts/alna/district.yaml": None})
    (finding,) = repository.load().findings
    assert (finding.code, str(finding.at)) == ("district-incomplete", "districts/alna/district.yaml:1:1")
    assert "write district.yaml with" in finding.help


def test_what_a_broken_file_holds_is_not_missed_elsewhere(house: Callable[..., Any]) -> None:
    repository = house({"config/skeleton.yaml": ("    OPPV: {name: Oppvekst}", "    OPPV: {name: Oppvekst")})
    assert [rule for rule, _ in repository.found()] == ["yaml-syntax"]


def test_a_skeleton_without_districts_is_checked(repository: Any) -> None:
    repository.write(
        {
            "config/a.yaml": "each_district:\n  org_units:\n    A: {‹nmae›: A, name: A, parent: A}\n    BYDEL: {name: B}\n"
        }
    )
    assert repository.found() == [("unknown-field", repository.marks[0])]
    assert repository.load().state == {}
    assert repository.load().districts == {}


def test_a_file_that_is_too_large_is_not_read_and_says_so(tmp_path: Path) -> None:
    write_files(tmp_path, {"config/a.yaml": "org_units: {}\n", "config/large.yaml": "x: 1\n"})
    with (tmp_path / "config/large.yaml").open("r+b") as file:
        file.truncate(10**12)  # a hole: nobody has so much memory
    (finding,) = [f for f in load_configuration(tmp_path).findings if f.at.file == "config/large.yaml"]
    assert (finding.code, finding.message) == ("file-unreadable", "the file has 1000000.0 MB")
    assert finding.help == "split it; one file may have 11 MB"


def test_files_that_are_too_large_together_say_so_at_the_first_that_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES_IN_ALL", 40)
    write_files(tmp_path, {f"config/{name}.yaml": "org_units: {}\n" for name in "abcd"})
    found = [f for f in load_configuration(tmp_path).findings if f.code == "file-unreadable"]
    assert [f.at.file for f in found] == ["config/c.yaml", "config/d.yaml"]
    assert "all YAML of a repository" in found[0].help


def test_many_names_that_nobody_knows_take_no_longer_than_few_each(tmp_path: Path) -> None:
    """Each added the whole text to what was not read: a file of 15 kB took a minute."""
    write_files(tmp_path, {"config/a.yaml": "".join(f"section{n}: 1\n" for n in range(2000))})
    began = time.process_time()
    assert len(load_configuration(tmp_path).findings) == 2000
    assert time.process_time() - began < 5
