"""The canonical layout: same value, same comments, the same again; and what it looks like."""

from pathlib import Path

import pytest
from hypothesis import given

from websakctl.source.comments import comments_of
from websakctl.source.field_order import canonical
from websakctl.source.formatting import CannotFormat
from websakctl.source.patching import identical

from .files import REAL, files, read, wild_files


@given(files() | wild_files())
def test_same_value_same_comments_and_the_same_again(text: str) -> None:
    once = canonical(text)
    assert identical(read(once), read(text))
    assert comments_of(once.removeprefix("\ufeff")) == comments_of(text.removeprefix("\ufeff"))
    assert canonical(once) == once
    assert once.startswith("\ufeff") == text.startswith("\ufeff")
    assert ("\r" in once) == (text.count("\r\n") * 2 > text.count("\n"))


@pytest.mark.parametrize("path", REAL, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_what_is_shipped_is_canonical(path: Path) -> None:
    text = path.read_bytes().decode()
    assert canonical(text) == text


MESSY = """\
# yaml-language-server: $schema=../schema.json
# About this file.

each_district:
    org_units:
        OPPV:   {  parent : "DIR" ,name: 'Oppvekst'   }   # who
        DIR:
            # the staff

            contact: >
                lang
                tekst
            name: "Stab: direktør"
            # a field no longer used


    access_groups: {LEDERE: {},
       # comment within
       ARKIV: {} }
# What is shared
access_codes:
- a
-   b: 1
    a: [1,2,   3]
case_types:
  P: {retention: B, name: Personalmappe, series: PERS, ordering_principle: fødselsnummer, legal_basis: offl. § 13 og mer, access_code: P}
  Q: {name: 'He: "so"', class_code: '4', retention_years: 0x10, publish:   true, x: "yes"}
  # R: {}

"""

TIDY = """\
# yaml-language-server: $schema=../schema.json
# About this file.

# What is shared
access_codes:
  - a
  - b: 1
    a: [1, 2, 3]

case_types:
  P:
    name: Personalmappe
    series: PERS
    ordering_principle: fødselsnummer
    access_code: P
    legal_basis: offl. § 13 og mer
    retention: B
  Q: {name: 'He: "so"', class_code: "4", retention_years: 0x10, publish: true, x: "yes"}
  # R: {}

each_district:
  access_groups:
    LEDERE: {}
    # comment within
    ARKIV: {}

  org_units:
    OPPV: {name: Oppvekst, parent: DIR} # who
    DIR:
      name: "Stab: direktør"
      # the staff

      contact: >
        lang
        tekst
      # a field no longer used
"""


def test_a_messy_file_becomes_tidy() -> None:
    assert canonical(MESSY).splitlines() == TIDY.splitlines()
    assert canonical("\ufeff" + MESSY.replace("\n", "\r\n")) == "\ufeff" + TIDY.replace("\n", "\r\n")


def test_a_modeline_stays_on_top() -> None:
    text = "# yaml-language-server: $schema=../a.json\ndistrict: {name: Bydel Frogner}\n"
    assert canonical(text) == text
    assert canonical("# yaml-language-server: x\n\n\norg_units: {}\ndefaults: {}\n") == (
        "# yaml-language-server: x\ndefaults: {}\n\norg_units: {}\n"
    )


def test_an_alias_stays_behind_its_anchor() -> None:
    text = "org_units:\n  A:\n    parent: &up DIR\n    name: *up\n"
    assert canonical(text) == text


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [\n", "a: !x 1\n", "--- 1\n--- 2\n"])
def test_what_is_not_sound_is_left_alone(text: str) -> None:
    with pytest.raises(CannotFormat):
        canonical(text)


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_nothing_is_left_as_it_is(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(
    "text", ["2027-01-01", "12:30", "on", "Off", "y", "0301", "1_000", "1e3", "~", "2027-1-1 10:00"]
)
def test_quotes_that_another_reader_needs_stay(text: str) -> None:
    written = f'org_units:\n  A1: {{name: "{text}"}}\n'
    assert canonical(written) == written
