"""What people type: the likeliest mistakes are named for what they are, and fixed where they can mean nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from websakctl.source.fixing import fixed

FR = "districts/frogner/units.yaml"

TYPED = [
    ("{name: Helse, omsorg og velferd, kultur, parent: OPPV}", "unquoted-value", "a comma ends the text of name", '{name: "Helse, omsorg og velferd, kultur", parent: OPPV}'),
    ("{name: Sak: arkiv, parent: OPPV}", "yaml-syntax", "a colon stands in the text of name", '{name: "Sak: arkiv", parent: OPPV}'),
    ("{name: “Helse, omsorg”, parent: OPPV}", "unquoted-value", "a comma ends the text of name", '{name: "Helse, omsorg", parent: OPPV}'),
    ("{name: “Sak: arkiv”}", "yaml-syntax", "a colon stands in the text of name", '{name: "Sak: arkiv"}'),
    ("{name: “Helse”}", "typographic-quotes", "the quotes “ and ” are part of the text", "{name: Helse}"),
    ("{name: „Helse“}", "typographic-quotes", "the quotes „ and “ are part of the text", "{name: Helse}"),
    ("{name: «Helse»}", "typographic-quotes", "the quotes « and » are part of the text", "{name: Helse}"),
    ("{name: ‘Ja’, postal_no: “0301”}", "bad-value", "write four digits", None),
    ("{name: Kort, postal_no: ”0301”}", "typographic-quotes", "write \"0301\"", '{name: Kort, postal_no: "0301"}'),
    ("{name: \"Helse”}", "yaml-syntax", "is closed by ”, which is no quote to YAML", None),
    ("{name: 12:30}", "yaml-syntax", "a colon stands in the text of name", '{name: "12:30"}'),
    ("{name: Kort, navn: Helse}", "unknown-field", "did you mean name?", None),
    ("{name: Kort, overordnet: OPPV}", "unknown-field", "did you mean parent?", None),
    ("{name: Kort, postal_no: \"12\"}", "bad-value", "write four digits", None),
    ("{name: Kort, postal_no: \"0301 Oslo\"}", "bad-value", "write 0301, without N- and the place", '{name: Kort, postal_no: "0301"}'),
    ("{name: Kort, parent: NIX, postal_no: \"12\"}", "unknown-reference", "parent names NIX", None),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "code", "message", "right"), TYPED)
def test_what_is_typed_is_understood(
    entry: str, code: str, message: str, right: str | None, house: Callable[..., Any]
) -> None:
    repository = house({})
    path = repository.root / "districts/frogner/typed.yaml"
    path.write_text(f"org_units:\n  A1: {entry}\n", encoding="utf-8")
    findings = [f for f in repository.load().findings if f.at.file == "districts/frogner/typed.yaml"]
    (result,) = [f for f in findings if f.code == code]
    assert message in f"{result.message} {result.help}"
    assert not any(sign in f"{f.message} {f.help}" for f in findings for sign in ("[A-Z", "\\d", "\\Z", "$"))
    if right is None:
        assert result.fix is None
        return
    assert result.fix is not None
    path.write_text(fixed(path.read_text(encoding="utf-8"), [result.fix]), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == f"org_units:\n  A1: {right}\n"
    assert repository.load().valid


@pytest.mark.parametrize("name", ["Barnehagen «Sol»", "“Sol” og “Måne”", '"“Sol”"', "O’Brien"])
def test_quotes_within_a_text_are_what_was_meant(name: str, house: Callable[..., Any]) -> None:
    repository = house({})
    path = repository.root / "districts/frogner/typed.yaml"
    path.write_text(f"org_units:\n  A1:\n    name: {name}\n", encoding="utf-8")
    assert [f.fix for f in repository.load().findings] == ([None] if name == '"“Sol”"' else [])


def test_a_key_within_typographic_quotes_is_written_without(house: Callable[..., Any]) -> None:
    repository = house({})
    path = repository.root / "districts/frogner/typed.yaml"
    path.write_text("sub_orgs:\n  “974778742”: {name: Test, unit: OPPV, channel: svarinn}\n", encoding="utf-8")
    (found,) = [f for f in repository.load().findings if f.code == "typographic-quotes"]
    assert found.fix is not None
    assert fixed(path.read_text(encoding="utf-8"), [found.fix]).splitlines()[1].startswith('  "974778742": {')


@pytest.mark.parametrize("written", ["974 778 742", "974778742MVA", "NO 974 778 742 MVA"])
def test_an_organisation_number_with_blanks_is_written_without(written: str, house: Callable[..., Any]) -> None:
    repository = house({})
    path = repository.root / "districts/frogner/typed.yaml"
    path.write_text(f'sub_orgs:\n  "{written}": {{name: Test, unit: OPPV}}\n', encoding="utf-8")
    (result,) = [f for f in repository.load().findings if f.code == "orgnr-checksum"]
    assert result.help == 'write "974778742"' and result.fix is not None
    assert fixed(path.read_text(encoding="utf-8"), [result.fix]).splitlines()[1].startswith('  "974778742": ')


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("45689", "it is how a spreadsheet counts 2025-02-01"),
        ('"45689"', "it is how a spreadsheet counts 2025-02-01"),
        ("20270201", "is not a date"),
        ("9999-12-31", "nobody can mean"),
        ("0001-01-01", "nobody can mean"),
    ],
)
def test_a_day_that_is_none_is_not_quoted(day: str, message: str, house: Callable[..., Any]) -> None:
    repository = house({})
    path = repository.root / "districts/frogner/typed.yaml"
    path.write_text(f'sub_orgs:\n  "974778742": {{name: Test, unit: OPPV, valid_to: {day}}}\n', encoding="utf-8")
    (result,) = [f for f in repository.load().findings if f.code == "bad-value"]
    assert message in result.message and result.fix is None


def test_a_merge_that_is_not_finished_is_named_once(house: Callable[..., Any]) -> None:
    repository = house({})
    text = "org_units:\n<<<<<<< HEAD\n  A1: {name: A}\n=======\n  A1: {name: B}\n  A2: {name: C}\n>>>>>>> other\n"
    (repository.root / "districts/frogner/typed.yaml").write_text(text, encoding="utf-8")
    (result,) = [f for f in repository.load().findings if f.at.file == "districts/frogner/typed.yaml"]
    assert (result.at.line, result.code) == (2, "yaml-syntax")
    assert "one side is line 3, the other lines 5 to 6" in result.message


@pytest.mark.parametrize("name", ["typed.YAML", "typed.yml"])
def test_other_ends_of_names_are_read(name: str, house: Callable[..., Any]) -> None:
    repository = house({})
    (repository.root / "districts/frogner" / name).write_text("org_units:\n  A1: {naem: A}\n", encoding="utf-8")
    assert {f.at.file for f in repository.load().findings} == {f"districts/frogner/{name}"}


@pytest.mark.parametrize("name", ["districts/frogner/typed.yaml.txt", "users/frogner.yml", "users/frogner.YAML"])
def test_files_that_are_not_read_are_named(name: str, house: Callable[..., Any]) -> None:
    repository = house({})
    (repository.root / "users").mkdir(exist_ok=True)
    (repository.root / name).write_text("users: {}\n", encoding="utf-8")
    (result,) = repository.load().findings
    assert (result.at.file, result.code) == (name, "file-unreadable") and result.help.startswith("rename it to ")
