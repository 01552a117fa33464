"""``upgrade check``: before and after; everything that an upgrade can take away shows, in text, JSON and HTML."""

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from websakctl.live.capabilities import USER_PATHS
from websakctl.sandbox.process import ensure_server, stop_server

from .command_line import Cli
from .conftest import Kept, keep

BEFORE, AFTER = ("upgrade", "check", "before"), ("upgrade", "check", "after")


@pytest.fixture(scope="module")
def once_before(once_applied: Kept, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The record is taken."""
    cli = once_applied.again(tmp_path_factory.mktemp("before"))
    reported = cli(*BEFORE).out
    assert re.match(r"Recorded: \d+ objects \(snapshot environment-\S+\), User API 3\.3, \d+ capabilities\.", reported)
    return keep(cli, once_applied.websak)


@pytest.fixture
def recorded(once_before: Kept, tmp_path: Path, websak: Any) -> Cli:
    return once_before.again(tmp_path)


def after(cli: Cli, code: int = 1, **kwargs: Any) -> Any:
    return cli(*AFTER, "--format", "json", code=code, **kwargs).json


def failures(document: Any) -> list[str]:
    result = [f"{c['what']}: {c['detail']}" for c in document["capabilities"] if not c["ok"]]
    for slug, checks in document["districts"].items():
        result += [f"{slug} {c['what']}: {c['detail']}" for c in checks if not c["ok"]]
    return result


def test_nothing_happened(recorded: Cli, websak: Any) -> None:
    document = after(recorded, code=0)
    assert document["ok"]
    assert document["objects"]["before"] == document["objects"]["after"]
    assert document["objects"]["after"]["case_type"] == 2
    assert document["setup"]["changes"] == []
    assert document["deprecated"] == []
    assert [(c["what"], c["ok"]) for c in document["districts"]["frogner"]] == [
        ("org_units", True),
        ("sub_orgs", True),
        ("mail routes", True),
        ("look-up by external id", True),
    ]
    reported = recorded(*AFTER).out
    assert "Nothing was lost." in reported
    assert "Nothing differs" in reported
    assert "Deprecated calls still in use\n\n- none" in reported
    assert websak.effects() == []


@pytest.mark.parametrize("command", [BEFORE, AFTER])
def test_each_list_is_downloaded_once(recorded: Cli, websak: Any, command: tuple[str, ...]) -> None:
    """The plan reads lists, and so do the probes; the server counts."""
    lists = [path for path in USER_PATHS if "?" not in path]
    never = {"fault": "delay", "times": 1, "params": {"seconds": 0}}
    rules = [{**never, "match": {"method": "GET", "path": f"^{path}$", "nth": 10**6}} for path in lists]
    websak.ask("POST", "faults", rules)
    recorded(*command)
    counts = {path: rule["matched"] for path, rule in zip(lists, websak.ask("GET", "faults"), strict=True)}
    assert counts == dict.fromkeys(lists, 1)


def test_the_setup_changed(recorded: Cli, websak: Any) -> None:
    websak.edit("case_type", "PERS", retention="G")
    websak.edit("department", "TEST", name="Noe som ikke styres")
    websak.edit("department", "SA-BYDEL", valid_to_date="2026-01-01")
    websak.edit("sub_org", "874778702", unit="FR-BORTE")
    document = after(recorded)
    assert {c["address"]: c["action"] for c in document["setup"]["changes"]} == {
        "case_type/base/PERS": "update",
        "org_unit/sagene/SA-BYDEL": "deactivate",
        "sub_org/frogner/874778702": "update",
    }
    assert failures(document) == [
        "frogner mail routes: 0 of 1 end at a live unit; not 874778702",
        "sagene org_units: 2 of 3 there and active; missing SA-BYDEL",
        "sagene mail routes: 0 of 1 end at a live unit; not 974778726",
        "sagene look-up by external id: SA-BYDEL answers, and is retired",
    ]
    reported = recorded(*AFTER, code=1).out
    assert "7 things to look at." in reported
    assert 'retention: "B" -> "G"' in reported
    assert "Difference: 0 created, 2 updated, 1 deactivated." in reported


def test_an_endpoint_that_nothing_of_ours_needs_is_gone(recorded: Cli, websak: Any) -> None:
    websak.fault("status", path="/api/Zones", times=None, code=404)
    websak.fault("status", path="/api/Admin/usercount", times=None, code=500)
    assert failures(after(recorded)) == [
        "GET /api/Zones: answered 200 before, 404 now",
        "GET /api/Admin/usercount: answered 200 before, 500 now",
    ]


@pytest.mark.parametrize("path", ["/access-codes", "/api/AccessGroups$", "/api/v2/departments/flat"])
def test_an_endpoint_that_we_need_is_gone_and_there_is_a_report_all_the_same(
    recorded: Cli, websak: Any, path: str
) -> None:
    websak.fault("status", path=path, times=None, code=410)
    document = after(recorded)
    assert not document["ok"]
    assert "410" in document["unread"]
    assert any("answered 200 before, 410 now" in failure for failure in failures(document))
    assert document["setup"]["changes"] == []
    reported = recorded(*AFTER, "--html", "report.html", code=1)
    assert "it could not be read, so nothing is known of it" in reported.out
    assert "oppsettet kunne ikke leses" in (recorded.root / "report.html").read_text(encoding="utf-8")


def test_a_server_that_is_not_there_is_no_upgrade(recorded: Cli) -> None:
    nowhere = {"WEBSAKCTL_BASE_URL": "http://127.0.0.1:9", "WEBSAKCTL_TOKEN_URL": "http://127.0.0.1:9/connect/token"}
    recorded(*AFTER, code=7, env=nowhere)
    recorded(*AFTER, code=6, env={"WEBSAKCTL_CLIENT_SECRET": "not the right one"})


def test_fields_that_are_gone_and_new(recorded: Cli, websak: Any) -> None:
    websak.fault("extra_fields", path="/api/AccessGroups", times=None, fields={"newInThisVersion": 1})
    websak.fault("status", path="/api/Zones", times=None, code=200, body=[{"id": 1, "renamed": "x"}])
    websak.fault("junk_array", path=r"/api/Users", times=None)
    document = after(recorded)
    assert "GET /api/AccessGroups: fields new: newInThisVersion" in [
        f"{c['what']}: {c['detail']}" for c in document["capabilities"] if c["ok"]
    ]
    result = failures(document)
    assert "GET /api/Users?limit=1: answered with objects before, with none now" in result
    (zones,) = [f for f in result if "Zones" in f]
    assert zones.startswith("GET /api/Zones: fields gone: ")
    assert document["setup"]["changes"] == []


def test_a_call_that_is_deprecated_now(recorded: Cli, websak: Any) -> None:
    ending = {
        "Deprecation": "@1767225600",
        "Sunset": "Sat, 01 Jan 2028 00:00:00 GMT",
        "Content-Type": "application/json",
    }
    websak.fault("status", path="/api/Zones", times=None, code=200, body="[]", headers=ending)
    assert "GET /api/Zones: now deprecated, ends Sat, 01 Jan 2028 00:00:00 GMT" in failures(after(recorded))


def test_no_record_and_a_broken_one(applied: Cli) -> None:
    assert "no upgrade of environment was begun from here" in applied(*AFTER, code=1).err
    assert "neither before nor after" in applied("upgrade", "check", "during", code=64).err
    applied(*BEFORE)
    (record,) = applied.state.glob("upgrade-*.json")
    text = record.read_text(encoding="utf-8")
    for broken in ("", "[]", "{}", text.replace('"capabilities"', '"x"'), text[:50]):
        record.write_text(broken, encoding="utf-8")
        refused = applied(*AFTER, code=None)
        assert refused.code in (1, 4)
        assert "a record of an upgrade" in refused.err
    record.write_text(text, encoding="utf-8")
    (snapshot,) = (applied.state / "snapshots").iterdir()
    snapshot.write_text(snapshot.read_text(encoding="utf-8").replace("Personalmappe", "Personal"), encoding="utf-8")
    assert "it was changed after it was taken" in applied(*AFTER, code=4).err
    snapshot.unlink()
    assert "there is no snapshot" in applied(*AFTER, code=64).err


# --- versions


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, sandbox33: Any) -> Iterator[Any]:
    """A server of version 3.0 on the same database."""
    home = tmp_path_factory.mktemp("older")
    (home / "sandbox").mkdir(mode=0o700)
    credentials = json.dumps({"client_id": sandbox33.server.client_id, "client_secret": sandbox33.server.client_secret})
    (home / "sandbox" / "credentials.json").write_text(credentials, encoding="utf-8")
    server = ensure_server(home, api_version="3.0", database=sandbox33.server.database)
    yield {
        "WEBSAKCTL_BASE_URL": server.base_url,
        "WEBSAKCTL_SETUP_URL": server.setup_url,
        "WEBSAKCTL_TOKEN_URL": server.token_url,
        "WEBSAKCTL_CLIENT_SECRET": server.client_secret,
    }
    stop_server(home)


def test_from_the_old_version_to_the_new_and_back(applied: Cli, older: dict[str, str]) -> None:
    assert "User API 3.0" in applied(*BEFORE, env=older).out
    up = after(applied, code=None)
    reported = [f"{c['what']}: {c['detail']}" for c in up["capabilities"]]
    assert "User API version: 3.0 -> 3.3" in reported
    assert "GET /api/v2/departments/flat: new: answered 404 before, 200 now" in reported
    assert up["setup"]["changes"] == []
    assert not [f for f in failures(up) if "deprecated" not in f]  # the old calls are there, and on their way out

    applied(*BEFORE)
    down = after(applied, env=older)
    result = failures(down)
    assert "User API version: 3.3 -> 3.0" in result
    assert "GET /api/v2/departments/flat: answered 200 before, 404 now" in result
    assert any(f.startswith("GET /api/Departments/flat: fields gone: ") for f in result)
    assert down["setup"]["changes"] == []


def test_deprecated_calls_that_are_still_in_use(applied: Cli) -> None:
    """The environment is set to 3.0, and the server has moved on to 3.3."""
    old_calls = {"WEBSAKCTL_API_VERSION": "3.0"}
    applied(*BEFORE, env=old_calls)
    document = after(applied, code=0, env=old_calls)
    assert any("set api_version to 3.3 before the old ones end" in line for line in document["deprecated"])
    applied.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "")
    applied.apply("--quiet", env=old_calls)
    document = after(applied, code=0, env=old_calls)
    used = [line for line in document["deprecated"] if line.startswith("GET /api/Departments/{id}/deactivate")]
    assert len(used) == 1
    assert re.search(r"is deprecated by the server and ends .*20\d\d", used[0])
    assert "2028" in applied(*AFTER, code=0, env=old_calls).out
    moved_on = after(applied, code=0)
    assert all("the calls of 3.3 are in use now" in line for line in moved_on["deprecated"])


# --- required fields


class Document:
    """An OpenAPI document that changes, served from a port of its own."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] | None = {}
        document = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"components": {"schemas": document.schemas}}).encode()
                self.send_response(200 if document.schemas is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/swagger.json"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def document() -> Iterator[Document]:
    result = Document()
    yield result
    result.close()


def test_new_required_fields(applied: Cli, document: Document) -> None:
    url = f'environments:\n  environment: {{openapi_url: "{document.url}"}}\n'
    path = applied.root / "config/websak.yaml"
    path.write_text(path.read_text(encoding="utf-8") + url, encoding="utf-8")
    document.schemas = {
        "DepartmentRequest": {"type": "object", "required": ["name"]},
        "UserRequest": {"type": "object"},
        "Other": {"type": "object", "required": ["a", "b"]},
    }
    applied(*BEFORE)
    assert after(applied, code=0)["ok"]
    document.schemas = {
        "DepartmentRequest": {"type": "object", "required": ["code", "name"]},
        "UserRequest": {"type": "object", "required": ["mailAddresses"]},
        "Other": {"type": "object", "required": ["a"]},
        "Brand": {"type": "object", "required": ["new"]},
    }
    assert failures(after(applied)) == [
        "schema DepartmentRequest: now required: code",
        "schema UserRequest: now required: mailAddresses",
    ]
    document.schemas = None
    assert failures(after(applied)) == [
        "OpenAPI documents: schemas gone, or not to be read any longer: DepartmentRequest, Other, UserRequest"
    ]
    assert after(applied, code=1, env={"WEBSAKCTL_SETUP_URL": ""})["ok"] is False


# --- as HTML


class Page(HTMLParser):
    """What a page holds: tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


EVIL = "<script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;</td>"


@pytest.fixture
def page(recorded: Cli, websak: Any) -> Path:
    websak.edit("case_type", "PERS", name=EVIL)
    websak.edit("department", "SA-HELSE", name="\u202edæver\u0007")
    websak.fault("status", path="/api/Zones", times=None, code=404)
    reported = recorded(*AFTER, "--html", "report.html", code=1)
    assert "Written to report.html." in reported.err
    return recorded.root / "report.html"


def test_the_page_is_whole_by_itself_and_nothing_in_it_acts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    result = Page(text)
    assert EVIL.replace('"', '\\"') in result.text  # as it is, to be read
    assert {tag for tag, _ in result.tags} <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "p",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "span",
        "a",
        "details",
        "div",
        "footer",
        "header",
        "section",
        "summary",
    }
    attributes = {name for _, attrs in result.tags for name in attrs}
    assert attributes <= {
        "aria-label", "charset", "class", "content", "href", "http-equiv", "id", "lang", "name", "role", "scope", "tabindex",
    }  # fmt: skip
    assert [value for _, attrs in result.tags for name, value in attrs.items() if name == "href"] == ["#main"]
    assert "default-src 'none'; style-src 'unsafe-inline'\"" in text
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    assert "http" not in text.replace(result.text, "").replace("http://127.0.0.1", "").replace("http-equiv", "")
    assert "\u202e" not in text
    assert "\u0007" not in text
    for reported in (
        "Oppgradering av Websak environment",
        "3 forhold å se på.",
        "Feil på serveren",
        "GET /api/Zones",
        "svarte 200 før, 404 nå",
        "oppslag på ekstern id",
    ):
        assert reported in result.text
    assert result.text.index("Feil på serveren") < result.text.index("Oppsett")
    assert '<html lang="nb">' in text


def test_the_page_in_english(recorded: Cli) -> None:
    recorded(*AFTER, "--html", "report.html", "--lang", "en")
    text = (recorded.root / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in text
    assert "Nothing was lost." in text
    assert "--lang nn is not one of nb, en" in recorded(*AFTER, "--html", "report.html", "--lang", "nn", code=64).err


def test_a_browser_shows_the_page(page: Path, tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("there is no Chromium on this machine")
    shown = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    ).stdout
    assert "Feil på serveren" in Page(shown).text
    assert EVIL.replace('"', '\\"') in Page(shown).text
    assert not [tag for tag, _ in Page(shown).tags if tag in ("script", "img")]


# --- what the upgrade did not do


def test_what_websakctl_itself_applied_in_between_is_no_doing_of_the_upgrade(recorded: Cli, websak: Any) -> None:
    recorded.edit("config/org_units.yaml", "Oppvekst", "Oppvekst og læring")
    recorded.edit("config/org_units.yaml", "    HELSE: {name: Helse og mestring}\n", "    NAER: {name: Nærmiljø}\n")
    recorded.apply("--quiet")
    document = after(recorded, code=0)
    assert document["setup"]["changes"] == []
    assert set(document["applied_between"]) == {
        f"org_unit/{slug}/{prefix}-{key}"
        for slug, prefix in (("frogner", "FR"), ("sagene", "SA"))
        for key in ("OPPV", "HELSE", "NAER")
    }
    assert "6 resources were changed by websakctl itself since the record" in recorded(*AFTER).out
    websak.edit("department", "FR-OPPV", name="Oppvekst etter oppgradering")  # on top of it, and not ours
    document = after(recorded)
    assert [(c["address"], c["fields"]) for c in document["setup"]["changes"]] == [
        (
            "org_unit/frogner/FR-OPPV",
            [{"path": "name", "before": "Oppvekst og læring", "after": "Oppvekst etter oppgradering"}],
        )
    ]


def test_what_was_never_applied_is_no_loss(recorded: Cli) -> None:
    recorded.edit("config/org_units.yaml", "    OPPV:", "    NY: {name: Ny enhet}\n    OPPV:")
    document = after(recorded, code=0)
    (units,) = [c for c in document["districts"]["frogner"] if c["what"] == "org_units"]
    assert units == {"ok": True, "what": "org_units", "detail": "3 of 3 there and active; 1 not applied yet"}


def test_what_people_have_set_is_recorded_and_compared_too(applied: Cli) -> None:
    file = applied.root / "config/people.yaml"
    file.write_text("each_district:\n  committees:\n    BU: {name: Bydelsutvalget}\n", encoding="utf-8")
    applied("worklist", "done", "committee/*", "--by", "Kari", "--evidence", "Sak 27/1")
    applied(*BEFORE)
    assert after(applied, code=0)["objects"]["before"]["committee"] == 2
    applied("worklist", "reopen", "committee/frogner/FR-BU", "--by", "Kari", "--reason", "feil utvalg")
    document = after(applied, code=None)
    assert document["objects"]["after"]["committee"] == 1
    assert "committee/frogner/FR-BU" not in json.dumps(document["setup"]["changes"])  # the record was taken back by us


def test_findings_come_first_and_what_is_well_is_one_line(recorded: Cli, websak: Any) -> None:
    websak.edit("department", "SA-BYDEL", valid_to_date="2026-01-01")
    out = recorded(*AFTER, code=1).out
    assert out.index("Failed checks in the districts") < out.index("Setup") < out.index("Objects by kind")
    assert "checks in 2 districts are well (--expand lists them)" in out
    assert "there and active" not in out.partition("Districts as before")[2]
    assert "frogner   org_units" in recorded(*AFTER, "--expand", code=1).out.partition("Districts as before")[2]
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d", out)  # the time is Oslo's, and written for people
