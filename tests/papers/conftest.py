"""A small config with everything that papers speak of, the command line over it, and a browser to look at pages with."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import SMALL, Cli, write_files

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

PAPERS = {
    **SMALL,
    "config/rollout.yaml": """\
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2027-03-01, districts: [frogner, sagene]}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 1200, allotments: {frogner: 1100, sagene: 50}}
preparations:
  GAMMELT-SYSTEM: {name: Stenge gammelt system for nye saker, responsible: Arkivar, before: 1, days: 1}
""",
    "districts/frogner/own.yaml": """\
org_units:
  BH-FROGNER: {name: Frogner barnehage, parent: BHG, unit_type: Tjenestested}
sub_orgs:
  "975016684":
    name: Frogner barnehage
    unit: BH-FROGNER
    channel: altinn
    readers: [Styrer, Assisterende styrer]
    daily_routine: Meldingsboksen leses før kl. 10
    arrives: dokulink
committees:
  BU: {name: Bydelsutvalget}
historical_bases:
  GAMMEL: {name: Gammel sakbase, system: ESA, readers: [Arkivar, Leder]}
""",
}

GATES = """\
gates:
  POSTRUTER: {name: Hvert nummer har en rute, check: mail-routes}
  LISENSER: {name: Det er nok lisenser, check: licences}
  OPPLAERING: {name: Opplæring er holdt, next: Hold kurset}
  GAMMELT-SYSTEM: {name: Gammelt system er stengt, after: OPPLAERING}
"""


@pytest.fixture
def papers(tmp_path: Path) -> Cli:
    """Two districts in one batch; a unit of Frogner reads Altinn. Nothing of it asks a Websak."""
    return Cli(write_files(tmp_path / "repo", PAPERS))


@dataclass(frozen=True)
class Seen:
    """What a browser saw of a page at one width."""

    overflow: int  # pixels that stick out to the right
    sticking_out: list[str]
    console: list[str]
    text: str


@pytest.fixture
def look(tmp_path: Path) -> Callable[[str, int], Seen]:
    """Open a page in Chromium, as wide as said: it stands in a frame, since no window is as narrow as a telephone."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt install chromium")

    def open_page(html: str, width: int) -> Seen:
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        frame = tmp_path / f"frame-{width}.html"
        frame.write_text(_FRAME % {"width": width}, encoding="utf-8")
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--allow-file-access-from-files",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--virtual-time-budget=2000",
            f"--window-size={max(width, 500)},2000",
            f"--user-data-dir={tmp_path}/profile",
        ]
        done = subprocess.run(
            [CHROMIUM, *flags, "--dump-dom", frame.as_uri()], capture_output=True, text=True, timeout=120
        )
        result = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
        assert result, done.stdout[-2000:] + done.stderr[-2000:]
        seen: Mapping[str, Any] = json.loads(_unescaped(result[1]))
        console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
        return Seen(seen["overflow"], seen["out"], console, seen["text"])

    return open_page


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


_FRAME = """<!doctype html><body style="margin:0"><pre id="seen"></pre>
<iframe id="page" src="page.html" style="border:0;width:%(width)dpx;height:1800px"></iframe>
<script>
document.getElementById("page").addEventListener("load", event => {
  const page = event.target.contentDocument, root = page.scrollingElement, width = root.clientWidth;
  const inside = e => e.closest(".scroll, .chart, svg, .skip, .matrix");
  const out = [...page.body.querySelectorAll("*")]
    .filter(e => !inside(e) && e.getBoundingClientRect().right > width + 1).map(e => e.tagName + "." + e.className);
  document.getElementById("seen").textContent =
    JSON.stringify({overflow: root.scrollWidth - width, out: out.slice(0, 5), text: page.body.innerText.slice(0, 20000)});
});
</script></body>"""
