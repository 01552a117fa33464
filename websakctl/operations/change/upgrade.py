"""The upgrade check: before a Websak upgrade a record of what is, after it what became of that. Once for all districts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from websakctl.apply.attempt import Status
from websakctl.apply.journal import Journal
from websakctl.live.capabilities import Capability
from websakctl.live.errors import LiveError
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.operations.change.history import HistoryEntry, history_entries, runs, with_people
from websakctl.operations.change.make_plan import ConfigInput, people_of_journal
from websakctl.operations.change.snapshot import TAKEN_BACK, counts, difference, with_own_changes
from websakctl.plan.change import Action, Plan

NEW_CALL = "/api/v2/departments/flat"  # only version 3.3 has it
Find = Callable[[Address], Resource | None]


class Probes(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a server."""

    api_version: str
    capabilities: tuple[Capability, ...]
    required: Mapping[str, tuple[str, ...]]
    setup: Mapping[str, Any]

    def to_document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "api_version": self.api_version,
            "capabilities": [
                {"path": c.path, "status": c.status, "fields": list(c.fields), "sunset": c.sunset}
                for c in self.capabilities
            ],
            "required": {name: list(fields) for name, fields in self.required.items()},
            "setup": dict(self.setup),
        }

    @classmethod
    def from_document(cls, data: Mapping[str, Any]) -> "Probes":
        """From JSON values.

        Raises:
            KeyError, TypeError: If a part is missing.
        """
        return cls(
            api_version=data["api_version"],
            capabilities=tuple(
                Capability(path=c["path"], status=c["status"], fields=tuple(c["fields"]), sunset=c["sunset"])
                for c in data["capabilities"]
            ),
            required={name: tuple(fields) for name, fields in data["required"].items()},
            setup=data["setup"],
        )


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    what: str
    ok: bool
    detail: str


class UpgradeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the setup, of the server's capabilities, and of each district."""

    setup: Plan
    before: Mapping[str, int]
    after: Mapping[str, int]
    capabilities: tuple[Check, ...]
    deprecated: tuple[str, ...]
    districts: tuple[tuple[str, tuple[Check, ...]], ...]
    applied: tuple[Address, ...] = ()  # changed by this tool since the record: no doing of the upgrade
    unread: str = ""  # why the setup could not be read

    @property
    def ok(self) -> bool:
        """Whether nothing is lost: no capability gone, no check failed, no setup changed."""
        return (
            not self.setup.changes
            and not self.unread
            and all(c.ok for c in self.capabilities)
            and all(c.ok for _, checks in self.districts for c in checks)
        )


def compare_upgrade(
    inputs: ConfigInput,
    *,
    snapshot: State,
    live: State | LiveError,
    before: Probes,
    after: Probes,
    journal: Journal,
    find: Find,
    taken_at: str = "",
    by_hand: frozenset[str] | None = None,
) -> UpgradeReport:
    """Hold the server as it is against the record taken before the upgrade.

    Args:
        inputs: What plans have in common.
        snapshot: The setup when the record was taken.
        live: The setup now, or why it could not be read.
        before: What the server could do then.
        after: What it can do now.
        journal: What this tool did in between.
        find: Looks a resource up by its external id.
        taken_at: When the record was taken, RFC 3339.
        by_hand: The kinds that people set of which the snapshot tells; ``None``: all.
    """
    capabilities = tuple(_capabilities(before, after))
    deprecated = tuple(_deprecated(journal, inputs.environment, after))
    if isinstance(live, LiveError):
        nothing = difference(inputs, snapshot, snapshot)
        return UpgradeReport(
            setup=nothing,
            before=counts(snapshot),
            after={},
            capabilities=capabilities,
            deprecated=deprecated,
            districts=(),
            unread=str(live),
        )
    live = inputs.with_by_hand(live)
    entries = _own_changes(journal, inputs.environment, taken_at)
    if (people := people_of_journal(inputs, live)) is not None:
        entries = [with_people(entry, people) for entry in entries]
    expected, applied = with_own_changes(snapshot, live, entries)
    return UpgradeReport(
        setup=difference(inputs, expected, live, by_hand),
        before=counts(snapshot),
        after=counts(live),
        capabilities=capabilities,
        deprecated=deprecated,
        districts=tuple((slug, tuple(_smoke(inputs, slug, expected, live, find))) for slug in inputs.config.districts),
        applied=applied,
    )


def _own_changes(journal: Journal, environment: str, since: str) -> list[HistoryEntry]:
    """What this tool did to an environment since a moment."""
    ours = {run.run for run in runs(journal) if run.environment == environment}
    first = datetime.fromisoformat(since) if since else None
    return [
        entry
        for entry in history_entries(journal)
        if entry.run in ours
        and entry.status == Status.DONE.value
        and entry.action in {*Action, TAKEN_BACK}
        and (first is None or datetime.fromisoformat(entry.at) >= first)
    ]


def version_seen(capabilities: Iterable[Capability]) -> str:
    """Which User API a server offers, by what it answers."""
    new = any(c.path == NEW_CALL and c.status == 200 for c in capabilities)
    return "3.3" if new else "3.0"


def _capabilities(before: Probes, after: Probes) -> Iterable[Check]:
    same_version = before.api_version == after.api_version
    yield Check(
        what="User API version",
        ok=after.api_version >= before.api_version,
        detail=after.api_version if same_version else f"{before.api_version} -> {after.api_version}",
    )
    old, new = ({c.path: c for c in p.capabilities} for p in (before, after))
    for path, was in old.items():
        now = new.get(path)
        status = now.status if now else 0
        if was.status < 300 <= status or now is None:
            yield Check(what=f"GET {path}", ok=False, detail=f"answered {was.status} before, {status} now")
            continue
        gone = [name for name in was.fields if now.fields and name not in now.fields]
        added = [name for name in now.fields if was.fields and name not in was.fields]
        if was.status >= 300 > status:
            yield Check(what=f"GET {path}", ok=True, detail=f"new: answered {was.status} before, {status} now")
        if was.fields and not now.fields and now.status < 300:
            yield Check(what=f"GET {path}", ok=False, detail="answered with objects before, with none now")
        if gone:
            yield Check(what=f"GET {path}", ok=False, detail=f"fields gone: {', '.join(gone)}")
        if added:
            yield Check(what=f"GET {path}", ok=True, detail=f"fields new: {', '.join(added)}")
        if now.sunset and not was.sunset:
            yield Check(what=f"GET {path}", ok=False, detail=f"now deprecated, ends {now.sunset}")
        elif now.sunset != was.sunset:
            yield Check(
                what=f"GET {path}", ok=not now.sunset, detail=f"was to end {was.sunset}, now {now.sunset or 'never'}"
            )
    if before.required and not after.required:
        yield Check(
            what="OpenAPI documents", ok=False, detail="can be read no longer, so required fields cannot be compared"
        )
    elif gone := sorted(before.required.keys() - after.required.keys()):
        schemas = ", ".join(gone[:5]) + ", …" * (len(gone) > 5)
        yield Check(what="OpenAPI documents", ok=False, detail=f"schemas gone, or not to be read any longer: {schemas}")
    for name, fields in after.required.items():
        fresh = [f for f in fields if f not in before.required.get(name, ())]
        if fresh and name in before.required:
            yield Check(what=f"schema {name}", ok=False, detail=f"now required: {', '.join(fresh)}")
    kinds_before, kinds_after = set(before.setup.get("kinds", ())), set(after.setup.get("kinds", ()))
    if kinds_before - kinds_after:
        yield Check(what="Setup API", ok=False, detail=f"kinds gone: {', '.join(sorted(kinds_before - kinds_after))}")
    if before.setup.get("version") != after.setup.get("version"):
        yield Check(
            what="Setup API", ok=True, detail=f"version {before.setup.get('version')} -> {after.setup.get('version')}"
        )


def _deprecated(journal: Journal, environment: str, after: Probes) -> Iterable[str]:
    """Calls of ours that the server says will end: as noted in earlier runs, unless the newer ones are in use by now."""
    of_environment = {
        e.run for e in journal.entries() if e.what == "start" and e.body.get("environment") == environment
    }
    seen = {str(e.body.get("note")) for e in journal.entries() if e.what == "deprecated" and e.run in of_environment}
    if after.api_version == "3.3":
        return sorted(f"{note} (used in earlier runs; the calls of 3.3 are in use now)" for note in seen)
    seen |= {
        f"GET {c.path} is deprecated by the server and ends {c.sunset}"
        for c in after.capabilities
        if c.sunset and c.path.startswith("/api/Departments")  # what a client of 3.0 reads
    }
    has_new = version_seen(after.capabilities) == "3.3"
    own = (
        [
            "this environment is set to 3.0, and the server has the calls of 3.3: set api_version to 3.3 before the old ones end (2028-01-01)"
        ]
        if has_new
        else []
    )
    return [*sorted(seen), *own]


def _smoke(inputs: ConfigInput, slug: str, expected: State, live: State, find: Find) -> Iterable[Check]:
    """One district: is all still there that was, and can it be looked up? What was never applied is no loss."""
    kinds = {**inputs.by_hand, **inputs.kinds}
    desired = [a for a in inputs.config.state if a.scope == slug and a.kind in kinds]
    for kind in kinds.values():
        of_kind = [a for a in desired if a.kind == kind.name]
        was = [a for a in of_kind if _is_active(expected, a) or _is_active(live, a)]
        if not was:
            continue
        lost = [a for a in was if not _is_active(live, a)]
        missing = f"; missing {', '.join(a.key for a in lost[:3])}{' …' if len(lost) > 3 else ''}" if lost else ""
        never = f"; {len(of_kind) - len(was)} not applied yet" if len(was) < len(of_kind) else ""
        reported = f"{len(was) - len(lost)} of {len(was)} there and active{missing}{never}"
        yield Check(what=kind.plural, ok=not lost, detail=reported)
    routes = [a for a in desired if a.kind in inputs.kinds and "unit" in inputs.config.state[a].fields and a in live]
    before, now = _units(inputs, expected, slug), _units(inputs, live, slug)
    stray = [a.key for a in routes if (unit := live[a].fields.get("unit")) is not None and unit not in now]
    known = [a.key for a in routes if a in expected and expected[a].fields.get("unit") not in before]
    if routes:
        yield Check(
            what="mail routes",
            ok=not set(stray) - set(known),
            detail=f"{len(routes) - len(stray)} of {len(routes)} end at a live unit"
            + (f"; not {', '.join(stray[:3])}" if stray else ""),
        )
    tops = [
        a
        for a in desired
        if kinds[a.kind].root_key and inputs.config.state[a].fields.get("parent") is None and _is_active(expected, a)
    ]
    for top in tops[:1]:
        try:
            result = find(top)
        except LiveError as error:
            yield Check(what="look-up by external id", ok=False, detail=str(error))
        else:
            yield Check(
                what="look-up by external id",
                ok=result is not None and result.active,
                detail=f"{top.key} {'is not found' if result is None else 'answers' if result.active else 'answers, and is retired'}",
            )


def _is_active(state: State, address: Address) -> bool:
    return (resource := state.get(address)) is not None and resource.active


def _units(inputs: ConfigInput, state: State, slug: str) -> set[str]:
    """The keys of a district's active units."""
    rooted = {name for name, kind in inputs.kinds.items() if kind.root_key}
    return {a.key for a, r in state.items() if a.scope == slug and r.active and a.kind in rooted}
