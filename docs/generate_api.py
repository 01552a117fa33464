"""Write docs/api/*.schema.json and their list: ``python docs/generate_api.py``.

A command writes the schema's document when it has a result, and ``failure.schema.json`` when it has none. Each file stands
alone: what several share is written once below, and copied into each that refers to it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from websakctl.apply.attempt import Status
from websakctl.consistency.business_register import Lookup
from websakctl.consistency.ledger import Known
from websakctl.consistency.receiving import Clash
from websakctl.consistency.sources import Source
from websakctl.consistency.websak import Drift
from websakctl.diagnostics import Severity
from websakctl.law.standing import Standing as LawStanding
from websakctl.live.contract import What
from websakctl.model.kind import Api, Removal, Scoping
from websakctl.operations.apply.rehearse import FAULTS, WHAT
from websakctl.operations.change.find_drift import Cause
from websakctl.operations.config.compare_districts import How
from websakctl.operations.config.plan_schema import plan_schema
from websakctl.operations.reform.what_if import LABELS
from websakctl.operations.rollout.view import BatchState
from websakctl.plan.change import Action
from websakctl.report.law import CATEGORIES
from websakctl.rollout.access_packages import Package
from websakctl.rollout.altinn import Presence
from websakctl.rollout.gates import Standing

FOLDER = Path(__file__).with_name("api")
Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
YES_NO: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FROM_ONE: Schema = {"type": "integer", "minimum": 1}
NUMBER: Schema = {"type": "number", "minimum": 0}
ANYTHING: Schema = {}
DAY: Schema = {"type": "string", "format": "date"}
TIME: Schema = {"type": "string", "format": "date-time"}
WEEK: Schema = {"type": "string", "pattern": "^[0-9]{4}-W[0-9]{2}$"}
DIGEST: Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
ADDRESS: Schema = {"type": "string", "pattern": "^[a-z_]+/[a-z0-9-]+/.+$"}
ORGNR: Schema = {"type": "string", "pattern": "^[0-9]{9}$"}
WAYS = ("svarinn", "altinn", "dokulink", "paper", "unsaid")
PARTS = ("validate", "plan", "drift", "rollout", "apply")  # what a fleet's target brings back, by command
FLEET_WORDS = (
    "done", "failed", "changes", "not valid", "refused", "incomplete", "not permitted", "unreachable",
    "wrong command line", "not begun",
)  # fmt: skip


def obj(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, about: str = "") -> Schema:
    """An object with these keys and no others."""
    result = {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"description": about, **result} if about else result


def document(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, about: str = "") -> Schema:
    """An object that says its format's version, and what went wrong after it was made."""
    about_them = "What ended the command after the result was made, as failure.schema.json has it."
    wrong = {"diagnostics": {**many({"type": "object"}), "minItems": 1, "description": about_them}}
    wrong = {} if "diagnostics" in properties else wrong
    return obj({"format_version": {"const": 1}, **properties}, {**wrong, **(optional or {})}, about)


def items(of: Schema, about: str = "") -> Schema:
    """The document of a command that lists."""
    return document({"items": many(of)}, about=about)


def many(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def by_name(of: Schema, names: Iterable[str] | None = None) -> Schema:
    """A mapping; ``names``: the only keys that it may have."""
    mapping: Schema = {"type": "object", "additionalProperties": of}
    return {**mapping, "propertyNames": {"enum": list(names)}} if names is not None else mapping


def one_of(names: Iterable[str]) -> Schema:
    """One of these words."""
    return {"enum": list(names)}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    """A part that is written once."""
    return {"$ref": f"#/$defs/{name}"}


def either(*forms: Schema) -> Schema:
    """One document or the other."""
    return {"type": "object", "oneOf": list(forms)}


def counts(names: Iterable[str]) -> Schema:
    """A number for each of these names."""
    return obj(dict.fromkeys(names, COUNT))


PLAN = plan_schema()
PLAN_PART = {key: PLAN[key] for key in ("type", "properties", "required", "additionalProperties")}
DRIFT = obj(
    {
        **{name: PLAN["properties"][name] for name in PLAN["required"]},
        "causes": counts(cause.name.lower() for cause in Cause),
        "drift": many(
            obj(
                {
                    "address": ADDRESS,
                    "path": TEXT,
                    "applied": ANYTHING,
                    "live": ANYTHING,
                    "config": ANYTHING,
                    "cause": one_of(cause.name.lower() for cause in Cause),
                },
                about="A field three ways: as it was last applied, as it is in Websak, and as the config has it.",
            )
        ),
    },
    about="A plan from what was last applied to live, and why each field differs.",
)

DIAGNOSTIC: dict[str, Schema] = {
    "code": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "`websakctl explain CODE` says what it is."},
    "severity": one_of(severity.value for severity in Severity),
    "message": TEXT,
    "help": TEXT,
    "exit_code": maybe(COUNT),
    "file": maybe(TEXT),
    "line": maybe(FROM_ONE),
    "column": maybe(FROM_ONE),
    "end_line": maybe(FROM_ONE),
    "end_column": maybe(FROM_ONE),
    "address": maybe(TEXT),
    "related": maybe(obj({"file": TEXT, "line": FROM_ONE, "column": FROM_ONE, "label": TEXT})),
}
EXPLAINED_FIELD = obj(
    {
        "field": TEXT,
        "norwegian": TEXT,
        "english": TEXT,
        "meaning": TEXT,
        "type": TEXT,
        "unsaid": TEXT,
        "overridable": YES_NO,
        "remarks": many(TEXT),
    }
)
SPAN = obj({"start": DAY, "end": DAY})
RUN = {"type": "string", "pattern": "^[0-9]{8}T[0-9]{6}-[0-9a-f]{6}$"}

DEFS: dict[str, Schema] = {
    **PLAN["$defs"],
    "plan": PLAN_PART,
    "drift": DRIFT,
    "diagnostic": obj(DIAGNOSTIC),
    "failure": document({"diagnostics": {**many(ref("diagnostic")), "minItems": 1}}),
    "finding": obj({"rule": {"type": "string", "description": "The same as `code`."}, **DIAGNOSTIC}),
    "validation": document({"valid": YES_NO, "diagnostics": many(ref("finding"))}),
    "place": obj({"file": TEXT, "line": FROM_ONE, "column": FROM_ONE}),
    "check": obj({"ok": YES_NO, "what": TEXT, "detail": TEXT}),
    "explained_field": EXPLAINED_FIELD,
    "item": obj(
        {
            "id": TEXT,
            "number": FROM_ONE,
            "address": ADDRESS,
            "kind": TEXT,
            "scope": TEXT,
            "key": TEXT,
            "name": TEXT,
            "action": one_of(action.value for action in Action),
            "fields": many(ref("field")),
            "after": many(TEXT),
        },
        about="What a person sets. `after`: ids of the items that come first.",
    ),
    "batch": obj(
        {
            "batch": TEXT,
            "name": TEXT,
            "go_live": maybe(DAY),
            "week": maybe(WEEK),
            "paused": YES_NO,
            "pause_reason": maybe(TEXT),
            "ready": YES_NO,
            "state": one_of(state.value for state in BatchState),
            "counts": counts(state.value for state in Standing),
            "districts": many(ref("district_of_batch")),
        }
    ),
    "district_of_batch": obj(
        {
            "district": TEXT,
            "name": TEXT,
            "verdicts": many(
                obj(
                    {
                        "gate": TEXT,
                        "state": one_of(state.value for state in Standing),
                        "why": many(TEXT),
                        "next": TEXT,
                        "how": TEXT,
                    }
                )
            ),
        }
    ),
    "dates": many(
        obj(
            {
                "key": TEXT,
                "name": TEXT,
                "event": one_of(("begins", "ends")),
                "day": {**DAY, "description": "The first day on which it is otherwise."},
                "days": {"type": "integer", "description": "Until then; fewer than none: it has come."},
                "warning": YES_NO,
                "unsettled": TEXT,
                "next": TEXT,
            },
            about="A date of the register of legal sources that binds the rollout.",
        )
    ),
    "rollout": document(
        {
            "today": DAY,
            "asked": {"type": "boolean", "description": "Whether Websak was asked."},
            "gates": many(
                obj(
                    {
                        "key": TEXT,
                        "name": TEXT,
                        "check": maybe(TEXT),
                        "match": maybe(TEXT),
                        "after": maybe(TEXT),
                        "next": maybe(TEXT),
                    }
                )
            ),
            "batches": many(ref("batch")),
            "unplanned": {**many(TEXT), "description": "Districts in no batch."},
            "dates": ref("dates"),
        }
    ),
    "applied": document(
        {
            "run": TEXT,
            "environment": TEXT,
            "counts": counts([*(s.value.replace(" ", "_") for s in Status), "stale"]),
            "districts": by_name(by_name(COUNT, (s.value for s in Status))),
            "outcomes": many(ref("outcome")),
            "normalised": many(
                obj(
                    {"address": ADDRESS, "path": TEXT, "wanted": ANYTHING, "made": ANYTHING},
                    about="A value that the server writes in its own way; it will not show as a change.",
                )
            ),
            "stale": many(
                obj(
                    {
                        "address": ADDRESS,
                        "because_of": maybe(ADDRESS),
                        "fields": many(
                            obj({"path": TEXT, "before": ANYTHING, "now": ANYTHING, "wanted": ANYTHING}),
                        ),
                    },
                    about="A change of a saved plan that no longer holds, and was not done.",
                )
            ),
            "not_needed": many(ADDRESS),
            "work_list": obj({"items": COUNT, "files": many(TEXT)}),
        }
    ),
    "nothing_applied": document(
        {"run": maybe(TEXT), "outcomes": {"type": "array", "maxItems": 0}},
        about="There was nothing to do, or to resume.",
    ),
    "outcome": obj(
        {
            "address": ADDRESS,
            "action": one_of(action.value for action in Action),
            "status": one_of(status.value for status in Status),
            "detail": TEXT,
            "blocked_by": maybe(ADDRESS),
            "at": many(
                obj(
                    {"field": TEXT, "message": TEXT, "position": TEXT},
                    about="Where in the YAML the value stands that the server refused.",
                )
            ),
        }
    ),
    "reform": document(
        {
            "name": TEXT,
            "date": DAY,
            "environment": TEXT,
            "measures": obj(dict.fromkeys(LABELS, NUMBER)),
            "districts": many(
                obj(
                    {
                        "slug": TEXT,
                        "name": TEXT,
                        "sources": many(TEXT),
                        "parts_of": many(TEXT),
                        "units": COUNT,
                        "merged": COUNT,
                        "users": COUNT,
                        "numbers": COUNT,
                    }
                )
            ),
            "licences": many(
                obj(
                    {
                        "code": TEXT,
                        "product": TEXT,
                        "bought": COUNT,
                        "allotted_before": COUNT,
                        "allotted_after": COUNT,
                        "districts": by_name(obj({"allotted": COUNT, "needed": COUNT, "missing": COUNT})),
                    }
                )
            ),
            "collisions": many(TEXT),
            "decisions": many(TEXT),
            "steps": by_name(COUNT),
            "allow": many(TEXT),
        }
    ),
    "written": document(
        {
            "files": many(TEXT),
            "written": many(
                obj(
                    {
                        "address": ADDRESS,
                        "path": TEXT,
                        "before": ANYTHING,
                        "after": ANYTHING,
                        "file": TEXT,
                        "how": one_of(("in place", "in the template", "as an override", "as an entry")),
                    }
                )
            ),
            "left": many(obj({"address": TEXT, "why": TEXT})),
        },
        about="What was written into the config, and what was left out.",
    ),
}

FLEET = document(
    {
        "tool_version": TEXT,
        "command": one_of(("validate", "plan", "apply", "drift", "report")),
        "created_at": TIME,
        "fleet": obj({"digest": DIGEST, "targets": COUNT}),
        "shards": many({"type": "string", "pattern": "^[1-9][0-9]*/[1-9][0-9]*$"}),
        "exit_code": COUNT,
        "outcomes": by_name(COUNT, FLEET_WORDS),
        "summary": by_name(COUNT),
        "targets": by_name(
            obj(
                {
                    "environment": TEXT,
                    "exit_code": COUNT,
                    "outcome": one_of(FLEET_WORDS),
                    "summary": by_name(COUNT),
                    "message": TEXT,
                    "help": TEXT,
                    "said": TEXT,
                    "seconds": NUMBER,
                    "attempts": COUNT,
                    "where": TEXT,
                    "documents": obj(
                        {},
                        {
                            "validate": {"anyOf": [ref("validation"), ref("failure")]},
                            "plan": {"anyOf": [ref("plan"), ref("failure")]},
                            "drift": {"anyOf": [ref("drift"), ref("failure")]},
                            "rollout": {"anyOf": [ref("rollout"), ref("failure")]},
                            "apply": {"anyOf": [ref("applied"), ref("nothing_applied"), ref("failure")]},
                        },
                        about="What the target's commands wrote, by command.",
                    ),
                },
                {"journal": {"type": ["object", "null"], "description": "Only in a file: `--take-journals` reads it."}},
            )
        ),
    }
)
WORK_LIST = {"environment": TEXT, "items": many(ref("item"))}
LOCAL_STATE = document({"state": {"const": "local"}, "environment": TEXT, "entries": COUNT})
SHARED_STATE = document(
    {
        "state": {"const": "git"},
        "environment": TEXT,
        "remote": TEXT,
        "branch": TEXT,
        "reachable": YES_NO,
        "head": maybe(TEXT),
        "entries": COUNT,
        "waiting": COUNT,
        "state_key": YES_NO,
        "lock": maybe(obj({"owner": TEXT, "machine": TEXT, "purpose": TEXT, "taken_at": TEXT})),
    }
)
JOURNAL_CHECK = {"entries": COUNT, "intact": YES_NO, "first_broken": maybe(COUNT)}
ENTRIES = items(
    obj(
        {
            "run": TEXT,
            "at": TIME,
            "user": TEXT,
            "reason": TEXT,
            "address": ADDRESS,
            "action": TEXT,
            "status": TEXT,
            "detail": TEXT,
            "fields": many(ref("field")),
        }
    ),
    "With a run, or with --address: each change.",
)
RUNS = items(
    obj(
        {
            "run": TEXT,
            "at": TIME,
            "environment": TEXT,
            "user": TEXT,
            "client_id": TEXT,
            "reason": TEXT,
            "ci": TEXT,
            "state": one_of(("complete", "incomplete", "interrupted", "superseded")),
            "counts": by_name(COUNT),
        }
    ),
    "All runs.",
)
SERVER: dict[str, Schema] = {
    "base_url": TEXT,
    "setup_url": TEXT,
    "token_url": TEXT,
    "client_id": TEXT,
    "client_secret": TEXT,
    "database": TEXT,
    "pid": COUNT,
    "api_version": TEXT,
    "quirks": many(TEXT),
}
RUNNING = document({"running": {"const": True}, **SERVER})
COMMIT = obj({"sha": TEXT, "on": DAY, "author": TEXT, "summary": TEXT})
PROBLEM_DATA = {"code": TEXT, "exit_code": COUNT, "summary": TEXT, "help": TEXT, "example": TEXT}
IMPORT = {
    "file": TEXT,
    "read_as": TEXT,
    "columns": by_name(TEXT),
    "passed_over": many(TEXT),
    "written": YES_NO,
    "districts": by_name(obj({"users": COUNT, "left": many(TEXT)})),
    "errors": many(obj({"row": COUNT, "column": maybe(COUNT), "cell": TEXT, "message": TEXT, "help": TEXT})),
}
PAUSE = document({"batch": TEXT, "paused": YES_NO, "was_paused": YES_NO, "files": many(TEXT)})
FINDING_KEYS = {"orgnr": TEXT, "district": TEXT, "name": TEXT, "detail": TEXT}
SOURCE = one_of(source.value for source in Source)
SUBJECT = one_of(("unit", "number"))
CAPACITY = {"bought": COUNT, "missing": COUNT}

VERDICT = one_of(("yes", "unknown", "no"))
GAPS = many(
    obj({"what": TEXT, "where": many(TEXT)}, about="What the answer lacks; with one it rests on incomplete data.")
)
ACCESS_BASIS = {
    "source": one_of(("live", "config")),
    "incomplete": GAPS,
    "confirmed": maybe(obj({"by": TEXT, "on": DAY}, about="Who confirmed the rules of docs/access.md.")),
    "assumed": many(obj({"rule": FROM_ONE, "text": TEXT, "setting": TEXT}, about="Rules that nobody has confirmed.")),
}
ACCOUNT = {"user": TEXT, "person": TEXT, "district": TEXT, "active": YES_NO}
READS = {
    "reads": VERDICT,
    "ways": many(
        obj(
            {
                "kind": one_of(("role", "function", "group", "administrator", "unscreened")),
                "name": TEXT,
                "reads": VERDICT,
                "units": maybe(many(TEXT)),
                "archives": many(TEXT),
                "journal_units": many(TEXT),
                "why": TEXT,
                "rules": many(FROM_ONE),
            },
            about="What somebody reads through. `units`: null for everywhere; `why`: what is not known.",
        )
    ),
    "rests_on": {**many(FROM_ONE), "description": "Assumed rules that the answer rests on."},
}
NAMED = {"name": {**TEXT, "description": "Only with --names."}}
NOT_CHECKED = {**many(TEXT), "description": "What nobody could look for; that nothing was found of it says nothing."}
REVIEWED = {"user": TEXT, "district": TEXT}
ACROSS = many(obj({**REVIEWED, "code": TEXT, "reads": VERDICT, "districts": many(TEXT)}, NAMED))

# By file: what it is, the commands that write it, and how it looks.
DOCUMENTS: dict[str, tuple[str, tuple[str, ...], Schema]] = {
    "failure": ("a command that ends without a result", (), ref("failure")),
    "access-compare": (
        "what two users can read",
        ("access compare",),
        document(
            {
                **ACCESS_BASIS,
                "accounts": many(obj(ACCOUNT, NAMED)),
                "codes": many(obj({"code": TEXT, "alike": maybe(YES_NO), "accounts": many(obj(READS))})),
            }
        ),
    ),
    "access-review": (
        "a district's review of access",
        ("access review",),
        document(
            {
                "for": TEXT,
                **ACCESS_BASIS,
                "digest": DIGEST,
                "findings": COUNT,
                "not_checked": NOT_CHECKED,
                "signed": maybe(
                    obj(
                        {"on": TEXT, "by": TEXT, "digest": TEXT, "same": maybe(YES_NO)},
                        about="The newest that was signed. `same`: whether access still is; null: not compared.",
                    )
                ),
                "beyond_role": many(obj({**REVIEWED, "kind": TEXT, "what": TEXT, "role": TEXT}, NAMED)),
                "outwards": ACROSS,
                "inwards": ACROSS,
                "administrators": many(obj(REVIEWED, NAMED)),
                "left": many(obj({**REVIEWED, "why": TEXT}, NAMED)),
                "segregation": obj({"checked": YES_NO, "users": many(obj(REVIEWED, NAMED))}),
                "groups_without_owner": many(TEXT),
                "sensitive": many(obj({"code": TEXT, "people": COUNT, "unknown": COUNT})),
                "people": many(
                    obj(
                        {
                            **REVIEWED,
                            "person": TEXT,
                            "role": maybe(TEXT),
                            "unit": maybe(TEXT),
                            "reads": many(TEXT),
                            "unknown": many(TEXT),
                        },
                        NAMED,
                    )
                ),
            }
        ),
    ),
    "access-sign": (
        "a review of access that is signed",
        ("access sign",),
        document(
            {
                "run": RUN,
                "for": TEXT,
                "by": TEXT,
                "on": DAY,
                "evidence": TEXT,
                "digest": DIGEST,
                "findings": COUNT,
                "not_checked": NOT_CHECKED,
                "incomplete": COUNT,
                "source": one_of(("live", "config")),
            }
        ),
    ),
    "access-what": (
        "what a user can read",
        ("access what",),
        document({**ACCESS_BASIS, **ACCOUNT, "codes": many(obj({"code": TEXT, **READS}))}, NAMED),
    ),
    "access-who": (
        "who can read an access code",
        ("access who",),
        document(
            {
                **ACCESS_BASIS,
                "question": obj(
                    {
                        "code": TEXT,
                        "level": maybe(FROM_ONE),
                        "case_type": maybe(TEXT),
                        "unit": maybe(TEXT),
                        "districts": many(TEXT),
                    }
                ),
                "people": COUNT,
                "unknown": COUNT,
                "readers": many(obj({**ACCOUNT, **READS}, NAMED)),
            }
        ),
    ),
    "adopt": (
        "live objects written into the config",
        ("adopt",),
        either(
            ref("written"),
            items(
                obj({"address": ADDRESS, "id": TEXT, "name": TEXT, "evidence": TEXT, "proposed": YES_NO}),
                "With --match: live units without an external id that may be the config's.",
            ),
        ),
    ),
    "apply": ("what became of an apply", ("apply",), either(ref("applied"), ref("nothing_applied"))),
    "attest": (
        "an attestation",
        ("attest",),
        document({"address": ADDRESS, "by": TEXT, "on": DAY, "evidence": TEXT, "files": many(TEXT)}),
    ),
    "auth-login": (
        "credentials that were stored",
        ("auth login",),
        document({"environment": TEXT, "client_id": TEXT, "stored": {"const": True}}),
    ),
    "auth-logout": (
        "credentials that were forgotten",
        ("auth logout",),
        document({"environment": TEXT, "forgotten": YES_NO}),
    ),
    "auth-status": (
        "where the credentials come from",
        ("auth status",),
        document({"environment": TEXT, "client_id": maybe(TEXT), "secret_from": maybe(TEXT)}),
    ),
    "consistency": (
        "units and numbers side by side, who is wrong, and who mends it",
        ("consistency",),
        document(
            {
                "checked": COUNT,
                "agree": COUNT,
                "differ": COUNT,
                "unknown": many(
                    obj(
                        {"source": SOURCE, "subject": SUBJECT, "count": COUNT, "why": TEXT},
                        about="What could not be compared: of which place, of how many, and why.",
                    )
                ),
                "sources": obj(
                    {
                        Source.WEBSAK.value: obj(
                            {"asked": TEXT, "no_units": maybe(TEXT), "no_numbers": maybe(TEXT)},
                            about="`no_units`, `no_numbers`: why they are not known; null: they are.",
                        ),
                        **{
                            source.value: obj({"asked": TEXT, "why_not": maybe(TEXT)})
                            for source in (Source.REGISTER, Source.FIKS)
                        },
                    }
                ),
                "notes": many(TEXT),
                "letters": many(TEXT),
                "entries": many(
                    obj(
                        {
                            "subject": SUBJECT,
                            "key": TEXT,
                            "district": TEXT,
                            "name": TEXT,
                            "verdict": one_of(("differs", "unknown", "agrees")),
                            "says": obj(
                                {
                                    source.value: obj({"known": one_of(get_args(Known)), "text": TEXT})
                                    for source in Source
                                },
                                about="`none`: it does not hold such things.",
                            ),
                            "findings": many(
                                obj(
                                    {
                                        "what": one_of(what.value for kind in (Drift, Lookup, Clash) for what in kind),
                                        "detail": TEXT,
                                        "wrong": {
                                            **maybe(SOURCE),
                                            "description": "Whose entry is wrong; null: it cannot be known from here.",
                                        },
                                        "by": TEXT,
                                        "how": TEXT,
                                        "command": maybe(TEXT),
                                        "letter": maybe(one_of(("register", "receiving"))),
                                    }
                                )
                            ),
                        }
                    )
                ),
            }
        ),
    ),
    "contract-check": (
        "what a document of the vendor's would break",
        ("contract check",),
        document(
            {
                "file": TEXT,
                "before": maybe(TEXT),
                "version": TEXT,
                "findings": many(
                    obj(
                        {"what": one_of(what.value for what in What), "operation": TEXT, "field": TEXT, "message": TEXT}
                    )
                ),
            }
        ),
    ),
    "districts-add": ("a new district", ("districts add",), document({"slug": TEXT, "files": many(TEXT)})),
    "districts-compare": (
        "who deviates from the base",
        ("districts compare",),
        items(
            obj(
                {
                    "district": TEXT,
                    "how": one_of(how.value for how in How),
                    "address": ADDRESS,
                    "field": maybe(TEXT),
                    "base": ANYTHING,
                    "here": ANYTHING,
                    "reason": maybe(TEXT),
                    "owner": maybe(TEXT),
                    "until": maybe(DAY),
                    "at": maybe(TEXT),
                }
            )
        ),
    ),
    "districts-documents": (
        "documents that were written",
        ("districts documents",),
        items(obj({"district": TEXT, "what": one_of(("plan", "letter", "handover")), "file": TEXT})),
    ),
    "districts-list": (
        "the districts",
        ("districts list",),
        items(
            obj(
                {
                    "number": TEXT,
                    "slug": TEXT,
                    "name": TEXT,
                    "orgnr": ORGNR,
                    "short_name": TEXT,
                    "prefix": TEXT,
                    "batch": maybe(TEXT),
                    "resources": COUNT,
                    "overrides": COUNT,
                }
            )
        ),
    ),
    "doctor": ("what was checked", ("doctor",), items(obj({"check": TEXT, "ok": YES_NO, "detail": TEXT}))),
    "drift": ("what somebody changed by hand", ("drift",), ref("drift")),
    "evidence": (
        "what was written for an inspection",
        ("evidence",),
        document(
            {
                "complete": YES_NO,
                "incomplete_because": many(TEXT),
                "as_of": DAY,
                "environment": TEXT,
                "names": YES_NO,
                "config": obj({"commit": TEXT, "committed_at": TEXT}),
                "state": obj({"branch": maybe(TEXT), "commit": maybe(TEXT), "entries": COUNT, "digest": DIGEST}),
                "folder": TEXT,
                "uncommitted": YES_NO,
                "parts": many(obj({"name": TEXT, "file": TEXT, "rows": COUNT, "missing": many(TEXT)})),
                "files": by_name(DIGEST),
            }
        ),
    ),
    "explain": (
        "what something is",
        ("explain",),
        either(
            document(
                {
                    "rule": TEXT,
                    "severity": one_of(severity.value for severity in Severity),
                    "summary": TEXT,
                    "why": TEXT,
                    "bad": TEXT,
                    "good": TEXT,
                    "settable": YES_NO,
                    "ignore": maybe(TEXT),
                },
                about="A rule.",
            ),
            document(PROBLEM_DATA, about="The code of a failure."),
            document(
                {
                    "kind": TEXT,
                    "section": TEXT,
                    "title": TEXT,
                    "where": one_of(scoping.value for scoping in Scoping),
                    "api": one_of(api.value for api in Api),
                    "on_removal": one_of(removal.value for removal in Removal),
                    "example": TEXT,
                    "fields": many(ref("explained_field")),
                },
                about="A kind.",
            ),
            document(EXPLAINED_FIELD["properties"], about="A kind's field."),
            document({"norwegian": TEXT, "english": TEXT, "meaning": TEXT}, about="A Norwegian word."),
            document(
                {
                    "address": ADDRESS,
                    "source": maybe(ref("place")),
                    "previously": many(ADDRESS),
                    "fields": by_name(
                        obj(
                            {
                                "value": ANYTHING,
                                "made_by": many(
                                    obj(
                                        {
                                            "by": one_of(
                                                ("default", "the file's defaults", "entry", "template", "override")
                                            ),
                                            "value": ANYTHING,
                                            "source": maybe(ref("place")),
                                            "note": TEXT,
                                            "commit": maybe(COMMIT),
                                        }
                                    )
                                ),
                                "run": maybe(obj({"run": TEXT, "at": TIME, "same_value": YES_NO})),
                            }
                        )
                    ),
                },
                about="What made each value of a resource; the last in `made_by` holds.",
            ),
        ),
    ),
    "export": (
        "a workbook that was written",
        ("export",),
        document({"file": TEXT, "sheets": many(obj({"title": TEXT, "kind": TEXT, "rows": FROM_ONE}))}),
    ),
    "find": (
        "where a text was found",
        ("find",),
        items(
            obj(
                {
                    "address": ADDRESS,
                    "name": TEXT,
                    "field": TEXT,
                    "value": TEXT,
                    "places": many(one_of(("config", "Websak"))),
                    "source": maybe(ref("place")),
                }
            )
        ),
    ),
    "fleet": (
        "what the jobs of a fleet came to",
        ("fleet validate", "fleet plan", "fleet apply", "fleet drift", "fleet report", "fleet merge"),
        FLEET,
    ),
    "fmt": (
        "files that were laid out",
        ("fmt",),
        document(
            {"checked": COUNT, "changed": many(TEXT), "failed": many(obj({"file": TEXT, "message": TEXT}))},
        ),
    ),
    "history": (
        "who changed what",
        ("history",),
        either(
            RUNS,
            ENTRIES,
            document(JOURNAL_CHECK, {"problems": many(TEXT)}, about="`history verify`: whether the journal is whole."),
        ),
    ),
    "init": ("a new repository", ("init",), document({"folder": TEXT, "files": many(TEXT)})),
    "import": (
        "a workbook or a list that was taken over",
        ("import",),
        either(
            ref("written"),
            document(
                {
                    "file": TEXT,
                    "files": {"type": "array", "maxItems": 0},
                    "errors": many(obj({"cell": TEXT, "message": TEXT, "help": TEXT})),
                    "conflicts": many(
                        obj(
                            {
                                "cell": TEXT,
                                "address": ADDRESS,
                                "field": TEXT,
                                "before": TEXT,
                                "workbook": TEXT,
                                "config": TEXT,
                            }
                        )
                    ),
                },
                about="It was not taken: cells that cannot be, or that were changed in the config too.",
            ),
        ),
    ),
    "licences": (
        "licence seats",
        ("licences",),
        document(
            {
                "unknown_role": COUNT,
                "pools": many(
                    obj(
                        {
                            "pool": TEXT,
                            "product": TEXT,
                            "bought": COUNT,
                            "valid_from": maybe(DAY),
                            "valid_to": maybe(DAY),
                            "valid_now": YES_NO,
                            "allotted": COUNT,
                            "in_use": maybe(COUNT),
                            "high_water": COUNT,
                            "missing": COUNT,
                            "batches": many(
                                obj(
                                    {
                                        "batch": TEXT,
                                        "go_live": maybe(DAY),
                                        "needed": COUNT,
                                        "total_after": COUNT,
                                        **CAPACITY,
                                    }
                                )
                            ),
                            "districts": many(
                                obj(
                                    {
                                        "district": TEXT,
                                        "allotted": maybe(COUNT),
                                        "in_use": maybe(COUNT),
                                        "needed": COUNT,
                                        "listed": YES_NO,
                                        "missing": COUNT,
                                    }
                                )
                            ),
                        }
                    )
                ),
                "shortages": many(obj({"pool": TEXT, "batch": maybe(TEXT), "district": maybe(TEXT), "missing": COUNT})),
                "months": many(obj({"month": TEXT, "starting": COUNT, "leaving": COUNT})),
            }
        ),
    ),
    "plan": ("a plan", ("plan", "rollback", "snapshot diff"), PLAN),
    "pull": ("what was written into the config", ("pull",), ref("written")),
    "reform-compare": (
        "alternatives of a reform",
        ("reform compare",),
        document({"alternatives": many(ref("reform"))}),
    ),
    "reform-plan": ("what a reform would mean", ("reform plan",), ref("reform")),
    "rehearse": (
        "a rehearsal",
        ("rehearse",),
        document(
            {
                "what": {"const": WHAT},
                "environment": TEXT,
                "rehearsed_at": TIME,
                "tool_version": TEXT,
                "passed": YES_NO,
                "plan": obj({"digest": DIGEST, "created_at": TIME, "summary": by_name(COUNT)}),
                "source": TEXT,
                "api_version": TEXT,
                "faults": one_of(FAULTS),
                "struck": COUNT,
                "allowed": many(TEXT),
                "checks": many(
                    obj(
                        {
                            "name": TEXT,
                            "passed": {"type": ["boolean", "null"], "description": "null: it could not be checked."},
                            "detail": TEXT,
                            "items": many(TEXT),
                        }
                    )
                ),
                "effects": by_name(COUNT),
                "seconds": NUMBER,
                "digest": DIGEST,
            },
            {"signature": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
        ),
    ),
    "law-check": (
        "what the config rests on, on a day",
        ("law check",),
        document(
            {
                "as_of": DAY,
                "days_ahead": COUNT,
                "ok": {"type": "boolean", "description": "Whether every basis is in force, confirmed, and stays so."},
                "counts": by_name(COUNT, CATEGORIES),
                "bases": many(
                    obj(
                        {
                            "address": ADDRESS,
                            "field": {"type": "string", "pattern": r"^(legal|retention)_basis(\[[0-9]+\])?$"},
                            "text": TEXT,
                            "citation": TEXT,
                            "source": maybe(TEXT),
                            "category": one_of(CATEGORIES),
                            "standing": one_of(at.value for at in LawStanding),
                            "valid_from": maybe(DAY),
                            "valid_to": maybe(DAY),
                            "confirmed": YES_NO,
                            "unknown": TEXT,
                            "successor": maybe(TEXT),
                            "instead": maybe(TEXT),
                        },
                        about="One provision that an entry cites.",
                    )
                ),
                "sources": many(
                    obj(
                        {
                            "key": TEXT,
                            "name": TEXT,
                            "type": one_of(("act", "regulation", "decision", "deadline")),
                            "number": maybe(TEXT),
                            "valid_from": maybe(DAY),
                            "valid_to": maybe(DAY),
                            "successor": maybe(TEXT),
                            "standing": one_of(at.value for at in LawStanding),
                            "source": TEXT,
                            "confirmed_by": maybe(TEXT),
                            "confirmed_on": maybe(DAY),
                            "unsettled": maybe(TEXT),
                            "bases": COUNT,
                        },
                        about="A row of the register of legal sources.",
                    )
                ),
                "dates": ref("dates"),
            }
        ),
    ),
    "rollout-check": (
        "what is in the way of a batch",
        ("rollout check",),
        document({**DEFS["batch"]["properties"], "asked": YES_NO, "dates": ref("dates")}),
    ),
    "rollout-move": (
        "a batch on another day",
        ("rollout move",),
        document(
            {
                "batch": TEXT,
                "before": maybe(DAY),
                "after": DAY,
                "activities": many(obj({"key": TEXT, "before": maybe(SPAN), "after": SPAN})),
                "dependents": many(obj({"what": TEXT, "day": TEXT, "detail": TEXT})),
                "order": obj({"before": many(TEXT), "after": many(TEXT)}),
                "notes": many(TEXT),
                "files": many(TEXT),
            }
        ),
    ),
    "rollout-pause": ("a batch that was paused or resumed", ("rollout pause", "rollout resume"), PAUSE),
    "rollout-report": (
        "the status page",
        ("rollout report",),
        document({"file": TEXT, "language": one_of(("nb", "en")), "since": DAY, "districts_ready": COUNT}),
    ),
    "rollout-run": (
        "a batch that was brought in, or what is in the way of it",
        ("rollout run",),
        either(
            document(
                {
                    "batch": TEXT,
                    "canary": TEXT,
                    "complete": YES_NO,
                    "verdict": TEXT,
                    "runs": many(
                        obj(
                            {
                                "part": TEXT,
                                "run": TEXT,
                                "planned": COUNT,
                                "complete": YES_NO,
                                "districts": by_name(by_name(COUNT, (s.value for s in Status))),
                            }
                        )
                    ),
                    "manual": COUNT,
                }
            ),
            document(
                {**DEFS["batch"]["properties"], "asked": YES_NO, "dates": ref("dates")},
                about="A gate is in the way: nothing was done.",
            ),
        ),
    ),
    "rollout-schedule": (
        "when each preparation is done",
        ("rollout schedule",),
        document(
            {
                "activities": many(
                    obj(
                        {
                            "batch": TEXT,
                            "key": TEXT,
                            "name": TEXT,
                            "responsible": TEXT,
                            "start": DAY,
                            "end": DAY,
                            "gate": maybe(TEXT),
                            "week": WEEK,
                        }
                    )
                )
            }
        ),
    ),
    "rollout-status": ("how the rollout stands", ("rollout status",), ref("rollout")),
    "sandbox-reset": (
        "a sandbox that was reset",
        ("sandbox reset",),
        document({"seed": one_of(("standard", "empty"))}),
    ),
    "sandbox-status": (
        "where a sandbox runs",
        ("sandbox serve", "sandbox status"),
        either(RUNNING, document({"running": {"const": False}, **{key: {"type": "null"} for key in SERVER}})),
    ),
    "sandbox-stop": ("a sandbox that was stopped", ("sandbox stop",), document({"was_running": YES_NO})),
    "schema": (
        "the files that `schema --write` wrote",
        ("schema",),
        either(
            document({"files": many(TEXT)}, about="With --write."),
            {
                "description": "Without --write: a JSON Schema, which has `$schema` and no `format_version`.",
                "required": ["$schema"],
            },
        ),
    ),
    "show": (
        "one resource",
        ("show",),
        document(
            {
                "address": ADDRESS,
                "kind": TEXT,
                "scope": TEXT,
                "key": TEXT,
                "config": {"type": ["object", "null"], "description": "Its fields by name."},
                "live": {"type": ["object", "null"], "description": "The same as Websak has them."},
                "active": maybe(YES_NO),
                "source": maybe(ref("place")),
            }
        ),
    ),
    "snapshot-list": (
        "snapshots",
        ("snapshot list",),
        items(
            obj({"name": TEXT, "environment": maybe(TEXT), "taken_at": maybe(TIME), "objects": maybe(COUNT)}),
            "null: the file cannot be read as a snapshot.",
        ),
    ),
    "snapshot-save": ("a snapshot that was saved", ("snapshot save",), document({"file": TEXT, "objects": COUNT})),
    "state-migrate": (
        "a state that is now shared",
        ("state migrate",),
        document({"begun": YES_NO, "added": COUNT, "key_made": YES_NO}),
    ),
    "state-pull": ("entries taken in", ("state pull",), document({"head": TEXT, "added": COUNT})),
    "state-push": ("entries pushed", ("state push",), document({"pushed": COUNT, "restored": YES_NO})),
    "state-status": ("where the state is", ("state status",), either(LOCAL_STATE, SHARED_STATE)),
    "state-verify": (
        "whether journal and branch agree",
        ("state verify",),
        document({**JOURNAL_CHECK, "problems": many(TEXT)}),
    ),
    "suborgs": (
        "where mail goes",
        ("suborgs",),
        document(
            {
                "holes": COUNT,
                "routes": many(
                    obj(
                        {
                            "orgnr": TEXT,
                            "name": TEXT,
                            "district": TEXT,
                            "unit": maybe(TEXT),
                            "channel": TEXT,
                            "arrives": maybe(TEXT),
                            "batch": maybe(TEXT),
                            "go_live": maybe(DAY),
                            "readers": many(TEXT),
                            "confidential_readers": many(TEXT),
                            "daily_routine": maybe(TEXT),
                            "message_types": many(TEXT),
                            "level": maybe(COUNT),
                            "distributors": maybe(COUNT),
                            "ended": YES_NO,
                            "example": YES_NO,
                            "holes": many(TEXT),
                            "steps": many(TEXT),
                        }
                    )
                ),
                "load": many(
                    obj(
                        {
                            "after": maybe(TEXT),
                            "go_live": maybe(DAY),
                            "total": counts(WAYS),
                            "districts": by_name(by_name(COUNT, WAYS)),
                        },
                        about="How many numbers' mail comes which way; `after`: once this batch is live, null: today.",
                    )
                ),
            }
        ),
    ),
    "suborgs-check": (
        "what the registers have otherwise",
        ("suborgs check",),
        document(
            {
                "checked": COUNT,
                "business_register": obj(
                    {
                        "asked": TEXT,
                        "findings": many(obj({"what": one_of(what.value for what in Lookup), **FINDING_KEYS})),
                        "notes": many(TEXT),
                    }
                ),
                "fiks": obj(
                    {
                        "asked": YES_NO,
                        "why_not": maybe(TEXT),
                        "findings": many(obj({"what": one_of(what.value for what in Clash), **FINDING_KEYS})),
                    }
                ),
            }
        ),
    ),
    "suborgs-check-altinn": (
        "who can read each number's mail in Altinn",
        ("suborgs check altinn",),
        document(
            {
                "ok": YES_NO,
                "complete": {**YES_NO, "description": "Whether every row of the export could be read."},
                "export": obj(
                    {
                        "file": TEXT,
                        "rows": COUNT,
                        "unread": COUNT,
                        "taken_on": maybe(DAY),
                        "taken_by": maybe(TEXT),
                        "flaw": maybe(TEXT),
                    }
                ),
                "recorded": maybe(TEXT),
                "access": many(
                    obj(
                        {
                            "orgnr": TEXT,
                            "name": TEXT,
                            "district": TEXT,
                            "package": one_of(package.value for package in Package),
                            "holders": counts(("total", *(presence.value for presence in Presence))),
                            "names": maybe(many(TEXT)),
                            "problems": many(TEXT),
                            "doubts": many(TEXT),
                        },
                        about="One number and access package; `names`: only with `--names`.",
                    )
                ),
                "unread": many(obj({"place": TEXT, "count": COUNT, "message": TEXT})),
                "dropped_columns": by_name(COUNT),
                "unknown_columns": many(TEXT),
                "unknown_numbers": by_name(COUNT),
                "at_main_number": COUNT,
                "other_packages": by_name(COUNT),
                "roles_of_altinn_2": COUNT,
            }
        ),
    ),
    "suborgs-import": (
        "numbers that were written into the config",
        ("suborgs import",),
        ref("written"),
    ),
    "upgrade-check": (
        "a record before an upgrade, or the report after it",
        ("upgrade check",),
        either(
            document(
                {"snapshot": TEXT, "taken_at": TIME, "objects": COUNT, "api_version": TEXT},
                about="`upgrade check before`.",
            ),
            document(
                {
                    "ok": YES_NO,
                    "before": TIME,
                    "after": TIME,
                    "objects": obj({"before": by_name(COUNT), "after": by_name(COUNT)}),
                    "setup": ref("plan"),
                    "applied_between": {**many(ADDRESS), "description": "What websakctl applied since: no loss."},
                    "unread": {"type": "string", "description": "Why live could not be read; empty: it could."},
                    "capabilities": many(ref("check")),
                    "deprecated": many(TEXT),
                    "districts": by_name(many(ref("check"))),
                },
                about="`upgrade check after`.",
            ),
        ),
    ),
    "users-import": (
        "a file of HR that was read",
        ("users import",),
        either(
            document({**IMPORT, "plan": ref("plan")}),
            document(
                {**IMPORT, "errors": {**IMPORT["errors"], "minItems": 1}},
                about="It was not taken, so nothing is planned.",
            ),
        ),
    ),
    "users-list": (
        "the users in the config",
        ("users list",),
        items(obj(dict.fromkeys(("district", "code", "name", "role", "unit", "email"), TEXT))),
    ),
    "validate": ("findings about the config", ("validate",), ref("validation")),
    "worklist-done": (
        "what was recorded as done",
        ("worklist done",),
        document(
            {"run": TEXT, "by": TEXT, "on": DAY, "evidence": TEXT, "done": many(ref("item")), "left": COUNT},
        ),
    ),
    "worklist-list": (
        "what is left for people",
        ("worklist list",),
        either(
            document(WORK_LIST),
            document(
                {
                    "environment": TEXT,
                    "done": many(
                        obj(
                            {
                                "on": DAY,
                                "by": TEXT,
                                "action": TEXT,
                                "address": ADDRESS,
                                "evidence": TEXT,
                                "at": TIME,
                                "run": TEXT,
                            }
                        )
                    ),
                },
                about="With --done.",
            ),
        ),
    ),
    "worklist-reopen": (
        "what is on the list again",
        ("worklist reopen",),
        document({"run": TEXT, "reopened": many(ADDRESS), "left": COUNT}),
    ),
    "worklist-show": (
        "the work list",
        ("worklist show",),
        document({**WORK_LIST, "files": {**many(TEXT), "description": "With --out."}}),
    ),
}


def schemas() -> dict[str, str]:
    """The text of every file, by its name."""
    return {f"{name}.schema.json": _text(_whole(*about)) for name, about in DOCUMENTS.items()}


def _text(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _whole(title: str, commands: tuple[str, ...], schema: Schema) -> Schema:
    """A schema that stands alone, with all parts that it refers to."""
    if "$schema" in schema:
        return schema
    if list(schema) == ["$ref"]:
        schema = DEFS[_name(schema)]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"websakctl: {title}"}
    if commands:
        head["$comment"] = f"Written by {', '.join(commands)}, with --format json."
    parts: dict[str, Schema] = {}
    left = list(_referred(schema))
    while left:
        name = left.pop(0)
        if name not in parts:
            parts[name] = DEFS[name]
            left += _referred(DEFS[name])
    return {**head, **schema, **({"$defs": parts} if parts else {})}


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield _name(schema)
        for part in schema.values():
            yield from _referred(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _referred(part)


def page() -> str:
    """The list."""
    rows = [
        (command, f"[{name}.schema.json]({name}.schema.json)", title)
        for name, (title, commands, _) in DOCUMENTS.items()
        for command in commands
    ]
    lines = [f"| `{command}` | {link} | {title} |" for command, link, title in sorted(rows)]
    return PAGE.replace("ROWS", "\n".join(lines))


PAGE = """\
# What can be read by a program

## Commands: `--format json`

A command writes exactly one JSON document, to stdout or into the file that `--out` names. Everything else goes to stderr.

- **With a result**, also one that ends with an exit code other than 0 (findings, changes, an apply that is incomplete): the
  schema in the table. Where an error ended the command after that, `diagnostics` stands beside the result.
- **Without a result** (a wrong command line, a config that is not valid, a refusal, a Websak that does not answer, Ctrl-C):
  [failure.schema.json](failure.schema.json). `diagnostics` holds what went wrong, the cause first; `websakctl explain CODE`
  says what to do. It has no key but these two.

| command | schema | what it is |
|---|---|---|
ROWS

`schema` without `--write` prints a JSON Schema as it is: it says `$schema`, and no `format_version`. `demo` is for people, and
writes text only.

**`format_version`** is the first key of every document. It is raised when a key goes, is renamed, or means something else.
A new key, or a new word where the schema lists words, does not raise it: read what you know, and pass over the rest. The
schemas are closed (`additionalProperties: false`), so that they say all that this version writes: take the schemas of the
version that you run. Saved plans, rehearsal reports and results of a fleet are the same documents, and are refused when
their version is another.

Each file stands alone. They are written from `docs/generate_api.py` by `make docs`, and a test runs every command against them.

## The sandbox's Setup API

[setup.openapi.yaml](setup.openapi.yaml).
"""


if __name__ == "__main__":
    for file, text in schemas().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
