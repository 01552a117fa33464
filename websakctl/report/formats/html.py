"""HTML: one self-contained file, no external resource, everything escaped; searchable, light, dark and on paper."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from websakctl.plan.change import Action, Group, Plan, in_words
from websakctl.report.differences import differences
from websakctl.report.formats import Format
from websakctl.report.formats.text import SIGNS, access_in_words, key_of, shown, steps_by_sort, summary_line
from websakctl.report.pages import page
from websakctl.report.texts import Language, text, translated
from websakctl.report.view_models import DocumentReport, Look, PlanReport

_MATRIX_ROWS = 2_000  # more would make a page nobody scrolls through
_MOST_STEPS = 200  # of one sort, for a person
_MARKS = {"ok": "good", "pass": "good", "i orden": "good", "FAILED": "bad", "FEIL": "bad", "FAIL": "bad"}
_STYLES = {"+": "create", "~": "update", "-": "remove"}
_SCRIPT = """
const box = document.getElementById("search"), groups = document.querySelectorAll("#groups > details");
if (box) box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase();
  for (const group of groups) group.hidden = !group.textContent.toLowerCase().includes(wanted);
});
"""


def _document(report: DocumentReport, look: Look) -> str:
    head = [*report.facts, *((name, value) for name, value in look.head if name not in dict(report.facts))]
    return page("document.html", {"report": report, "head": head, "marks": _MARKS}, report.language)


# --- plans


def _plan(report: PlanReport, look: Look) -> str:
    plan, language = report.plan, look.language
    what = "drift for {where}" if report.drift else "difference for {where}" if report.compared else "plan for {where}"
    scopes = [*plan.scopes, *(["base"] if any("base" in g.scopes for g in plan.groups) else [])]
    values = {
        "title": f"websakctl: {text(what, language, where=plan.environment)}",
        "summary": _line(summary_line(report), language),
        "plan": plan,
        "head": look.head,
        "undone": [(str(h.address), ", ".join(h.paths), report.since.get(h.address, "")) for h in plan.by_hand],
        "access": [_part_by_part(line, language) for line in access_in_words(plan.access, everything=True)]
        if plan.access is not None
        else (),
        "steps": list(_steps(plan, language)),
        "groups": (_group(group, language) for group in plan.groups) if plan.groups else (),
        "scopes": scopes,
        "matrix": _matrix(plan, scopes),
        "more_groups": max(0, len(plan.groups) - _MATRIX_ROWS),
        "script": _SCRIPT,
    }
    return page("plan.html", values, language)


def _part_by_part(line: str, language: Language) -> str:
    """A line on access, which is made of parts and counts by district."""
    text, mark, _ = line.partition(" [sensitive]")
    if language == "en":
        return line
    several = " read codes " in text
    parts = "; ".join(translated(part.replace(" read codes ", " read code "), language) for part in text.split("; "))
    parts = re.sub(r"(\d+) in (?=[a-z-]+[,)])", r"\1 i ", parts)
    return (parts.replace(" kode ", " kodene ") if several else parts) + (" [skjermes særskilt]" if mark else "")


def _line(line: str, language: Language) -> str:
    """A line of several sentences."""
    return ". ".join(translated(sentence, language) for sentence in line.removesuffix(".").split(". ")) + "."


def _steps(plan: Plan, language: Language) -> Iterator[tuple[str, list[str], int]]:
    """Steps one by one, and many of one sort folded; the work list has all of them."""
    for together, steps in steps_by_sort(plan.manual):
        lines = [f"{step.address}: {translated(step.what, language)}" for step in steps[:_MOST_STEPS]]
        yield translated(together, language), lines, len(steps) - len(lines)


def _group(group: Group, language: Language) -> dict[str, Any]:
    sign = SIGNS[group.action]
    return {
        "sign": sign,
        "style": _STYLES[sign],
        "kind": group.kind,
        "key": key_of(group),
        "name": group.name,
        "action": translated(group.action.value, language),
        "count": len(group.addresses),
        "shared": group.shared,
        "exception": group.exception,
        "open": group.exception or bool(group.shared) or group.action.removes,
        "parts": list(_parts(group)),
        "follows": in_words(group.follows),
        "addresses": ", ".join(map(str, group.addresses)),
    }


def _parts(group: Group) -> Iterable[tuple[str, str, str, str]]:
    for f in group.fields:
        if f.path == "active":
            continue
        if group.action is Action.CREATE:
            yield f.path, "+", "", shown(f.after)
            continue
        for part in differences(f.path, f.before, f.after):
            yield part.path, part.sign, shown(part.before), shown(part.after)


def _matrix(plan: Plan, scopes: list[str]) -> Iterator[tuple[str, list[str]]]:
    rows: dict[tuple[str, str], dict[str, Group]] = {}
    for group in plan.groups[:_MATRIX_ROWS]:
        cells = rows.setdefault((group.kind, key_of(group)), {})
        cells.update(dict.fromkeys(group.scopes, group))
    for (kind, key), cells in rows.items():
        yield f"{kind} {key}", [SIGNS[cells[scope].action] if scope in cells else "" for scope in scopes]


FORMAT = Format(renders={DocumentReport: _document, PlanReport: _plan})
