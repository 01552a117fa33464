"""What districts and owners read has both languages: no text lacks its translation, and no translation lacks its text."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.kinds import all_kinds
from websakctl.model.kind import Api
from websakctl.report.texts import counted, text, translated
from websakctl.report.texts.bokmaal import BOKMAAL, FINDINGS
from websakctl.report.texts.dates import day, listed, number, short_day, week, weekday
from websakctl.report.texts.filed import filed_in
from websakctl.report.texts.kinds import things
from websakctl.report.view_models import DocumentReport, Section

PACKAGE = Path(__file__).parents[2] / "websakctl"
CATALOGUE = PACKAGE / "report" / "texts" / "bokmaal.py"
SOURCES = [file for file in sorted(PACKAGE.rglob("*.py")) if file != CATALOGUE and "sandbox" not in file.parts]
PAGES = sorted(PACKAGE.glob("report/pages/*.html"))
TRANSLATED = (
    "rollout/routing.py",
    "rollout/altinn.py",
    "rollout/gates.py",
    "operations/change/upgrade.py",
    "consistency/business_register.py",
    "consistency/receiving.py",
    "consistency/websak.py",
    "consistency/mending.py",
)  # modules whose findings are shown
IN_A_PAGE = re.compile(r"""\b[tn]\((?:"([^"]+)"|'([^']+)')""")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def looked_up() -> set[str]:
    """Every text that is asked for by itself, in the program and on its pages."""
    result = {a or b for file in PAGES for a, b in IN_A_PAGE.findall(file.read_text(encoding="utf-8"))}
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and looks_up(node.func) and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    result.add(first.value)
    return result


def looks_up(function: ast.expr) -> bool:
    """Whether a call asks for a text; ``terminal.say`` is no such call, ``say = wording.text`` is."""
    match function:
        case ast.Name(id="text" | "counted" | "say") | ast.Attribute(attr="text"):
            return True
        case _:
            return False


def constants() -> set[str]:
    """Every text that stands anywhere in the program."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in SOURCES)
    return {
        n.value for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_no_text_lacks_its_translation() -> None:
    asked = looked_up()
    assert len(asked) > 80
    assert sorted(asked - BOKMAAL.keys()) == []


def test_no_translation_lacks_its_text() -> None:
    assert sorted(BOKMAAL.keys() - looked_up() - constants()) == []


@pytest.mark.parametrize("catalogue", [BOKMAAL, FINDINGS], ids=["texts", "findings"])
def test_both_languages_name_the_same_values(catalogue: dict[str, str]) -> None:
    odd = [
        english
        for english, norwegian in catalogue.items()
        if set(PLACEHOLDER.findall(english)) != set(PLACEHOLDER.findall(norwegian))
        or english.count("|") != norwegian.count("|")
        or not norwegian.strip()
        or norwegian.endswith(".") != english.endswith(".")
    ]
    assert odd == []


def findings(path: str) -> Iterator[str]:
    """The sentences that a module makes, with values filled in: what it holds of texts with a blank, but docstrings."""
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inside.add(id(node.value))  # a docstring
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "7" for p in node.values)
            yield "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


# texts that are no finding: they join others, or are names and calls
NO_FINDING = re.compile(
    r"7? ?7|7: 7|7, 7: 7|.*7 7: 7|GET 7|, .*|; .*|/api.*|.*websakctl .*|7 seat7|7 -> 7|7 of 7 7|7 of 7 there and active77|; .* not applied yet|Setup API"
    r"|under 7| \(ids 7\)|.*(external id|same mail)7.*|.*oslo kommune.*"  # alike, or with a part that may be empty
    r"|(in )?(config/ or )?districts/.*|in 7|then .*|under sub_orgs:.*|channel: .*|run it .*|`.*"  # how: not shown on pages
)


@pytest.mark.parametrize("path", TRANSLATED)
def test_every_finding_has_its_translation(path: str) -> None:
    sentences = {s for s in findings(path) if " " in s.strip() and not NO_FINDING.fullmatch(s)}
    assert len(sentences) > 5
    assert sorted(s for s in sentences if translated(s, "nb") == s) == []


def test_every_step_that_a_plan_leaves_to_people_has_its_translation() -> None:
    created = {s.replace("differ7", "differs") for s in findings("plan/diff.py")}
    steps = {s for s in created if re.search(r"(: .*in Websak|: .*manually)$", s)}
    assert len(steps) == 11
    steps |= {kind.open_cases for kind in all_kinds().values() if kind.open_cases}
    assert sorted(s for s in steps if translated(s, "nb") == s) == []


@given(text=st.text(max_size=80), key=st.sampled_from(sorted(FINDINGS)))
def test_any_sentence_can_be_said(text: str, key: str) -> None:
    filled = PLACEHOLDER.sub(lambda _: text or "x", key)
    for sentence in (text, filled, f"{text}: {filled}"):
        assert translated(sentence, "en") == sentence
        assert isinstance(translated(sentence, "nb"), str)


def test_every_kind_that_changes_has_a_name() -> None:
    for kind in all_kinds().values():
        if kind.api is not Api.CONFIG:
            for language in ("nb", "en"):
                assert things({kind.name: 2}, language).startswith("2 ")
    assert things({"org_unit": 1, "sub_org": 3, "form": 0}, "nb") == "1 enhet og 3 postruter"


def test_one_and_many() -> None:
    assert counted("{n} day|{n} days", "nb", 1) == "1 dag"
    assert counted("{n} day|{n} days", "nb", 3) == "3 dager"
    assert counted("{n} day|{n} days", "en", 0) == "0 days"
    assert text("after {batch}", "nb", batch="Første pulje") == "etter Første pulje"


def test_a_finding_is_translated_with_what_it_holds() -> None:
    reported = "it is so already, and MOTTAK must come first, which is not passed (unknown)"
    assert (
        translated(reported, "nb")
        == "dette er allerede gjort, men MOTTAK må komme først og er ikke i orden (ikke avklart)"
    )
    gap = "975016684 Frogner barnehage: no unit: what comes through SvarInn ends on no desk"
    assert translated(gap, "nb").startswith(
        "975016684 Frogner barnehage: enhet mangler: det som kommer gjennom SvarInn"
    )
    assert translated(gap, "en") == gap
    assert translated("Kari sier nei {n} {", "nb") == "Kari sier nei {n} {"
    assert (
        translated("waived by {x} until 2027-01-01: {0.__class__}", "nb")
        == "fraveket av {x} til 2027-01-01: {0.__class__}"
    )


@pytest.mark.parametrize(
    ("told", "norwegian"),
    [
        ("published by themselves: A, B, … and 5 more", "publiseres automatisk: A, B, … og 5 til"),
        ("rollout PULJE-1 (frogner first)", "innføring av PULJE-1 (frogner først)"),
        ("rollout PULJE-1 (the rest)", "innføring av PULJE-1 (resten)"),
        ("work list: sak 26/1", "arbeidsliste: sak 26/1"),
        ("work list reopened: feil utvalg", "arbeidsliste åpnet igjen: feil utvalg"),
    ],
)
def test_what_the_page_tells_of_lists_and_runs_is_translated(told: str, norwegian: str) -> None:
    assert translated(told, "nb") == norwegian


def test_dates_numbers_and_lists() -> None:
    spring = date(2027, 3, 1)
    assert (day(spring, "nb"), day("2027-03-01", "en")) == ("1. mars 2027", "1 March 2027")
    assert (short_day(spring, "nb"), short_day("2027-02-01", "nb")) == ("1. mars 2027", "1. feb. 2027")
    assert (weekday(spring, "nb"), weekday(spring, "en")) == ("mandag 1. mars 2027", "Monday 1 March 2027")
    assert (week("2027-01-01", "nb"), week("2027-01-04", "en")) == ("uke 53, 2026", "week 1")
    assert (number(12400, "nb"), number(12400, "en")) == ("12\u00a0400", "12,400")
    assert (listed("abc", "nb"), listed("abc", "en"), listed("a", "nb")) == ("a, b og c", "a, b and c", "a")


def test_a_filed_document_keeps_names_and_values() -> None:
    report = DocumentReport(
        title="Upgrade of Websak test",
        ok=False,
        verdict="2 things to look at.",
        facts=[("Environment", "test (https://x)")],
        sections=[
            Section(title="Setup", columns=("kind", "before", "after"), rows=[("org_unit", 3, 2)], lines=["Difference: 0 created, 1 updated, 2 deactivated. Nothing else differs (7 checked)."]),
            Section(title="Capabilities", columns=("", "what", "found"), rows=[("FAILED", "GET /api/Zones", "answered 200 before, 404 now")]),
        ],
    )  # fmt: skip
    filed = filed_in(report, "nb")
    assert filed.language == "nb"
    assert (filed.title, filed.verdict) == ("Oppgradering av Websak test", "2 forhold å se på.")
    assert filed.facts == [("Miljø", "test (https://x)")]
    assert filed.sections[0].rows == [["enhet", 3, 2]]
    assert filed.sections[0].lines == [
        "Forskjell: 0 opprettet, 1 endret, 2 deaktivert. Ellers er ingenting forskjellig (7 kontrollert)."
    ]
    assert filed.sections[1].rows == [["FEIL", "GET /api/Zones", "svarte 200 før, 404 nå"]]
    assert filed_in(report, "en") is report
