"""Plans for pull requests and for filing: bounded, whole where it matters, and safe with anything in a value."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.operations.config.plan_schema import plan_schema
from websakctl.plan.change import Action, Change, FieldChange, Finding, Plan
from websakctl.plan.document import to_document
from websakctl.plan.groups import grouped
from websakctl.report.formats import html, markdown, text
from websakctl.report.view_models import Look, PlanReport

NASTY = "</td><script>alert(1)</script> `tick` ``two`` | pipe | **bold** [a](http://x) <!-- x --> \u202e @all"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def district(number: int) -> District:
    return District(
        slug=f"bydel-{number}",
        name=f"Bydel {number}",
        number=f"{number:02}",
        orgnr=f"{300000000 + number}",
        short_name=f"B{number}",
        prefix=f"P{number}",
    )


def plan_of(changes: list[Change], districts: dict[str, District], **more: object) -> Plan:
    return Plan(
        environment="test", changes=tuple(changes), groups=grouped(changes, districts), unchanged=7, unmanaged=(), manual=(), findings=(), warnings=(),
        digests=lambda: ("sha256:" + "0" * 64, "sha256:" + "1" * 64), scopes=tuple(districts), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def report_of(plan: Plan) -> PlanReport:
    return PlanReport(plan=plan, made=lambda: to_document(plan, tool_version="1", created_at="2027-01-01T00:00:00Z"))


def update(scope: str, key: str, after: str, *, kind: str = "org_unit", shared: int = 0, before: str = "old") -> Change:
    return Change(
        address=Address(kind, scope, key),
        action=Action.UPDATE,
        fields=(FieldChange(path="name", before=before, after=after),),
        reason="differs",
        shared=shared,
    )


@pytest.fixture(scope="module")
def huge() -> Plan:
    """12 000 changes in three groups, one of them with an exception, and a shared row."""
    districts = {d.slug: d for d in map(district, range(1, 4_001))}
    changes = [update(d.slug, f"{d.prefix}-{key}", "new") for d in districts.values() for key in ("A", "B", "C")]
    changes[0] = update("bydel-1", "P1-A", "other")
    return plan_of([*changes, update("base", "PERS", "new", kind="case_type", shared=15)], districts)


def test_fifty_thousand_changes_in_three_groups_fit_everywhere() -> None:
    districts = {d.slug: d for d in map(district, range(1, 16_668))}
    changes = [update(d.slug, f"{d.prefix}-{key}", "new") for d in districts.values() for key in ("A", "B", "C")]
    report = report_of(plan_of(changes[:50_000], districts))
    assert len(report.plan.groups) == 3
    sizes = [len(form.FORMAT.render(report, Look()).encode()) for form in (text, markdown, html)]
    assert [size <= most for size, most in zip(sizes, (60_000, 60_000, 5_000_000), strict=True)] == [True] * 3, sizes


def test_very_many_new_ones_of_a_kind_in_one_place_are_a_few_lines_unless_expanded() -> None:
    two = {d.slug: d for d in map(district, (1, 2))}
    created = [FieldChange(path="name", before=None, after="Kari")]
    new = [
        Change(address=Address("user", "bydel-1", f"K{n}"), action=Action.CREATE, fields=tuple(created), reason="new")
        for n in range(1_240)
    ]
    few = [
        Change(address=Address("user", "bydel-2", f"L{n}"), action=Action.CREATE, fields=tuple(created), reason="new")
        for n in range(50)
    ]
    gone = [
        Change(address=Address("user", "bydel-2", f"G{n}"), action=Action.DEACTIVATE, fields=(), reason="left")
        for n in range(60)
    ]
    report = report_of(plan_of([*new, *few, *gone], two))
    lines = text.FORMAT.render(report, Look()).splitlines()
    reported = [line for line in lines if "bydel-1" in line]
    assert reported[:3] == [f'+ user  bydel-1/K{n}  "Kari"' for n in range(3)]
    assert [re.sub(r"\s", " ", line) for line in reported[3:]] == [
        "+ user  bydel-1  … and 1 237 more new ones (--expand lists each)"
    ]
    assert sum("bydel-2" in line for line in lines) == 110  # each of what goes is named
    assert sum("bydel-1/" in line for line in text.FORMAT.render(report, Look(expand=True)).splitlines()) == 1_240


def test_markdown_stays_below_60_kb_however_much_changes(huge: Plan) -> None:
    distinct = {d.slug: d for d in map(district, range(1, 16))}
    many = plan_of(
        [update("bydel-1", f"P1-K{n}", f"new {n}" * 5) for n in range(10_000)]
        + [update("base", "PERS", "x", kind="case_type", shared=15)],
        distinct,
    )
    for plan in (huge, many):
        written = markdown.FORMAT.render(report_of(plan), Look())
        assert len(written.encode()) <= 60_000
        assert text.summary_line(report_of(plan)) in written.replace("\\", "")
        assert "case_type **base/PERS**" in written  # shared rows are never cut
    assert "… and " in written
    counted = re.search(r"… and (\d+) more groups", written)
    assert counted is not None
    assert int(counted[1]) + written.count("\n- `~`") == len(many.groups)


def test_guards_and_exceptions_are_never_cut(huge: Plan) -> None:
    import msgspec

    findings = tuple(
        Finding(guard=f"deactivate:org_unit/bydel-{n}", count=6, message=f"6 would go in bydel-{n}") for n in range(15)
    )
    written = markdown.FORMAT.render(report_of(msgspec.structs.replace(huge, findings=findings)), Look())
    for finding in findings:
        assert f"--allow {finding.allowance}" in written
    assert "bydel-1/P1-A" in written
    assert "exception" in html.FORMAT.render(report_of(huge), Look())


def test_values_survive_as_text_in_markdown() -> None:
    districts = {d.slug: d for d in map(district, (1, 2))}
    plan = plan_of([update("bydel-1", "P1-A", NASTY), update("bydel-2", "P2-<b>|`x`", "n")], districts)
    written = markdown.FORMAT.render(report_of(plan), Look())
    outside = re.sub(r"(`+) ?.*? ?\1", "", written)  # what is not code
    assert "<script" not in outside
    assert "<b>" not in outside
    assert "http://x" not in outside
    assert "`` `tick` ``" not in written  # a fence as long as the run inside would end it
    assert "\\|" in written


class Page(HTMLParser):
    """Collects what a browser would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads.extend(value or "" for name, value in attrs if name in ("src", "href", "action", "data", "srcset"))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_one_file_that_loads_nothing_and_shows_values_as_text(huge: Plan) -> None:
    districts = {d.slug: d for d in map(district, (1, 2))}
    plan = plan_of([update("bydel-1", "P1-A", NASTY), update("bydel-2", "P2-A", "n")], districts)
    page = Page()
    page.feed(html.FORMAT.render(report_of(plan), Look()))
    assert page.loads == ["#main"]  # a place in the page itself
    assert page.tags.count("script") == 1
    assert text.shown(NASTY) in "".join(page.text)
    assert len(html.FORMAT.render(report_of(huge), Look()).encode()) <= 5_000_000
    assert len(text.FORMAT.render(report_of(huge), Look()).encode()) <= 60_000


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt install chromium")
def test_html_opens_in_a_browser_and_its_search_hides_what_does_not_match(tmp_path: Path) -> None:
    districts = {d.slug: d for d in map(district, (1, 2))}
    plan = plan_of(
        [update("bydel-1", "P1-A", NASTY), update("bydel-1", "P1-B", "findme"), update("bydel-2", "P2-B", "findme")],
        districts,
    )
    written = html.FORMAT.render(report_of(plan), Look())
    driver = """<script>{
      const box = document.getElementById("search"); box.value = "FINDME"; box.dispatchEvent(new Event("input"));
      document.title = [...document.querySelectorAll("#groups > details")].map(g => g.hidden ? "hidden" : "shown").join(",");
    }</script></body>"""
    path = tmp_path / "plan.html"
    path.write_text(written.replace("</body>", driver), encoding="utf-8")
    assert CHROMIUM is not None
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path}/profile",
    ]
    dom = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", path.as_uri()], capture_output=True, text=True, timeout=60
    ).stdout
    assert "<title>hidden,shown</title>" in dom


def test_the_plan_as_json_is_as_its_schema_says(huge: Plan) -> None:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    districts = {d.slug: d for d in map(district, (1, 2))}
    document = to_document(
        plan_of([update("bydel-1", "P1-A", NASTY)], districts), tool_version="1", created_at="2027-01-01T00:00:00Z"
    )
    jsonschema.Draft202012Validator(schema).validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**document, "more": 1})
    kept = Path(__file__).parents[2] / "docs/api/plan.schema.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == schema, "run `make docs`"
