"""``validate --fix`` writes what can mean nothing else, and no other byte."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.diagnostics import Fix, Position
from websakctl.source.fixing import fixed

BASE, SKELETON = "config/base.yaml", "config/skeleton.yaml"
FR = "districts/frogner/units.yaml"

FIXED = [
    (BASE, 'class_code: "4"', "class_code: 04", 'class_code: "04"'),
    (BASE, 'class_code: "4"', "class_code: 0x1F", 'class_code: "0x1F"'),
    (FR, "name: Blåbær barnehage, parent", "name: Blåbær barnehage, postal_no: 0255, parent", 'name: Blåbær barnehage, postal_no: "0255", parent'),
    (BASE, "bought: 10", 'bought: "10"', "bought: 10"),
    (BASE, "retention: B}", "retention: B, publish: yes}", "retention: B, publish: true}"),
    (BASE, "retention: B}", 'retention: B, publish: "No"}', "retention: B, publish: false}"),
    (BASE, "districts: [frogner, alna]", "districts: [frogner, alna, 12]", 'districts: [frogner, alna, "12"]'),
    (SKELETON, "{name: Oppvekst}", '{name: " Oppvekst "}', '{name: "Oppvekst"}'),
    (SKELETON, "{name: Oppvekst}", "{name: Oppvekst} # websakctl: ignore[basis-ended] x", "{name: Oppvekst}"),
    (SKELETON, "    OPPV:", "    # websakctl: ignore[basis-ended] x\n    OPPV:", "    OPPV:"),
    ("config/websak.yaml", "root_unit: TOPP", 'root_unit: TOPP\n    protected: "true"', "root_unit: TOPP\n    protected: true"),
]  # fmt: skip
LEFT = [
    (BASE, 'class_code: "4"', "class_code: [4]"),
    (BASE, "bought: 10", 'bought: "010"'),
    (BASE, "bought: 10", "bought: many"),
    (BASE, "retention: B}", "retention: B, publish: ja}"),
    (SKELETON, "{name: Oppvekst}", '{name: ""}'),
    (SKELETON, "{name: Oppvekst}", "{name: Oppvekst, adress: X}"),
    (FR, '"313000206"', '"313000207"'),
]


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("file", "old", "new", "right"), FIXED)
def test_fixes_the_spelling_and_nothing_else(
    file: str, old: str, new: str, right: str, ends: str, house: Callable[..., Any]
) -> None:
    repository = house({file: (old, new)})
    path = repository.root / file
    wrong = "\ufeff" + path.read_text(encoding="utf-8").replace("\n", ends)
    path.write_bytes(wrong.encode())
    fixes = [f.fix for f in repository.load().findings if f.fix is not None]
    assert fixed(wrong, fixes) == wrong.replace(new.replace("\n", ends), right.replace("\n", ends))


@pytest.mark.parametrize(("file", "old", "new"), LEFT)
def test_leaves_what_somebody_must_decide(file: str, old: str, new: str, house: Callable[..., Any]) -> None:
    findings = house({file: (old, new)}).load().findings
    assert [f.fix for f in findings] == [None]


def test_the_command_writes_and_tells(house: Callable[..., Any]) -> None:
    repository = house({BASE: ("retention: B}", 'retention: B, publish: yes, screening_level: "3"}')})
    before = repository.files()
    asked = repository.validate()
    assert asked.returncode == 3
    assert "`websakctl validate --fix` can fix 2 of them." in asked.stdout
    assert repository.files() == before
    done = repository.validate("--fix")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("fixed config/base.yaml:4:") == 2
    after = repository.files()
    assert after[BASE].decode().count("publish: true, screening_level: 3}") == 1
    assert {name: after[name] for name in after if name != BASE} == {n: before[n] for n in before if n != BASE}
    assert repository.validate("--fix").returncode == 0
    assert repository.files() == after


def test_what_cannot_be_fixed_is_still_told(house: Callable[..., Any]) -> None:
    repository = house({BASE: ("bought: 10", 'bought: "10", x: 1'), FR: ('"313000206"', '"313000207"')})
    done = repository.validate("--fix")
    assert done.returncode == 3
    assert "unknown-field" in done.stderr
    assert "orgnr-checksum" in done.stderr
    assert "bought: 10, x: 1" in repository.files()[BASE].decode()


@given(st.text(alphabet="ab\n\r\ufeff", max_size=30), st.data())
def test_only_what_stands_at_the_place_changes(text: str, data: st.DataObject) -> None:
    body = text.removeprefix("\ufeff")
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))

    def place(index: int) -> tuple[int, int]:
        before = body[:index].replace("\r\n", " \n")
        breaks = before.count("\n") + sum(
            1 for i, c in enumerate(body[:index]) if c == "\r" and body[i + 1 : i + 2] != "\n"
        )
        last = max(
            (i for i, c in enumerate(body[:index]) if c == "\n" or (c == "\r" and body[i + 1 : i + 2] != "\n")),
            default=-1,
        )
        return breaks + 1, index - last

    (line, column), (end_line, end_column) = place(start), place(end)
    fix = Fix(Position("a", line, column, end_line, end_column), "X")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    assert fixed(text, [fix]) == mark + body[:start] + "X" + body[end:]
