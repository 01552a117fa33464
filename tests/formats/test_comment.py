"""The comment on a pull request: what matters most first, never too long, and nothing in it acts on GitHub or GitLab."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from tests.formats.test_plan_formats import district, plan_of, report_of, update
from websakctl.model.address import Address
from websakctl.plan.change import Action, Change, FieldChange, Finding, HandChange, ManualStep
from websakctl.redaction import national_id_valid
from websakctl.report.formats.markdown import FORMAT, text
from websakctl.report.formats.text import shown
from websakctl.report.view_models import Look, PlanReport, TableReport

DISTRICTS = {d.slug: d for d in map(district, (1, 2, 3))}
NEW = (FieldChange(path="name", before=None, after="Barnehager"),)
# What GitHub or GitLab turn into links, pictures or formulas after Markdown is done: looked for in each run of text.
ACTS = re.compile(
    r"@[\w\"]|[#!%^][\w\"]|~[\w\"]|&\d|\bG[HL]-\d|://|\bwww\.|:[\w+-]+:|\$.+\$", re.IGNORECASE | re.ASCII | re.DOTALL
)
OURS = {"<span>", "</span>"}  # around a dollar
ACTIVE = (
    "@", "#1", "!2", "$x$", "~a", "%3", "^4", "&5", "*", "_", "`", "|", "\\", "<b>", "<!--", "](x)", "![", "\n", "\r\n",
    "http://a.no", "www.a.no", "a@b.no", ":tada:", "GH-1", "/close", "- ", "1. ", "> ", "# ", "===", "    x", "&#64;",
)  # fmt: skip
anything = st.text(max_size=40) | st.lists(st.sampled_from(ACTIVE), max_size=12).map("".join)
GOLDEN = r"""<!-- websakctl plan test -->
## websakctl plan: test

**Plan: 1 to create, 5 to update, 1 to deactivate. 1 manual step. Nothing else differs (14 checked).**

- Address: `https://websak.example`
- Compared: config at 8d3c999, with Websak as read 2026-11-29 14:03 CET

> This environment is protected.

### Guards: apply refuses unless each is allowed

- 1 of 2 org\_units in bydel-2 would go: `--allow deactivate:org_unit/bydel-2=1`

### Shared rows and exceptions

- `~` case_type **base/PERS** shared: 3 districts
  - name: `"old"` → `"Personal"`

### Changes made by hand that apply would undo

- `~` org_unit **bydel-3/P3-SKOLE**
  - ⚠ groups changed by hand in Websak since 29 Nov 2026; apply puts it back
  - groups: - `"B"`
  - groups: + `"C"`

### Removals

- `-` org_unit **bydel-2/P2-GONE** (deactivate) `"Arkiv"`
  - 2 users refer to it

### Manual steps

- 1 case_type (`websakctl worklist show` says what to set)

### Warnings

- 1 user starts later

### Other changes

- `~` org_unit **\*/BHG** (all 3 districts)
  - name: `"old"` → `"Barnehager"`
- `+` org_unit **bydel-1/P1-NY** `"Barnehager"`
"""


def written(report: PlanReport) -> str:
    return FORMAT.render(report, Look())


def whole() -> PlanReport:
    """A plan with something of everything."""
    gone = Change(address=Address("org_unit", "bydel-2", "P2-GONE"), action=Action.DEACTIVATE, fields=(), reason="left")
    groups = FieldChange(path="groups", before=["A", "B"], after=["A", "C"])
    changes = [
        *(update(slug, f"P{n}-BHG", "Barnehager") for n, slug in enumerate(DISTRICTS, 1)),
        Change(address=Address("org_unit", "bydel-1", "P1-NY"), action=Action.CREATE, fields=NEW, reason="new"),
        replace(update("bydel-3", "P3-SKOLE", ""), fields=(groups,)),
        gone,
        update("base", "PERS", "Personal", kind="case_type", shared=3),
    ]
    name_and_users = {"name": "Arkiv", "follows": (("user", 2),)}
    step = "this Websak has no API for it: set it manually"
    plan = replace(
        plan_of(changes, DISTRICTS, by_hand=(HandChange(address=Address("org_unit", "bydel-3", "P3-SKOLE"), paths=("groups",)),)),
        findings=(Finding(guard="deactivate:org_unit/bydel-2", count=1, message="1 of 2 org_units in bydel-2 would go"),),
        manual=(ManualStep(address=Address("case_type", "base", "TILSYN"), what=step),),
        warnings=("1 user starts later",),
        protected=True,
    )  # fmt: skip
    named = tuple(replace(g, **name_and_users) if g.action.removes else g for g in plan.groups)
    return replace(
        report_of(replace(plan, groups=named)),
        origin="https://websak.example",
        basis="Compared: config at 8d3c999, with Websak as read 2026-11-29 14:03 CET",
        since={Address("org_unit", "bydel-3", "P3-SKOLE"): "29 Nov 2026"},
    )


def test_what_matters_most_is_first() -> None:
    assert written(whole()).splitlines() == GOLDEN.splitlines()


def test_the_steps_of_the_change_at_hand_come_before_the_others() -> None:
    step = "set its leader"
    new, old = (Address("org_unit", "bydel-1", key) for key in ("P1-NY", "P1-GAMMEL"))
    plan = replace(plan_of([], DISTRICTS), manual=tuple(ManualStep(address=a, what=step) for a in (old, new)))
    comment = written(replace(report_of(plan), changed=frozenset({new})))
    this, others = comment.index("### Manual steps of this change"), comment.index("### Other manual steps")
    assert this < comment.index("P1-NY") < others < comment.index("P1-GAMMEL")
    assert "### Manual steps of this change" not in written(replace(report_of(plan), changed=frozenset()))
    made = Change(
        address=new, action=Action.CREATE, fields=NEW, reason="new"
    )  # one of many of a kind, and named all the same
    by_hand = ManualStep(address=new, what="this Websak has no API for it: set it manually", change=made)
    report = replace(report_of(replace(plan, manual=(by_hand,))), changed=frozenset({new}))
    assert "P1-NY" in written(report).partition("### Manual steps of this change")[2]


def test_each_command_has_its_own_marker() -> None:
    report = whole()
    first = [written(each).splitlines()[0] for each in (report, replace(report, drift=True), replace(report, compared=True))]  # fmt: skip
    assert first == [f"<!-- websakctl {word} test -->" for word in ("plan", "drift", "difference")]
    named = replace(report, plan=replace(report.plan, environment='x --> "y'))
    assert written(named).splitlines()[0] == "<!-- websakctl plan x%20--%3E%20%22y -->"
    assert "### Removed" in written(replace(report, drift=True))


@pytest.mark.parametrize("count", [0, 1, 1_000])
@given(word=anything, data=st.data())
@settings(max_examples=15, deadline=None)
def test_it_is_never_longer_than_60_kb_and_says_what_was_cut(count: int, word: str, data: st.DataObject) -> None:
    draw = data.draw
    sizes = st.sampled_from([0, 1, count])
    name = word * draw(st.sampled_from([1, 200]))
    updated = [update("bydel-1", f"P1-{n}{word}", name) for n in range(draw(sizes))]
    shared = [update("base", f"{n}{word}", name, kind="case_type", shared=3) for n in range(draw(sizes))]
    gone = [
        replace(update("bydel-2", f"P2-G{n}{word}", name), action=Action.DEACTIVATE, name=name)
        for n in range(draw(sizes))
    ]
    undone = tuple(HandChange(address=change.address, paths=("name",)) for change in updated[: draw(sizes)])
    step = [
        ManualStep(address=Address("user", "bydel-1", f"{n}"), what=f"{name}{n}", change=update("bydel-1", "x", name))
        for n in range(draw(sizes))
    ]
    plan = replace(
        plan_of([*updated, *shared, *gone], DISTRICTS, by_hand=undone, unseen=name),
        environment=f"test{word}",
        findings=tuple(Finding(guard=f"g{n}", count=1, message=f"{n} {name}") for n in range(draw(sizes))),
        warnings=(name,) * draw(sizes),
        manual=tuple(step),
    )
    report = replace(report_of(plan), origin=name, basis=name, notes=(name,))
    comment = written(report)
    assert len(comment.encode()) <= 60_000
    lost = sum(int(n) for n in re.findall(r"^- … and (\d+) more (?:group|guard|warning|step)s$", comment, re.MULTILINE))
    assert ("Too long for a comment" in comment) == bool(lost or "are one line each" in comment)
    listed = len(re.findall(r"^- `[-+~]` ", comment, re.MULTILINE))
    left_out = sum(map(int, re.findall(r"^- … and (\d+) more groups$", comment, re.MULTILINE)))
    assert listed + left_out == len(plan.groups)


def tokens(markdown: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(markdown):
        yield from token.children or [token]


@given(word=anything)
@settings(max_examples=60, deadline=None)
def test_nothing_in_a_name_or_a_value_acts(word: str) -> None:
    change = update("bydel-1", f"P1-{word}", word)
    other = update("base", f"K{word}", word, kind="case_type", shared=3)
    plan = replace(
        plan_of([change, other], DISTRICTS, unseen=word, by_hand=(HandChange(address=change.address, paths=(word,)),)),
        environment=f"test{word}",
        findings=(Finding(guard=f"g{word}", count=1, message=f"{word}"),),
        warnings=(word,),
        manual=(ManualStep(address=Address("user", "bydel-1", word), what=word),),
    )
    comment = written(replace(report_of(plan), origin=word, basis=word, notes=(word,)))
    codes = []
    for token in tokens(comment):
        if token.type == "code_inline":
            codes.append(token.content)
        elif token.type == "text":
            assert ACTS.search(token.content) is None, token.content
        elif token.type.startswith("html"):
            assert token.content.startswith("<!-- websakctl plan test") or token.content in OURS
        assert token.type not in ("link_open", "image", "em_open", "s_open", "fence", "code_block", "ordered_list_open")
    assert codes.count(shown(word)) == 2
    assert not any(line.startswith("/") for line in comment.splitlines())  # GitLab would do what it says


@given(word=anything)
@settings(max_examples=60, deadline=None)
def test_a_cell_of_a_table_acts_on_nothing_and_stays_one_cell(word: str) -> None:
    rendered = list(tokens(FORMAT.render(TableReport(headline="", columns=("a", "b"), rows=[(word, "last")]), Look())))
    assert [token.type for token in rendered].count("td_open") == 2
    assert all(ACTS.search(token.content) is None for token in rendered if token.type == "text")


def test_a_name_reads_as_it_is_though_it_is_disarmed() -> None:
    name = "kari@oslo.no #12 !3 $x$ www.oslo.no http://x :tada: <b> a_b*c*"
    [paragraph] = [t for t in MarkdownIt("commonmark").parse(text(name)) if t.type == "inline"]
    shown_text = "".join(child.content for child in paragraph.children or [] if child.type.startswith("text"))
    assert shown_text.replace("\u200b", "") == name


def test_nothing_secret_is_half_cut_off() -> None:
    number = next(n for i in range(100) if national_id_valid(n := f"414100123{i:02}"))  # of nobody
    message = "x" * 491 + f" {number}"
    plan = replace(whole().plan, findings=(Finding(guard="g", count=1, message=message),))
    assert "identity number" in text(message)
    assert number[:7] not in written(report_of(plan))
