"""A saved plan against the same plan made again: nothing in the file is believed that the second does not say too."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from websakctl.model.district import District
from websakctl.model.resource import State
from websakctl.plan.change import Change, FieldChange, Plan
from websakctl.plan.diff import same
from websakctl.plan.document import group_document
from websakctl.plan.groups import grouped
from websakctl.plan.stale import Holding, Renames, renames_in, still_as_planned, unreported, value_at, what_is_there
from websakctl.redaction import redacted, withheld

# Equal in two plans from one config and one state of Websak. Warnings are about the machine, manual steps about people.
_EQUAL = ("environment", "changes", "groups", "findings", "unmanaged", "protected", "scopes")

_BY_USERS = (
    "seats:",
    "lock-out:",
    "dependents:",
    "access:",
)  # guards that see all users of Websak, which the digest of live does not


class Objection(msgspec.Struct, frozen=True, kw_only=True):
    """Why a saved plan is refused. ``subject``: an address, or the part of the file that is at fault."""

    subject: str
    why: str


def objections(
    document: Mapping[str, Any],
    saved: Plan,
    holding: Holding,
    again: Plan,
    again_document: Mapping[str, Any],
    *,
    live: State,
    districts: Mapping[str, District],
) -> list[Objection]:
    """Compare a saved plan with the same plan made again.

    Args:
        document: The file.
        saved: What was read from it.
        holding: Which of its changes hold; what is stale is dropped, whatever it says.
        again: The plan, made again from what the file says it was made from, with live as it is now.
        again_document: The same as JSON values.
        live: What is in Websak now.
        districts: The config's districts.

    Returns:
        One for each change that the config does not give, else one for the first part that does not fit.
    """
    desired = {change.address: change for change in again.changes}
    elsewhere = {(a.kind, a.key): resource for a, resource in live.items()}
    renames = renames_in(saved.changes)
    result: list[Objection] = []
    for change in (*holding.changes, *holding.already):
        other = desired.get(change.address)
        if other is None and change in holding.changes:
            result.append(Objection(subject=str(change.address), why="the config does not ask for it"))
        elif other is not None:
            existing = what_is_there(change, live, elsewhere)
            values = {f.path: value_at(existing, f.path) for f in change.fields} if existing is not None else {}
            if not _gives(other, change, values, renames):
                result.append(Objection(subject=str(change.address), why="the config asks for something else"))
    return result or _parts(document, saved, _plain(again_document), districts)


def _parts(
    document: Mapping[str, Any], saved: Plan, again: Mapping[str, Any], districts: Mapping[str, District]
) -> list[Objection]:
    held_back = any(withheld(f.before) or withheld(f.after) for c in saved.changes for f in c.fields)
    shown = _plain([group_document(g) for g in grouped(saved.changes, districts)])
    if not held_back and _comparable(document["groups"]) != _comparable(shown):
        return [Objection(subject="groups", why="they are not the changes of the same file")]
    if document["summary"] != saved.summary:
        return [Objection(subject="summary", why="it does not count the changes of the same file")]
    if document["live_digest"] != again["live_digest"]:
        return []  # Websak was changed since: what was found in all of it then need not be so now
    parts = [part for part in _EQUAL if _comparable(document[part]) != _comparable(again[part])]
    if document["summary"]["unchanged"] != again["summary"]["unchanged"]:
        parts.append("summary")
    return [
        Objection(subject=part, why="made again from the same config and Websak, it is different") for part in parts
    ]


def _gives(desired: Change, change: Change, live: Mapping[str, Any], renames: Renames) -> bool:
    """Whether a change that the config gives is the one in the file, or what is left of it to do."""
    if desired.action is not change.action:
        return False
    ours = {f.path: f for f in change.fields}
    for f in desired.fields:
        reviewed = ours.pop(f.path, None)
        if reviewed is None or not _same_values(change, f, reviewed, renames):
            return False
    some_untold = any(unreported(change, f) for f in change.fields)
    return all(some_untold and path in live and same(live[path], f.after) for path, f in ours.items())


def _same_values(change: Change, f: FieldChange, reviewed: FieldChange, renames: Renames) -> bool:
    return still_as_planned(change, reviewed, f.before, renames) and same(redacted(f.after), redacted(reviewed.after))


def _plain(value: Any) -> Any:
    """As a file would have it."""
    return json.loads(json.dumps(value))


def _comparable(part: Any) -> Any:
    """A part without what may differ for other reasons: lines that move with a comment, and what live users decide."""
    if not isinstance(part, list):
        return part
    items = [item for item in part if not (isinstance(item, dict) and str(item.get("guard")).startswith(_BY_USERS))]
    return [{n: v for n, v in i.items() if n not in ("source", "follows")} if isinstance(i, dict) else i for i in items]
