"""The upgrade check: before a Websak upgrade a record of what is, after it what became of that. Once for all districts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from websakctl.apply.journal import Journal
from websakctl.live.capabilities import Capability
from websakctl.live.errors import LiveError
from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.change.snapshot import counts, difference
from websakctl.plan.change import Plan

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
    told: str


class UpgradeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the setup, of the server's capabilities, and of each district."""

    setup: Plan
    before: Mapping[str, int]
    after: Mapping[str, int]
    capabilities: tuple[Check, ...]
    deprecated: tuple[str, ...]
    districts: tuple[tuple[str, tuple[Check, ...]], ...]
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
) -> UpgradeReport:
    """Hold the server as it is against the record taken before the upgrade; ``live`` may be why it could not be read."""
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
    return UpgradeReport(
        setup=difference(inputs, snapshot, live),
        before=counts(snapshot),
        after=counts(live),
        capabilities=capabilities,
        deprecated=deprecated,
        districts=tuple((slug, tuple(_smoke(inputs, slug, live, find))) for slug in inputs.config.districts),
    )


def version_seen(capabilities: Iterable[Capability]) -> str:
    """Which User API a server offers, by what it answers."""
    new = any(c.path == NEW_CALL and c.status == 200 for c in capabilities)
    return "3.3" if new else "3.0"


def _capabilities(before: Probes, after: Probes) -> Iterable[Check]:
    same_version = before.api_version == after.api_version
    yield Check(
        what="User API version",
        ok=after.api_version >= before.api_version,
        told=after.api_version if same_version else f"{before.api_version} -> {after.api_version}",
    )
    old, new = ({c.path: c for c in p.capabilities} for p in (before, after))
    for path, was in old.items():
        now = new.get(path)
        status = now.status if now else 0
        if was.status < 300 <= status or now is None:
            yield Check(what=f"GET {path}", ok=False, told=f"answered {was.status} before, {status} now")
            continue
        gone = [name for name in was.fields if now.fields and name not in now.fields]
        added = [name for name in now.fields if was.fields and name not in was.fields]
        if was.status >= 300 > status:
            yield Check(what=f"GET {path}", ok=True, told=f"new: answered {was.status} before, {status} now")
        if was.fields and not now.fields and now.status < 300:
            yield Check(what=f"GET {path}", ok=False, told="answered with objects before, with none now")
        if gone:
            yield Check(what=f"GET {path}", ok=False, told=f"fields gone: {', '.join(gone)}")
        if added:
            yield Check(what=f"GET {path}", ok=True, told=f"fields new: {', '.join(added)}")
        if now.sunset and not was.sunset:
            yield Check(what=f"GET {path}", ok=False, told=f"now deprecated, ends {now.sunset}")
        elif now.sunset != was.sunset:
            yield Check(
                what=f"GET {path}", ok=not now.sunset, told=f"was to end {was.sunset}, now {now.sunset or 'never'}"
            )
    if before.required and not after.required:
        yield Check(
            what="OpenAPI documents", ok=False, told="can be read no longer, so required fields cannot be compared"
        )
    elif gone := sorted(before.required.keys() - after.required.keys()):
        schemas = ", ".join(gone[:5]) + ", …" * (len(gone) > 5)
        yield Check(what="OpenAPI documents", ok=False, told=f"schemas gone, or not to be read any longer: {schemas}")
    for name, fields in after.required.items():
        fresh = [f for f in fields if f not in before.required.get(name, ())]
        if fresh and name in before.required:
            yield Check(what=f"schema {name}", ok=False, told=f"now required: {', '.join(fresh)}")
    kinds_before, kinds_after = set(before.setup.get("kinds", ())), set(after.setup.get("kinds", ()))
    if kinds_before - kinds_after:
        yield Check(what="Setup API", ok=False, told=f"kinds gone: {', '.join(sorted(kinds_before - kinds_after))}")
    if before.setup.get("version") != after.setup.get("version"):
        yield Check(
            what="Setup API", ok=True, told=f"version {before.setup.get('version')} -> {after.setup.get('version')}"
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


def _smoke(inputs: ConfigInput, slug: str, live: State, find: Find) -> Iterable[Check]:
    """One district: is all there that the config wants, and can it be looked up?"""
    for kind in inputs.kinds.values():
        desired = [a for a in inputs.config.state if a.scope == slug and a.kind == kind.name]
        if not desired:
            continue
        lost = [a for a in desired if (existing := live.get(a)) is None or not existing.active]
        reported = f"{len(desired) - len(lost)} of {len(desired)} there and active"
        yield Check(
            what=kind.plural,
            ok=not lost,
            told=reported
            + (f"; missing {', '.join(a.key for a in lost[:3])}{' …' if len(lost) > 3 else ''}" if lost else ""),
        )
    routes = [
        (a, live[a].fields.get("unit"))
        for a in inputs.config.state
        if a.scope == slug and a.kind in inputs.kinds and "unit" in inputs.config.state[a].fields and a in live
    ]
    units = {a.key for a, r in live.items() if a.scope == slug and r.active and inputs.kinds[a.kind].root_key}
    stray = [a.key for a, unit in routes if unit is not None and unit not in units]
    if routes:
        yield Check(
            what="mail routes",
            ok=not stray,
            told=f"{len(routes) - len(stray)} of {len(routes)} end at a live unit"
            + (f"; not {', '.join(stray[:3])}" if stray else ""),
        )
    tops = [
        a
        for kind in inputs.kinds.values()
        if kind.root_key
        for a in inputs.config.state
        if a.kind == kind.name and a.scope == slug and inputs.config.state[a].fields.get("parent") is None
    ]
    for top in tops[:1]:
        try:
            result = find(top)
        except LiveError as error:
            yield Check(what="look-up by external id", ok=False, told=str(error))
        else:
            yield Check(
                what="look-up by external id",
                ok=result is not None and result.active,
                told=f"{top.key} {'is not found' if result is None else 'answers' if result.active else 'answers, and is retired'}",
            )
