"""Pages by date: the law check, and dates that bind the rollout: what ``rollout check``, ``rollout status`` and the status page say of them as the days go by."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.repository.pages import ROOT
from websakctl.cli.app import run
from websakctl.live.clock import SystemClock

NOW, LAST, LATER = date(2026, 12, 1), date(2027, 12, 31), date(2028, 1, 1)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped")
    for name in ("config", "districts"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, shipped: Path, capsys: Any) -> Callable[..., str]:
    """Run a command with the clock at noon of a day, and give what it prints."""

    def run_on(day: date, *words: str) -> str:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        monkeypatch.setattr(SystemClock, "now", lambda _: noon)
        run([*words, "--root", str(shipped), *(() if words[0] == "law" else ("--offline",))])
        return str(capsys.readouterr().out)

    return run_on


def dates(document: str) -> dict[str, tuple[bool, int]]:
    return {one["key"]: (one["warning"], one["days"]) for one in json.loads(document)["dates"]}


def test_the_rollout_warns_of_what_has_come_and_of_what_is_near(on: Callable[..., str]) -> None:
    assert dates(on(NOW, "rollout", "status", "--format", "json")) == {
        "ALTINN-II": (True, -165),
        "SVARUT-SOAP": (True, 31),
        "BYDELSREFORM": (False, 396),
        "USERAPI-GET": (False, 396),
    }
    assert dates(on(LAST, "rollout", "status", "--format", "json"))["USERAPI-GET"] == (True, 1)


def test_a_batch_is_warned_of_what_is_near_its_own_day(on: Callable[..., str]) -> None:
    document = on(NOW, "rollout", "check", "PULJE-2", "--format", "json")
    assert json.loads(document)["go_live"] == "2027-04-12"
    assert dates(document)["USERAPI-GET"] == (True, 396)
    text = on(NOW, "rollout", "check", "PULJE-2")
    assert "- warning: Bydelsreformen may begin 2028-01-01, in 396 days, 264 days after this batch goes live." in text
    assert "- warning: Altinn II ended 2026-06-19. Next:" in text


def test_the_words_follow_the_day(on: Callable[..., str]) -> None:
    for day, told in ((LAST, "med GET ends 2028-01-01, in 1 day"), (LATER, "med GET ended 2028-01-01")):
        assert f"- warning: User API-kall som skriver {told}" in on(day, "rollout", "status")
    page = on(LAST, "rollout", "status", "--format", "html")
    assert "advarsel: User API-kall som skriver med GET tar slutt 2028-01-01, om 1 dag." in page


def test_the_status_page_says_what_is_to_be_decided(on: Callable[..., str]) -> None:
    assert "Bydelsreformen" not in on(NOW, "rollout", "report", "--format", "html")
    page = on(LAST, "rollout", "report", "--format", "html")
    assert "Altinn II tok slutt 19. juni 2026. Gi leserne tilgangspakker" in page
    assert "Bydelsreformen kan begynne 1. januar 2028." in page
    assert "The district" not in page
    page = on(LATER, "rollout", "report", "--format", "html", "--lang", "en")
    assert "User API-kall som skriver med GET ended 1 January 2028." in page


def test_the_law_check_is_a_page_in_bokmaal(on: Callable[..., str]) -> None:
    page = on(NOW, "law", "check", "--format", "html")
    for words in (
        "Hjemler 2026-12-01",
        "er aldri bekreftet",
        "Aldri bekreftet",
        "vis heller til",
        "sakstype PERS, TILS",
    ):
        assert words in page
    for english in ("never confirmed", "nobody", "citations", "used by", "access_code", "warning", "Next"):
        assert english not in page.partition("<body")[2]
    assert "Never confirmed" in on(NOW, "law", "check", "--format", "html", "--lang", "en")
