"""Every page in Chromium, at 1280 and 390 pixels, light and dark: axe-core finds nothing serious, and nothing sticks out."""

import html as markup
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli, write_files
from tests.papers.conftest import CHROMIUM, GATES, PAPERS

AXE = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WIDTHS = (1280, 390)
PAPER = 688  # pixels between the margins of an A4 sheet, as page.css has them: 182 mm
WIDEST = PAPER * 3 // 2  # Chromium shrinks what is wider, to two thirds at the least; the rest is cut
MOST_SHEETS = {"status": 6, "plan-nb": 3, "evidence": 9}  # of the small repository
SCHEMES = {"dark": 0, "light": 1}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
MAP = """reform: {name: Eksempel, date: 2028-01-01, owner: Byarkivet}
districts:
  a: {name: Bydel A, number: "01", orgnr: "312345005", short_name: BXA, prefix: XA, take_over: [frogner, sagene]}
"""
FRAME = """<!doctype html><html lang="en"><title>frames</title><body style="margin:0"><pre id="found"></pre>
<script>
const pages = %(pages)s, found = {};
async function look() {
  for (const [page, width] of pages) {
    const frame = document.createElement("iframe");
    frame.style = `border:0;width:${width}px;height:1800px`;
    frame.src = page;
    const loaded = new Promise(done => frame.addEventListener("load", done));
    document.body.append(frame);
    await loaded;
    const inside = frame.contentWindow, root = frame.contentDocument.scrollingElement;
    const result = inside.axe ? await inside.axe.run(frame.contentDocument, {resultTypes: ["violations"]}) : {violations: []};
    const cut = [...frame.contentDocument.querySelectorAll("main *, header *")].filter(
      e => inside.getComputedStyle(e).overflowX != "visible" && e.scrollWidth > e.clientWidth + 1 && e.textContent.trim());
    found[`${page} ${width}`] = {
      overflow: root.scrollWidth - root.clientWidth,
      cut: cut.map(e => e.outerHTML.slice(0, 160)),
      violations: result.violations.filter(v => ["serious", "critical"].includes(v.impact))
        .map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map(n => n.html.slice(0, 160)).join(" | ")}`),
    };
    frame.remove();
  }
  document.getElementById("found").textContent = JSON.stringify(found);
}
look();
</script></body></html>"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: cd tests/pages && npm ci"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, sandbox33: Any) -> Path:
    """Every page that the program writes, of one small repository; some things are wrong in it, and some are well."""
    folder = tmp_path_factory.mktemp("pages")
    attested = "attestations:\n  OPPLAERING: {by: Kari, on: 2026-01-20, evidence: sak 26/1}\n"
    files = {
        **PAPERS,
        "config/gates.yaml": GATES,
        "districts/frogner/attested.yaml": attested,
        "districts/sagene/own.yaml": "committees:\n  BU: {name: Bydelsutvalget, status: example}\n",
    }
    cli = Cli(write_files(folder / "repo", files), sandbox33.fresh().variables)
    out = folder / "out"
    out.mkdir()

    def keep(name: str, *args: str) -> None:
        (out / f"{name}.html").write_text(cli(*args, "--format", "html", code=None).out, encoding="utf-8")

    keep("plan", "plan")
    cli("upgrade", "check", "before")
    cli.apply("--quiet", "--reason", "første oppsett")
    cli("upgrade", "check", "after", "--html", str(out / "upgrade.html"))
    cli.edit("config/org_units.yaml", "HELSE: {name: Helse og mestring}", "NAER: {name: Nærmiljø}")
    keep("plan-nb", "plan", "--lang", "nb")
    keep("drift", "drift")
    keep("rollout-status", "rollout", "status")
    keep("rollout-check", "rollout", "check", "PULJE-1")
    keep("schedule", "rollout", "schedule")
    saved = cli.root / "p.json"
    cli("plan", "--out", str(saved))
    keep("rehearsal", "rehearse", str(saved))
    write_files(cli.root, {"map.yaml": MAP})
    keep("reform", "reform", "plan", "map.yaml")
    keep_evidence(cli, out)
    cli("rollout", "report", "--html", str(out / "status.html"))
    cli("rollout", "report", "--html", str(out / "status-en.html"), "--lang", "en")
    return out


def measured(folder: Path, wanted: list[tuple[str, int]], scheme: int) -> dict[str, Any]:
    """What Chromium finds in pages of a folder, each in a frame of a width."""
    frame = folder / "frames.html"
    frame.write_text(FRAME % {"pages": json.dumps(wanted)}, encoding="utf-8")
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            *FLAGS,
            f"--blink-settings=preferredColorScheme={scheme}",
            "--virtual-time-budget=60000",
            "--window-size=1400,2000",
            f"--user-data-dir={folder}/profile",
            "--dump-dom",
            frame.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=240,
    )
    shown = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert shown and shown[1], done.stdout[-1500:] + done.stderr[-1500:]
    found: dict[str, Any] = json.loads(markup.unescape(shown[1]))
    return found


def keep_evidence(cli: Cli, out: Path) -> None:
    """The index of evidence that is incomplete, since the clone that it is made in is shallow."""
    committed = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.invalid"}
    committed |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in committed.items()}
    for words in (["init", "-q"], ["add", "config", "districts"], ["commit", "-qm", "sak 26/1"]):
        subprocess.run(["git", *words], cwd=cli.root, env={**cli.surroundings(), **committed}, check=True)
    (cli.root / ".git/shallow").write_bytes(
        subprocess.run(["git", "rev-parse", "HEAD"], cwd=cli.root, capture_output=True, check=True).stdout
    )
    cli("evidence", "--as-of", "2098-12-31", "--out", "evidence", code=1)
    shutil.copy(cli.root / "evidence/index.html", out / "evidence.html")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_serious_is_found_in_any_page_at_any_width(pages: Path, tmp_path: Path, scheme: str) -> None:
    shutil.copy(AXE, tmp_path / "axe.min.js")
    names = sorted(path.name for path in pages.glob("*.html"))
    for name in names:
        text = (pages / name).read_text(encoding="utf-8")
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)  # it would not let axe in
        (tmp_path / name).write_text(
            text.replace("</body>", '<script src="axe.min.js"></script></body>'), encoding="utf-8"
        )
    wanted = [(name, width) for name in names for width in WIDTHS]
    found = measured(tmp_path, wanted, SCHEMES[scheme])
    assert len(found) == len(wanted) == len(names) * 2 >= 22
    assert {page: each["violations"] for page, each in found.items() if each["violations"]} == {}
    assert {page: each["overflow"] for page, each in found.items() if each["overflow"] > 0} == {}


def test_every_page_has_the_same_head_and_style(pages: Path) -> None:
    styles = set()
    for path in pages.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style is not None
        styles.add(style[1])
        facts = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
        assert any(value.startswith("websakctl ") for value in facts.values()), path.name
        assert not re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text), (
            f"{path.name} has a time that is not written for people"
        )
        language = "en" if path.stem in ("plan", "drift", "status-en", "rehearsal") else "nb"
        assert f'<html lang="{language}">' in text, path.name
    assert len(styles) == 1


def test_owners_are_shown_names_and_no_commands_or_keys(pages: Path) -> None:
    for name in ("status", "status-en"):
        text = re.sub(
            r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", (pages / f"{name}.html").read_text(), flags=re.DOTALL
        )
        assert not re.search(r"websakctl (users|worklist|suborgs|adopt|licences|apply|plan|rollout)", text)
        assert "OPPLAERING" not in text and "PULJE-1" not in text
        assert "--" not in text


def test_nothing_is_cut_on_paper(pages: Path, tmp_path: Path) -> None:
    """With the styles for paper, at its width: no page is wider than Chromium can shrink, and no part hides what sticks out."""
    names = sorted(path.name for path in pages.glob("*.html"))
    for name in names:
        text = (pages / name).read_text(encoding="utf-8")
        assert "@media print" in text
        on_paper = text.replace("@media print", "@media all").replace("@media screen", "@media not all and")
        (tmp_path / name).write_text(on_paper, encoding="utf-8")
    found = measured(tmp_path, [(name, PAPER) for name in names], SCHEMES["light"])
    assert len(found) == len(names)
    wider = {page: each["overflow"] for page, each in found.items() if PAPER + each["overflow"] > WIDEST}
    assert wider == {}
    assert {page: each["cut"] for page, each in found.items() if each["cut"]} == {}


def test_pictures_to_look_at(pages: Path, tmp_path: Path) -> None:
    """Kept in build/screenshots/, which git does not see: the status page and a plan, on paper too."""
    assert CHROMIUM is not None
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name in MOST_SHEETS:
        paper = SCREENSHOTS / f"{name}.pdf"
        paper.unlink(missing_ok=True)
        subprocess.run(
            [
                CHROMIUM,
                *FLAGS,
                f"--user-data-dir={tmp_path}/p",
                f"--print-to-pdf={paper}",
                (pages / f"{name}.html").as_uri(),
            ],
            capture_output=True,
            timeout=120,
        )
        content = paper.read_bytes()
        assert content.startswith(b"%PDF") and len(content) > 10_000
        sheets = len(re.findall(rb"/Type\s*/Page\b", content))
        assert 1 <= sheets <= MOST_SHEETS[name], f"{name}: {sheets} sheets"
