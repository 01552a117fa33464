"""HTML: one self-contained file, no external resource, everything escaped; searchable, light, dark and on paper."""

from collections.abc import Iterable
from html import escape
from typing import Any

from websakctl.plan.change import Action, Group, Plan, in_words
from websakctl.report.formats import Format
from websakctl.report.formats.text import SIGNS, key_of, safe, shown, steps_by_sort, summary_line
from websakctl.report.view_models import DocumentReport, Look, PlanReport, Section

_MATRIX_ROWS = 2_000  # more would make a page nobody scrolls through
_MOST_STEPS = 200  # of one sort, for a person
_SEARCH = """
const box = document.getElementById("search"), groups = document.querySelectorAll("#groups > details");
if (box) box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase();
  for (const group of groups) group.hidden = !group.textContent.toLowerCase().includes(wanted);
});
"""

_STYLE = """
:root { color-scheme: light dark; --line: #c9c9c9; --good: #1a6b2f; --bad: #b3261e; --edit: #7a5900; }
@media (prefers-color-scheme: dark) { :root { --line: #555; --good: #7fd695; --bad: #ff8a80; --edit: #ffd27a; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
input { font: inherit; width: 100%; padding: .4rem; box-sizing: border-box; }
details { border-bottom: 1px solid var(--line); padding: .3rem 0; } summary { cursor: pointer; overflow-wrap: anywhere; }
.create { color: var(--good); } .update { color: var(--edit); } .remove { color: var(--bad); } .note { opacity: .75; }
del { text-decoration: none; color: var(--bad); } ins { text-decoration: none; color: var(--good); }
.matrix { overflow-x: auto; } .matrix table { width: auto; } .matrix th[scope=col] { writing-mode: vertical-rl; } .matrix td { text-align: center; }
@media print { input { display: none; } details > * { display: block; } body { margin: 0; max-width: none; font-size: 11pt; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def _document(report: DocumentReport, _: Look) -> str:
    return "\n".join(_lines(report))


def _lines(report: DocumentReport) -> Iterable[str]:
    yield _head(report.title, report.language)
    yield f"<h1>{_text(report.title)}</h1>"
    yield f'<p class="{"good" if report.ok else "bad"}">{_text(report.verdict)}</p>'
    yield "<dl>" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in report.facts) + "</dl>"
    if report.figure:
        yield f'<div class="matrix">{report.figure}</div>'
    for section in report.sections:
        yield from _section(section)
    yield "</main></body></html>"


def _section(section: Section) -> Iterable[str]:
    yield f"<h2>{_text(section.title)}</h2>"
    if section.rows:
        head = "".join(f'<th scope="col">{_text(column)}</th>' for column in section.columns)
        yield f"<table><thead><tr>{head}</tr></thead><tbody>"
        for row in section.rows:
            yield "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>"
        yield "</tbody></table>"
    if section.lines:
        yield "<ul>" + "".join(f"<li>{_text(line)}</li>" for line in section.lines) + "</ul>"


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    mark = _MARKS.get(text)
    return f'<span class="{mark}">{text}</span>' if mark else _text(text)


_MARKS = {"ok": "good", "FAILED": "bad", "FEIL": "bad"}


# --- plans


def _plan(report: PlanReport, _: Look) -> str:
    return "\n".join(_plan_lines(report))


def _plan_lines(report: PlanReport) -> Iterable[str]:
    plan = report.plan
    title = (
        f"websakctl: {'drift' if report.drift else 'difference' if report.compared else 'plan'} for {plan.environment}"
    )
    yield _head(title)
    yield f"<h1>{_text(title)}</h1>"
    yield f"<p><strong>{_text(summary_line(report))}</strong></p>"
    if plan.protected:
        yield '<p class="bad">This environment is protected: changes here touch production.</p>'
    yield from _list(
        "Guards: apply refuses unless each is allowed",
        (f"{_text(f.message)} <code>--allow {_text(f.allowance)}</code>" for f in plan.findings),
    )
    yield from _list("Warnings", map(_text, plan.warnings))
    yield from _list("Steps for a person", _steps(plan))
    if plan.groups:
        yield "<h2>Changes</h2>"
        yield '<p><input id="search" type="search" placeholder="Search in the changes" aria-label="Search in the changes"></p><div id="groups">'
        for group in plan.groups:
            yield from _group(group)
        yield "</div>"
        yield from _matrix(report)
    yield f"<script>{_SEARCH}</script></main></body></html>"


def _steps(plan: Plan) -> Iterable[str]:
    """Steps one by one, and many of one sort folded; the work list has all of them."""
    for together, steps in steps_by_sort(plan):
        lines = [f"{_text(str(step.address))}: {_text(step.what)}" for step in steps[:_MOST_STEPS]]
        if not together:
            yield from lines
            continue
        if len(steps) > len(lines):
            lines.append(f"… and {len(steps) - len(lines)} more: <code>websakctl worklist list</code>")
        items = "".join(f"<li>{line}</li>" for line in lines)
        yield f"<details><summary>{_text(together)}</summary><ul>{items}</ul></details>"


def _list(title: str, items: Iterable[str]) -> Iterable[str]:
    lines = [f"<li>{item}</li>" for item in items]
    if lines:
        yield f"<h2>{title}</h2><ul>{''.join(lines)}</ul>"


def _group(group: Group) -> Iterable[str]:
    style = {"+": "create", "~": "update", "-": "remove"}[SIGNS[group.action]]
    count = f" <span class=note>({len(group.addresses)} districts)</span>" if len(group.addresses) > 1 else ""
    shared = f" <span class=note>shared: {group.shared} districts</span>" if group.shared else ""
    exception = " <span class=note>exception</span>" if group.exception else ""
    yield f'<details{" open" if group.exception or group.shared else ""}><summary class="{style}"><code>{SIGNS[group.action]} {group.kind} {_text(key_of(group))}</code> {group.action.value}{count}{shared}{exception}</summary>'
    shown_fields = [f for f in group.fields if f.path != "active"]
    if shown_fields:
        yield "<table><tbody>"
        for f in shown_fields:
            before = "" if group.action is Action.CREATE else f"<del>{_text(shown(f.before))}</del> &rarr; "
            yield f'<tr><th scope="row">{_text(f.path)}</th><td>{before}<ins>{_text(shown(f.after))}</ins></td></tr>'
        yield "</tbody></table>"
    if group.follows:
        yield f"<p class=note>followed by {_text(in_words(group.follows))}</p>"
    yield f"<p class=note>{_text(', '.join(map(str, group.addresses)))}</p></details>"


def _matrix(report: PlanReport) -> Iterable[str]:
    scopes = [*report.plan.scopes, *(["base"] if any("base" in g.scopes for g in report.plan.groups) else [])]
    rows: dict[tuple[str, str], dict[str, Group]] = {}
    for group in report.plan.groups[:_MATRIX_ROWS]:
        cells = rows.setdefault((group.kind, key_of(group)), {})
        cells.update(dict.fromkeys(group.scopes, group))
    head = "".join(f'<th scope="col">{_text(scope)}</th>' for scope in scopes)
    yield f'<h2>Matrix</h2><div class="matrix"><table><thead><tr><td></td>{head}</tr></thead><tbody>'
    for (kind, key), cells in rows.items():
        marks = "".join(f"<td>{SIGNS[cells[scope].action] if scope in cells else ''}</td>" for scope in scopes)
        yield f'<tr><th scope="row">{kind} {_text(key)}</th>{marks}</tr>'
    yield "</tbody></table></div>"
    if len(report.plan.groups) > _MATRIX_ROWS:
        yield f"<p class=note>… and {len(report.plan.groups) - _MATRIX_ROWS} more groups</p>"


def _head(title: str, language: str = "en") -> str:
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return f'<!doctype html>\n<html lang="{language}"><head>{meta}<title>{_text(title)}</title><style>{_STYLE}</style></head><body><main>'


def _text(value: str) -> str:
    """Escape, and show what could act on the page's direction or not be seen at all."""
    return escape(safe(value))


FORMAT = Format(renders={DocumentReport: _document, PlanReport: _plan})
