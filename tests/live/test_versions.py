"""Which version of the User API there is: as configured, else as a read-only probe finds."""

from typing import Any

import pytest

from websakctl.live.errors import NotAsAgreed, NotPermitted


def test_the_probe_finds_the_version_and_writes_nothing(websak: Any) -> None:
    websak.fault("delay", "activ", times=None, seconds=0)
    with websak.reader() as reader:
        assert reader.departments.version() == websak.version
        assert len(reader.read()) > 10
    assert websak.effects() == []
    assert websak.hits() == [0]


def test_the_probe_is_the_listing_itself(websak33: Any) -> None:
    websak33.fault("delay", "/flat", times=None, seconds=0)
    with websak33.reader() as reader:
        reader.read(["org_unit"])
        reader.departments.version()
    assert websak33.hits() == [1]


@pytest.mark.parametrize("configured", ["3.0", "3.3"])
def test_what_is_configured_wins(configured: str, websak33: Any) -> None:
    websak33.fault("delay", "/api/v2/", times=None, seconds=0)
    websak33.fault("delay", "/api/Departments/flat", times=None, seconds=0)
    with websak33.reader(api_version=configured) as reader:
        assert len(reader.read(["org_unit"])) == 6
        assert reader.departments.version() == configured
    assert websak33.hits() == ([0, 1] if configured == "3.0" else [1, 0])


def test_a_configured_version_that_is_not_there_is_said(websak30: Any) -> None:
    with websak30.reader(api_version="3.3") as reader, pytest.raises(NotAsAgreed, match="404"):
        reader.read(["org_unit"])


@pytest.mark.parametrize("fault", ["html", "empty_200", "truncated_json", "junk_array", "wrong_content_type"])
def test_a_probe_that_is_answered_badly_concludes_nothing(fault: str, websak: Any, no_waits: None) -> None:
    """On 3.0 it is the second request, to the old route, that is answered badly."""
    websak.fault(fault, "/flat", nth=2 if websak.version == "3.0" else 1, times=None)
    with websak.reader() as reader, pytest.raises(NotAsAgreed):
        reader.departments.version()
    assert reader.departments.api_version != "3.3"


def test_a_probe_without_a_token_is_no_sign_of_an_old_version(websak33: Any) -> None:
    websak33.fault("status", "/flat", times=None, code=403)
    with websak33.reader() as reader, pytest.raises(NotPermitted):
        reader.departments.version()
    assert reader.departments.api_version is None


def test_a_busy_server_is_no_sign_of_an_old_version(websak33: Any, no_waits: None) -> None:
    websak33.fault("status", "/flat", times=2, code=503)
    with websak33.reader() as reader:
        assert reader.departments.version() == "3.3"
