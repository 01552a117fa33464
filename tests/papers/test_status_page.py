"""The status page: what it shows, in both languages, that nothing from outside acts in it, and how a browser sees it."""

import re
import subprocess
from collections.abc import Callable, Mapping
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli.command_line import Cli, write_files
from websakctl.operations.rollout.timeline import TimelineEvent
from websakctl.operations.rollout.view import view_rollout
from websakctl.report.pages.status import StatusPage
from websakctl.rollout.schedule import preparations, schedule
from websakctl.source.load import load_configuration

from .conftest import CHROMIUM, GATES, PAPERS, Seen

TODAY = date(2026, 11, 25)
NASTY = '<script>alert(1)</script> <img src=x onerror="alert(2)"> \u202e "quoted" {{ 7*7 }}'
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"


def page_of(root: Path, files: Mapping[str, str], **more: Any) -> StatusPage:
    config = load_configuration(write_files(root, files), TODAY)
    assert config.valid, config.findings
    view = view_rollout(config, TODAY)
    return StatusPage(
        view=view,
        owner="Oslo kommune",
        environment="test",
        names={slug: district.name for slug, district in config.districts.items()},
        since=date(2026, 11, 18),
        timeline_events=more.pop("timeline_events", []),
        activities=schedule([b.batch for b in view.batches], (), preparations(config.whole)),
        **more,
    )


@pytest.fixture
def files() -> dict[str, str]:
    return {**PAPERS, "config/gates.yaml": GATES}


@pytest.fixture
def troubled(files: dict[str, str]) -> dict[str, str]:
    """A paused batch, a number without a route, too few seats, a waiver, and a district that nobody planned."""
    files["config/rollout.yaml"] = """\
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2027-03-01, districts: [frogner], paused: true, pause_reason: Eierne venter}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 1000, allotments: {frogner: 1000}, valid_to: 2026-12-31}
"""
    files["districts/frogner/more.yaml"] = """\
attestations:
  OPPLAERING: {by: Kari, on: 2026-11-20, evidence: "https://arkiv.example.invalid/1"}
  GAMMELT-SYSTEM: {waived: {by: Ola, why: Leverandøren er sen, until: 2027-01-31}}
"""
    own = files["districts/frogner/own.yaml"]
    files["districts/frogner/own.yaml"] = own.replace("    readers: [Styrer, Assisterende styrer]\n", "")
    return files


def text_of(html: str) -> str:
    """What a page says, in one line; styles and charts left out."""
    html = re.sub(r"(?s)<(style|svg).*?</\1>", " ", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def test_owners_see_where_the_rollout_stands(tmp_path: Path, files: dict[str, str]) -> None:
    given = text_of(page_of(tmp_path, files).render("nb"))
    assert "Status for innføringen av Websak onsdag 25. november 2026 · test" in given
    assert "96 dager til Første pulje starter" in given
    assert "0 av 2 bydeler er klare" in given
    assert "Websak er ikke spurt for denne siden." in given
    assert "mandag 1. mars 2027 , uke 9 (om 96 dager) Frogner 0 av 4" in given  # who distributes its mail nobody says
    assert "Opplæring er holdt ingen har attestert Neste: Hold kurset" in given
    assert "Gammelt system er stengt ingen har attestert; venter på «Opplæring er holdt»" in given
    assert "Websak+ 1 200 1 150 ikke talt 1 150 –" in given
    assert "i dag 1 etter Første pulje 0" in given  # Dokulink
    assert "975016684 Frogner barnehage Bydel Frogner Første pulje" in given
    assert (
        "gi tilgangspakkene i Altinn: ordinaerposttilvirksomheten til Styrer, Assisterende styrer, "
        "posttilvirksomhetenmedtaushetsbelagtinnhold til de som skal lese" in given
    )
    assert "Ingenting er endret." in given


def test_what_is_wrong_comes_first(tmp_path: Path, troubled: dict[str, str]) -> None:
    given = text_of(page_of(tmp_path, troubled).render("nb"))
    assert "2 postruter har mangler" in given
    assert "1000 lisenser mangler: kjøp flere, eller flytt mellom bydelene." in given
    assert "Satt på pause: Eierne venter" in given
    assert "Ikke i noen pulje ennå: Bydel Sagene." in given
    assert "Post til 2 numre har ingen sikker vei inn." in given
    assert "lesere mangler: det er ikke sagt hvem som leser i Altinn" in given
    html = page_of(tmp_path, troubled).render("nb")
    assert html.count('class="mark waived"') == 2  # the legend, and the waived gate
    assert html.count('class="mark pass"') == 2


def test_english(tmp_path: Path, troubled: dict[str, str]) -> None:
    html = page_of(tmp_path, troubled).render("en")
    given = text_of(html)
    assert '<html lang="en">' in html
    assert "Status of the Websak rollout Wednesday 25 November 2026" in given
    assert "Mail to 2 numbers has no safe way in." in given
    assert "1,000 licences too few" in given
    assert "no readers: nobody is said to read it in Altinn" in given
    assert "Paused: Eierne venter" in given


def test_what_happened_newest_first(tmp_path: Path, files: dict[str, str]) -> None:
    timeline_events = [
        TimelineEvent(at="2026-11-24", who="kari", why="rollout PULJE-1", districts=("frogner",), done={("org_unit", "create"): 25, ("sub_org", "create"): 1, ("case_type", "update"): 2}),
        TimelineEvent(at="2026-11-20", who="Ola", why="", districts=("frogner", "sagene"), attested="Opplæring er holdt"),
        TimelineEvent(at="2026-11-19", who="kari", why="", districts=("a", "b", "c", "d", "e"), done={("user", "deactivate"): 1}, complete=False),
    ]  # fmt: skip
    given = text_of(page_of(tmp_path, files, timeline_events=timeline_events).render("nb"))
    assert (
        "24. nov. 2026 25 enheter og 1 postrute opprettet. 2 sakstyper endret Bydel Frogner rollout «Første pulje» kari"
        in given
    )
    assert "20. nov. 2026 attestert: Opplæring er holdt Bydel Frogner og Bydel Sagene Ola" in given
    assert "19. nov. 2026 1 bruker tatt ut av bruk i 5 bydeler ikke fullført kari" in given


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)
        self.ids.extend(value or "" for name, value in attrs if name == "id")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_nothing_from_outside_acts_in_the_page(tmp_path: Path, troubled: dict[str, str]) -> None:
    page = page_of(
        tmp_path,
        troubled,
        timeline_events=[TimelineEvent(at="2026-11-24", who=NASTY, why=NASTY, districts=(NASTY,), attested=NASTY)],
    )
    view = page.view
    batch = replace(
        view.batches[0],
        batch=replace(view.batches[0].batch, name=NASTY),
        pause_reason=NASTY,
        districts=tuple(
            replace(d, name=NASTY, verdicts=tuple(replace(v, why=(NASTY,), next=NASTY) for v in d.verdicts))
            for d in view.batches[0].districts
        ),
    )
    nasty = replace(
        page,
        owner=NASTY,
        environment=NASTY,
        names=dict.fromkeys(page.names, NASTY),
        view=replace(
            view,
            batches=(batch,),
            gates=tuple(replace(g, name=NASTY) for g in view.gates),
            pools=tuple(replace(p, product=NASTY, key=NASTY) for p in view.pools),
            routes=tuple(replace(r, name=NASTY, gaps=(NASTY,), steps=(NASTY,)) for r in view.routes),
        ),
    )
    parsed = Page()
    html = nasty.render("nb")
    parsed.feed(html)
    assert not {"script", "img"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert parsed.text.count("<script>alert(1)</script>") > 15
    assert "\u202e" not in html


def test_the_file_needs_nothing_around_it(tmp_path: Path, files: dict[str, str]) -> None:
    html = page_of(tmp_path, files).render("nb")
    parsed = Page()
    parsed.feed(html)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(parsed.tags)
    assert [value for name, value in parsed.attributes if name in ("href", "src") and not value.startswith("#")] == []
    assert {value[1:] for name, value in parsed.attributes if name == "href"} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert "url(" not in html and "@import" not in html
    assert "default-src 'none'; style-src 'unsafe-inline'" in html
    assert len(html) < 200_000


def test_a_config_with_no_rollout_in_it(tmp_path: Path, files: dict[str, str]) -> None:
    del files["config/rollout.yaml"], files["config/gates.yaml"]
    given = text_of(page_of(tmp_path, files).render("nb"))
    for sentence in ("Ingen pulje er planlagt.", "Ingen klarsjekker er satt opp.", "Ingen lisenser er beskrevet."):
        assert sentence in given
    assert "Ikke i noen pulje ennå: Bydel Frogner og Bydel Sagene." in given


@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_it_whole(
    tmp_path: Path, troubled: dict[str, str], look: Callable[[str, int], Seen], width: int
) -> None:
    timeline_events = [
        TimelineEvent(
            at="2026-11-24", who="kari", why="x" * 80, districts=("frogner",), done={("org_unit", "create"): 25}
        )
    ]
    seen = look(page_of(tmp_path / "repo", troubled, timeline_events=timeline_events).render("nb"), width)
    assert (seen.overflow, seen.sticking_out, seen.console) == (0, [], [])
    assert "Status for innføringen av Websak" in seen.text


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium")
def test_a_picture_of_it_to_look_at(tmp_path: Path, troubled: dict[str, str]) -> None:
    """Kept in build/screenshots/, which git does not see."""
    assert CHROMIUM is not None
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    html, picture = tmp_path / "status.html", SCREENSHOTS / "status.png"
    html.write_text(page_of(tmp_path / "repo", troubled).render("nb"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={tmp_path}/profile"]
    picture.unlink(missing_ok=True)
    subprocess.run(
        [CHROMIUM, *flags, "--window-size=1280,2400", f"--screenshot={picture}", html.as_uri()],
        capture_output=True,
        timeout=120,
    )
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000


# --- the command


def test_the_command_tells_what_was_applied(papers: Cli, sandbox33: Any) -> None:
    write_files(papers.root, {"config/gates.yaml": GATES})
    papers.env = sandbox33.fresh().variables
    papers("apply", "--auto-approve", "--reason", "ny struktur")
    reported = papers("rollout", "report", "--html", "status.html", "--format", "json").json
    assert reported["file"] == "status.html"
    file = papers.root / "status.html"
    given = text_of(file.read_text(encoding="utf-8"))
    assert "enheter" in given and "opprettet" in given and "ny struktur" in given
    assert "Websak er ikke spurt" not in given
    left = "2 steg gjenstår som Websak ikke har noe grensesnitt for: 1 utvalg og 1 historisk base."
    assert left in given
    assert file.stat().st_mode & 0o777 == 0o600
    papers("rollout", "report", "--html", "status.html", "--since", "2999-01-01")
    assert "Ingenting er endret." in text_of(file.read_text(encoding="utf-8"))


def test_the_command_asks_no_websak_when_told_so(papers: Cli) -> None:
    reported = papers("rollout", "report", "--html", "status.html", "--offline", "--lang", "en")
    assert reported.out == "Written to status.html.\n"
    assert "Websak was not asked for this page." in (papers.root / "status.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "code", "why"),
    [
        (("--html", "x.html", "--lang", "nn"), 64, "--lang nn is not one of nb, en"),
        (("--html", "x.html", "--since", "i går"), 64, "--since i går is not a day"),
        ((), 64, "--html"),
        (("--html", "no/such/x.html", "--offline"), 1, "cannot write no/such/x.html"),
        (("--html", ".", "--offline"), 1, "it is there and is no file"),
    ],
)
def test_a_command_line_that_is_wrong(papers: Cli, args: tuple[str, ...], code: int, why: str) -> None:
    assert why in papers("rollout", "report", *args, code=code).err
