"""Matrix: groups or gates down, districts across, one mark in each cell."""

from collections.abc import Sequence

from websakctl.report.formats import Format
from websakctl.report.formats.text import SIGNS, first_lines, fitting, key_of, safe, summary_line, the_rest
from websakctl.report.layout import width_of
from websakctl.report.view_models import GridReport, Look, PlanReport

_OTHER = "base"


def _plan(report: PlanReport, look: Look) -> str:
    plan = report.plan
    if not plan.groups:
        return "\n".join([*first_lines(report, look), "", *the_rest(report, look), summary_line(report, look)])
    scopes = [*plan.scopes, *([_OTHER] if any(_OTHER in g.scopes for g in plan.groups) else [])]
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for group in plan.groups:
        cells = rows.setdefault((group.kind, key_of(group)), {})
        for scope in group.scopes:
            cells[scope] = SIGNS[group.action]
    labels = [safe(f"{kind} {key}") for kind, key in rows]
    left = max(map(width_of, labels))
    grid: list[str] = []
    for part in _parts([[n] for n in range(len(scopes))], left, look):
        grid += ["", *_head([scopes[n] for n in part], left)] if grid else _head([scopes[n] for n in part], left)
        grid += [
            f"{label}{' ' * (left - width_of(label))}  {' '.join(_cell(cells.get(scopes[n], '.'), look) for n in part)}"
            for label, cells in zip(labels, rows.values(), strict=True)
        ]
    return "\n".join([*first_lines(report, look), "", *grid, "", *the_rest(report, look), summary_line(report, look)])


def _parts(groups: Sequence[Sequence[int]], left: int, look: Look) -> list[list[int]]:
    """The columns in as many parts as a narrow terminal needs, each below the other; a group of columns stays together."""
    room = max(1, (look.width - left - 1) // 2) if look.fit else sum(map(len, groups))
    parts: list[list[int]] = [[]]
    for group in groups:
        if parts[-1] and len(parts[-1]) + len(group) > room:
            parts.append([])
        parts[-1] += group
    return parts


def _cell(sign: str, look: Look) -> str:
    return look.paint({"+": "create", "~": "update", "-": "remove"}.get(sign, "faint"), sign)


def _head(columns: Sequence[str], left: int) -> list[str]:
    """The columns' names from top to bottom, so that many fit beside each other."""
    depth = max(map(len, columns), default=0)
    lines = [" " * (left + 2) + " ".join(name.rjust(depth)[line] for name in columns) for line in range(depth)]
    return [line.rstrip() for line in lines]


def _grid(report: GridReport, look: Look) -> str:
    labels = [safe(label) for label, _ in report.rows]
    left = max(map(width_of, labels), default=0)
    groups: list[list[int]] = [[]]
    for n, column in enumerate(report.columns):
        groups[-1].append(n)
        if not column:
            groups.append([])
    body: list[str] = []
    for part in _parts([group for group in groups if group], left, look):
        body += [""] if body else []
        body += _head([safe(report.columns[n]) for n in part], left)
        for label, (_, cells) in zip(labels, report.rows, strict=True):
            marks = " ".join(look.paint(report.styles.get(cells[n], "faint"), cells[n]) for n in part)
            body.append(f"{label}{' ' * (left - width_of(label))}  {marks}".rstrip())
    return "\n".join([report.title, "", *body, "", *report.notes])


FORMAT = Format(renders={PlanReport: fitting(_plan), GridReport: fitting(_grid)})
