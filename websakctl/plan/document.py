"""The plan as JSON: the saved plan file and ``plan --format json`` (format version 1)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from websakctl.model.address import Address
from websakctl.plan.change import (
    AccessEffect,
    Action,
    Change,
    CodeEffect,
    FieldChange,
    Finding,
    Group,
    HandChange,
    ManualStep,
    Origin,
    Plan,
    SourceLine,
)
from websakctl.redaction import redacted

FORMAT_VERSION = 1


class PlanFileError(Exception):
    """The file is not a plan that this version can read."""


def to_document(plan: Plan, *, tool_version: str, created_at: str) -> dict[str, Any]:
    """Write a plan as JSON values.

    ``created_at`` is RFC 3339 in UTC; what is written has hundredths and four check digits over the time and the plan.
    """
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "environment": plan.environment,
        "created_at": created_at,
        "config_digest": plan.config_digest,
        "live_digest": plan.live_digest,
        "summary": plan.summary,
        "changes": [change_document(change) for change in plan.changes],
        "groups": [group_document(group) for group in plan.groups],
        "warnings": list(plan.warnings),
        "findings": [
            {"guard": f.guard, "count": f.count, "message": f.message, "allow": f.allowance} for f in plan.findings
        ],
        "unmanaged": [str(address) for address in plan.unmanaged],
        "manual": [_step(step) for step in plan.manual],
        "protected": plan.protected,
        "scopes": list(plan.scopes),
        "made_from": {
            "districts": list(plan.origin.districts),
            "kinds": list(plan.origin.kinds),
            "targets": list(plan.origin.targets),
            "prune": list(plan.origin.prune),
            "run": plan.origin.run or None,
            "matches": plan.origin.matches,
            "keep_manual": plan.origin.keep_manual,
            "access": plan.origin.access,
        },
        "by_hand": [{"address": str(each.address), "fields": list(each.paths)} for each in plan.by_hand],
        "access": None if plan.access is None else access_document(plan.access),
    }
    document = redacted(document)  # before the digest, which is of what is written
    digest = digest_of(document)
    return {**document, "created_at": sealed(created_at, digest), "digest": digest}


def identity(document: Mapping[str, Any]) -> str:
    """What tells one saved plan from another: its digest says nothing of the time, and the same plan may be right again."""
    return f"{document['digest']} {document.get('created_at')}"


def sealed(created_at: str, digest: str) -> str:
    """The time with check digits: the digest, being the same for the same input, cannot tell whether it was edited.

    They are what a hundredth of a second leaves of six digits, so that any reader of RFC 3339 takes them, and no more:
    with the second before them nine would be eleven, which redaction could take for a national identity number.
    """
    second, _, fraction = created_at.removesuffix("Z").partition(".")
    time = f"{second}.{fraction[:2]:0<2}"
    check = int(hashlib.sha256(f"{time} {digest}".encode()).hexdigest(), 16) % 10**4
    return f"{time}{check:04}Z"


def digest_of(document: dict[str, Any]) -> str:
    """Fingerprint of a plan document, without its own digest, its time and its signature: a plan that was edited has another."""
    rest = {key: value for key, value in document.items() if key not in ("digest", "created_at", "signature")}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _fields(fields: tuple[FieldChange, ...]) -> list[dict[str, Any]]:
    return [{"path": f.path, "before": f.before, "after": f.after} for f in fields]


def change_document(change: Change) -> dict[str, Any]:
    """One change as JSON values."""
    source = change.source
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "scope": change.address.scope,
        "key": change.address.key,
        "action": change.action.value,
        "fields": _fields(change.fields),
        "reason": change.reason,
        "source": {"file": source.file, "line": source.line, "column": source.column} if source else None,
        "requires": [str(address) for address in change.requires],
        "shared": change.shared,
        "follows": dict(change.follows),
        "name": change.name,
    }


def access_document(effect: AccessEffect) -> dict[str, Any]:
    """What a plan does to access as JSON values."""
    return {
        "computed": not effect.why_not,
        "why_not": effect.why_not or None,
        "codes": [{**msgspec.to_builtins(code), "at_least": bool(code.unknown)} for code in effect.codes],
        "gaps": list(effect.gaps),
    }


def _read_access(access: dict[str, Any] | None) -> AccessEffect | None:
    if access is None:
        return None
    codes = msgspec.convert(access["codes"], tuple[CodeEffect, ...])
    return AccessEffect(why_not=access["why_not"] or "", codes=codes, gaps=tuple(map(str, access["gaps"])))


def _step(step: ManualStep) -> dict[str, Any]:
    document: dict[str, Any] = {"address": str(step.address), "what": step.what}
    return {**document, "id": step.id, "change": change_document(step.change)} if step.change else document


def _read_step(step: dict[str, Any]) -> ManualStep:
    change = read_change(step["change"]) if "change" in step else None
    return ManualStep(address=Address.parse(step["address"]), what=step["what"], change=change)


def group_document(group: Group) -> dict[str, Any]:
    """One group as JSON values."""
    return {
        "kind": group.kind,
        "action": group.action.value,
        "key": group.key,
        "fields": _fields(group.fields),
        "scopes": list(group.scopes),
        "addresses": [str(address) for address in group.addresses],
        "shared": group.shared,
        "exception": group.exception,
        "follows": dict(group.follows),
        "name": group.name,
    }


def from_document(document: Any) -> Plan:
    """Read a saved plan.

    Raises:
        PlanFileError: If it is no plan, of another format version, or was changed after it was saved.
    """
    if not isinstance(document, dict) or "changes" not in document:
        raise PlanFileError("this is not a saved plan")
    if document.get("format_version") != FORMAT_VERSION:
        raise PlanFileError(
            f"format version {document.get('format_version')!r} is not {FORMAT_VERSION}: plan again with this version of websakctl"
        )
    digest, time = digest_of(document), str(document.get("created_at"))
    if document.get("digest") != digest or time != sealed(time, digest):
        raise PlanFileError("the plan was changed after it was saved: plan again")
    try:
        return Plan(
            environment=document["environment"],
            changes=tuple(map(read_change, document["changes"])),
            groups=tuple(map(_read_group, document["groups"])),
            unchanged=document["summary"]["unchanged"],
            unmanaged=tuple(map(Address.parse, document["unmanaged"])),
            manual=tuple(map(_read_step, document["manual"])),
            findings=tuple(
                Finding(guard=f["guard"], count=f["count"], message=f["message"]) for f in document["findings"]
            ),
            warnings=tuple(document["warnings"]),
            digests=_given_digests(document["config_digest"], document["live_digest"]),
            protected=document["protected"],
            scopes=tuple(document["scopes"]),
            origin=_read_origin(document["made_from"]),
            by_hand=tuple(
                HandChange(address=Address.parse(each["address"]), paths=tuple(map(str, each["fields"])))
                for each in document.get("by_hand", ())  # plans of older versions have none
            ),
            access=_read_access(document.get("access")),
        )
    except (AttributeError, KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
        raise PlanFileError(f"a part of the plan is missing or malformed ({error})") from error


def _read_origin(made_from: dict[str, Any]) -> Origin:
    lists = {name: tuple(map(str, made_from[name])) for name in ("districts", "kinds", "targets", "prune")}
    return Origin(
        **lists,
        run=str(made_from["run"] or ""),
        matches=made_from.get("matches") is True,
        keep_manual=made_from.get("keep_manual") is True,
        access=made_from.get("access") is True,
    )


def signed_text(document: Mapping[str, Any]) -> str:
    """What a plan's signature is made over: what it says and when it was made."""
    return f"{document['digest']} {document['created_at']}"


def _given_digests(config: str, live: str) -> Callable[[], tuple[str, str]]:
    return lambda: (config, live)


def _read_fields(fields: list[dict[str, Any]]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(path=f["path"], before=f["before"], after=f["after"]) for f in fields)


def read_change(c: dict[str, Any]) -> Change:
    """One change from JSON values.

    Raises:
        KeyError, TypeError, ValueError: If it is none.
    """
    source = SourceLine(**c["source"]) if c["source"] else None
    return Change(
        address=Address.parse(c["address"]),
        action=Action(c["action"]),
        fields=_read_fields(c["fields"]),
        reason=c["reason"],
        requires=tuple(map(Address.parse, c["requires"])),
        source=source,
        shared=c["shared"],
        follows=tuple(c.get("follows", {}).items()),  # plans of older versions have none
        name=c.get("name", ""),
    )


def _read_group(g: dict[str, Any]) -> Group:
    return Group(
        kind=g["kind"],
        action=Action(g["action"]),
        key=g["key"],
        fields=_read_fields(g["fields"]),
        scopes=tuple(g["scopes"]),
        addresses=tuple(map(Address.parse, g["addresses"])),
        shared=g["shared"],
        exception=g["exception"],
        follows=tuple(g.get("follows", {}).items()),
        name=g.get("name", ""),
    )
