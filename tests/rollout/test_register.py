"""Names in the business register: what is the same name, and what is another."""

import pytest

from websakctl.consistency.business_register import same_name


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Bydel Frogner", "OSLO KOMMUNE BYDEL 5 FROGNER"),
        ("Bydel St. Hanshaugen", "OSLO KOMMUNE BYDEL 4 ST HANSHAUGEN"),
        ("Mor Go'hjertas barnehage", "MOR GO HJERTAS BARNEHAGE"),
        ("Vøyensvingen  barnehage", "VØYENSVINGEN BARNEHAGE"),
    ],
)
def test_the_same_name(ours: str, theirs: str) -> None:
    assert same_name(ours, theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Frogner barnehage", "FROGNER BARNEHAGE OG SKOLE"),
        ("Barnehage 1", "BARNEHAGE 2"),
        ("Bydel Frogner", "OSLO KOMMUNE BYDEL 6 ULLERN"),
        ("Oslo barnehage", "BARNEHAGE"),
    ],
)
def test_another_name(ours: str, theirs: str) -> None:
    assert not same_name(ours, theirs)
