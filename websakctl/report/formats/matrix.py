"""Matrix: groups down, districts across, ``+ ~ -`` in the cells."""

from websakctl.report.formats import Format
from websakctl.report.formats.text import SIGNS, first_line, key_of, safe, summary_line, the_rest, width_of
from websakctl.report.subjects import Look, PlanReport

_OTHER = "base"


def _plan(report: PlanReport, look: Look) -> str:
    plan = report.plan
    if not plan.groups:
        return "\n".join([first_line(report, look), "", *the_rest(report, look), summary_line(report)])
    scopes = [*plan.scopes, *([_OTHER] if any(_OTHER in g.scopes for g in plan.groups) else [])]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for group in plan.groups:
        cells = rows.setdefault((group.kind, key_of(group)), {})
        for scope in group.scopes:
            cells[scope] = SIGNS[group.action]
    labels = [safe(f"{kind} {key}") for kind, key in rows]
    left = max(map(width_of, labels))
    depth = max(map(len, scopes))
    head = [" " * (left + 2) + " ".join(scope.rjust(depth)[line] for scope in scopes) for line in range(depth)]
    body = []
    for label, cells in zip(labels, rows.values(), strict=True):
        body.append(
            f"{label}{' ' * (left - width_of(label))}  {' '.join(_cell(cells.get(scope, '.'), look) for scope in scopes)}"
        )
    grid = [*(line.rstrip() for line in head), *body]
    return "\n".join([first_line(report, look), "", *grid, "", *the_rest(report, look), summary_line(report)])


def _cell(sign: str, look: Look) -> str:
    return look.paint({"+": "create", "~": "update", "-": "remove"}.get(sign, "faint"), sign)


FORMAT = Format({PlanReport: _plan})
