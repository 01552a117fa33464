"""How long a resumed run waits before it judges writes in doubt."""

from datetime import UTC, datetime, timedelta

import pytest

from websakctl.model.address import Address
from websakctl.operations.apply.recovery import SETTLING, Unfinished

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
DOUBTFUL = frozenset({Address("org_unit", "frogner", "FR-A")})


@pytest.mark.parametrize(
    ("age", "wait"), [(0.0, SETTLING), (4.0, SETTLING - 4), (SETTLING, 0.0), (3600.0, 0.0), (-5.0, SETTLING)]
)
def test_a_doubt_is_judged_once_its_write_has_had_its_time(age: float, wait: float) -> None:
    last = (NOW - timedelta(seconds=age)).isoformat()
    assert Unfinished(
        run="r", at=last, about={}, changes=(), done=frozenset(), doubtful=DOUBTFUL, last_sign=last
    ).settling(NOW) == pytest.approx(wait)
    assert (
        Unfinished(
            run="r", at=last, about={}, changes=(), done=frozenset(), doubtful=frozenset(), last_sign=last
        ).settling(NOW)
        == 0.0
    )
