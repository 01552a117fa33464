"""What a fleet's jobs came to: a document with a row for each target."""

from collections.abc import Iterable, Mapping
from typing import Any

from websakctl.report.view_models import DocumentReport, Section

_COLUMNS: dict[str, tuple[str, ...]] = {  # of each target's summary, by command
    "validate": ("errors", "warnings"),
    "plan": ("create", "update", "activate", "deactivate", "delete", "unmanaged", "manual", "guards"),
    "drift": ("drifted",),
    "apply": ("done", "failed", "blocked", "unknown", "not_started", "stale"),
    "report": ("errors", "warnings", "changes", "drifted", "unmanaged", "guards", "batches", "ready"),
}
_ALWAYS = {"errors", "warnings", "create", "update", "deactivate", "changes", "drifted", "done"}


def fleet_document(document: Mapping[str, Any], *, missing: Iterable[str] = ()) -> DocumentReport:
    """A fleet's result document for people; the same as ``data`` for machines."""
    command, targets = document["command"], document["targets"]
    desired = _COLUMNS.get(command, ())
    columns = [name for name in desired if name in _ALWAYS or document["summary"].get(name)]
    environments = {t["environment"] for t in targets.values()}
    separate = len(environments) > 1
    rows = [
        (
            name,
            *([t["environment"]] if separate else ()),
            t["outcome"],
            *(t["summary"].get(c) for c in columns),
            _time(t),
        )
        for name, t in targets.items()
    ]
    if len(rows) > 1:
        total = (document["summary"].get(c, 0) for c in columns)
        rows.append((f"all {len(rows)}", *([""] if separate else ()), "", *total, ""))
    head = (
        "target",
        *(["environment"] if separate else ()),
        "outcome",
        *(c.replace("_", " ") for c in columns),
        "time",
    )
    sections = [Section(title="Targets", columns=head, rows=rows)]
    if troubles := [_trouble(name, t) for name, t in targets.items() if t["exit_code"] not in (0, 2)]:
        sections.append(Section(title="What went wrong", lines=troubles))
    if common := _in_common(targets):
        sections.append(
            Section(title="The same change in several targets", columns=("kind", "change", "targets"), rows=common)
        )
    absent = list(missing)
    facts = [("Targets", f"{len(targets)} of {document['fleet']['targets']}"), ("Made", str(document["created_at"]))]
    if len(environments) == 1:
        facts.insert(1, ("Environment", environments.pop()))
    if document["shards"]:
        facts.append(("Shards", ", ".join(document["shards"])))
    if absent:
        facts.append(("Missing shards", ", ".join(absent)))
    bad = document["exit_code"] not in (0, 2) or bool(absent)
    return DocumentReport(
        title=f"Fleet {command}",
        ok=not bad,
        verdict=_verdict(document, absent),
        facts=facts,
        sections=sections,
        data=document,
    )


def _verdict(document: Mapping[str, Any], missing: list[str]) -> str:
    given = ", ".join(f"{number} {outcome}" for outcome, number in document["outcomes"].items()) or "no target"
    return f"{given}{f'; {len(missing)} shards are missing' if missing else ''}."


def _trouble(name: str, target: Mapping[str, Any]) -> str:
    reported = f"{name} (exit code {target['exit_code']}): {target['message']}"
    return f"{reported}; {target['help']}" if target.get("help") else reported


def _time(target: Mapping[str, Any]) -> str:
    again = f" ({target['attempts']} attempts)" if target["attempts"] > 1 else ""
    return f"{target['seconds']:.1f} s{again}" if target["attempts"] else ""


_KEYS = {"kind", "action", "fields"}
_MOST_IN_COMMON = 20
_MOST_NAMED = 5


def _in_common(targets: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Groups of the plans that several targets have alike, those of most targets first."""
    result: dict[tuple[str, str], list[str]] = {}
    for name, target in targets.items():
        plan = target["documents"].get("plan")
        for group in filter(_KEYS.issubset, plan.get("groups", ()) if isinstance(plan, dict) else ()):
            fields = ", ".join(field["path"] for field in group["fields"]) if group["action"] == "update" else ""
            key = (str(group["kind"]), f"{group['action']} {fields}".strip())
            if name not in result.setdefault(key, []):
                result[key].append(name)
    shared = sorted(((key, names) for key, names in result.items() if len(names) > 1), key=lambda each: -len(each[1]))
    return [(kind, what, _named(names)) for (kind, what), names in shared[:_MOST_IN_COMMON]]


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{len(names)}: {', '.join(names[:_MOST_NAMED])}{more}"
