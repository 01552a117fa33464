"""The check digit of organisation numbers, against the register's own numbers and its published rule."""

import csv
import os
from pathlib import Path

import pytest

from websakctl.model.types import check_digit, orgnr_problem

REGISTER = Path(__file__).parents[3] / "shared/data/oslo-orgnr.csv"


def test_every_real_number_of_the_city_is_valid_and_no_other_check_digit_is() -> None:
    if not REGISTER.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{REGISTER} is not there")
        pytest.skip("../shared/data is not beside this clone")
    with REGISTER.open(encoding="utf-8", newline="") as file:
        numbers = [row["orgnr"] for row in csv.DictReader(file)]
    assert len(numbers) > 500
    for number in numbers:
        assert orgnr_problem(number) is None
        for digit in set("0123456789") - {number[8]}:
            assert f"should be {number[8]}" in str(orgnr_problem(number[:8] + digit))


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("12345678", "nine digits"),
        ("9747787420", "nine digits"),
        ("97477874x", "nine digits"),
        ("९७४७७८७४२", "nine digits"),
        ("974778743", "should be 2"),
    ],
)
def test_what_is_wrong_is_told(number: str, told: str) -> None:
    assert told in str(orgnr_problem(number))


def test_some_beginnings_have_no_check_digit() -> None:
    without = next(f"{n:08}" for n in range(10_000_000, 10_000_100) if check_digit(f"{n:08}") is None)
    assert "no check digit fits" in str(orgnr_problem(without + "0"))
