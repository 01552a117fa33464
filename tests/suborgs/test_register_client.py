"""The client of the business register: pages and their limit, empty results, circles."""

import pytest

from websakctl.consistency.business_register import Standing
from websakctl.live.business_register import SIZE, BusinessRegister
from websakctl.live.errors import NotAsAgreed
from websakctl.live.runtime import Runtime

from .registers import FROGNER, Registers, sub_unit, unit


def many(registers: Registers, count: int) -> None:
    rows = [sub_unit(f"{number:09}", f"Nr. {number}", FROGNER) for number in range(count)]
    registers.sub_units = {row["organisasjonsnummer"]: row for row in rows}


def below(registers: Registers, number: str = FROGNER) -> list[str]:
    with BusinessRegister(f"{registers.url}/brreg", Runtime()) as register:
        return [result.orgnr for result in register.below([number])[number]]


def test_every_page_is_read(registers: Registers) -> None:
    many(registers, 2 * SIZE + 1)
    assert len(set(below(registers))) == 2 * SIZE + 1
    assert sum("/underenheter?" in request for request in registers.requests) == 3


def test_a_full_last_page_is_not_asked_past(registers: Registers) -> None:
    many(registers, SIZE)
    assert len(below(registers)) == SIZE
    assert sum("/underenheter?" in request for request in registers.requests) == 1


def test_more_than_the_register_shows_is_not_taken_for_all(registers: Registers) -> None:
    many(registers, 10_001)
    with pytest.raises(NotAsAgreed, match="shows no more") as reported:
        below(registers)
    assert "--file" in reported.value.what_next


def test_nothing_below_is_nothing(registers: Registers) -> None:
    assert below(registers, "313000206") == []


def test_a_circle_ends(registers: Registers) -> None:
    registers.sub_units = {}
    registers.units = {
        "313000109": unit("313000109", "A", "313000206"),
        "313000206": unit("313000206", "B", "313000109"),
    }
    assert below(registers, "313000109") == ["313000206"]


@pytest.mark.parametrize(
    ("number", "standing"),
    [
        ("975016684", Standing.THERE),
        (FROGNER, Standing.THERE),
        ("313000206", Standing.UNKNOWN),
        ("975016528", Standing.REMOVED),
        ("1", Standing.UNKNOWN),
    ],
)
def test_what_is_said_of_one_number(registers: Registers, number: str, standing: Standing) -> None:
    registers.removed.add("975016528")
    with BusinessRegister(f"{registers.url}/brreg", Runtime()) as register:
        assert register.look_up([number])[number].standing is standing


def test_an_answer_about_another_number_is_not_believed(registers: Registers) -> None:
    registers.sub_units["975016684"] = sub_unit("975016528", "ASKELADDEN BARNEHAGE", FROGNER)
    with (
        BusinessRegister(f"{registers.url}/brreg", Runtime()) as register,
        pytest.raises(NotAsAgreed, match="is about 975016528"),
    ):
        register.look_up(["975016684"])
