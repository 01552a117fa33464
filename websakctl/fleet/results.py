"""What a fleet's jobs came to, as one document that parts can be merged into."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from websakctl.fleet.carrying import Carried
from websakctl.fleet.job import Result
from websakctl.fleet.target import Fleet, Shard

FORMAT_VERSION = 1

# Exit codes from best to worst: how much there is for a person to do. 5: a Websak is between two states. The rest left
# it as it was: something broke, the command line, no answer, no permission, refused, not valid, changes, done.
FROM_BEST = (0, 2, 3, 4, 6, 7, 64, 1, 5)

_WORDS = {
    0: "done",
    1: "failed",
    2: "changes",
    3: "not valid",
    4: "refused",
    5: "incomplete",
    6: "not permitted",
    7: "unreachable",
    64: "wrong command line",
}
_NOT_VALID = 3
_SUMMED = ("create", "update", "activate", "deactivate", "delete")


class _Target(BaseModel):
    """What is read of a target; what else stands there is for people."""

    environment: str
    exit_code: int
    outcome: str
    summary: dict[str, int]
    message: str
    seconds: float
    attempts: int
    documents: dict[str, Any]
    journal: dict[str, Any] | None = None


class _Fleet(BaseModel):
    digest: str
    targets: int


class _File(BaseModel):
    format_version: Literal[1]
    tool_version: str
    command: str
    created_at: str
    fleet: _Fleet
    shards: list[Annotated[str, Field(pattern=r"^[1-9]\d*/[1-9]\d*$")]]
    targets: dict[str, _Target]


class ResultFileError(Exception):
    """A file is no result of a fleet command, or does not go with the others."""


def worst(codes: Iterable[int]) -> int:
    """The worst of some exit codes; one that is unknown counts as failed."""
    return max((code if code in FROM_BEST else 1 for code in codes), key=FROM_BEST.index, default=0)


def to_document(
    command: str, fleet: Fleet, shard: Shard | None, results: Iterable[Result], *, tool_version: str, created_at: str
) -> dict[str, Any]:
    """Write results as JSON values. ``created_at`` is RFC 3339."""
    home = fleet.file.resolve().parent
    roots = {t.name: os.path.relpath(t.root, home) for t in fleet.targets}
    targets = {r.target: _target(r, roots.get(r.target, "")) for r in sorted(results, key=lambda r: r.target)}
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": tool_version,
        "command": command,
        "created_at": created_at,
        "fleet": {"digest": fleet.digest, "targets": len(fleet.targets)},
        "shards": [str(shard)] if shard else [],
        **_totals(targets),
        "targets": targets,
    }


def _target(result: Result, root: str) -> dict[str, Any]:
    message, help_ = trouble_of(result, root)
    return {
        "environment": result.environment,
        "exit_code": result.exit_code,
        "outcome": "not begun" if result.attempts == 0 else _WORDS.get(result.exit_code, "failed"),
        "summary": summary_of(result.documents),
        "message": message,
        "help": help_,
        "said": result.error_output,
        "seconds": result.seconds,
        "attempts": result.attempts,
        "where": result.where,
        "documents": dict(result.documents),
        "journal": result.journal.document() if result.journal else None,
    }


def _totals(targets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    outcomes: dict[str, int] = {}
    summary: dict[str, int] = {}
    for target in targets.values():
        outcomes[target["outcome"]] = outcomes.get(target["outcome"], 0) + 1
        for name, number in target["summary"].items():
            summary[name] = summary.get(name, 0) + number
    return {
        "exit_code": worst(target["exit_code"] for target in targets.values()),
        "outcomes": dict(sorted(outcomes.items())),
        "summary": summary,
    }


def summary_of(documents: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of a target that can be added up over a fleet, from what its commands wrote."""
    result: dict[str, int] = {}
    if isinstance(validate := documents.get("validate"), dict):
        severities = [d.get("severity") for d in validate.get("diagnostics", ())]
        result |= {"errors": severities.count("error"), "warnings": severities.count("warning")}
    if isinstance(plan := documents.get("plan"), dict):
        summary = plan.get("summary", {})
        result |= {"changes": sum(summary.get(name, 0) for name in _SUMMED)}
        result |= {name: summary.get(name, 0) for name in (*_SUMMED, "unchanged", "unmanaged", "manual")}
        result |= {"guards": len(plan.get("findings", ()))}
    if isinstance(drift := documents.get("drift"), dict):
        result |= {"drifted": sum(drift.get("summary", {}).get(name, 0) for name in _SUMMED)}
    if isinstance(rollout := documents.get("rollout"), dict):
        batches = rollout.get("batches", ())
        result |= {"batches": len(batches), "ready": sum(1 for batch in batches if batch.get("ready"))}
    if isinstance(apply := documents.get("apply"), dict):
        counts = apply.get("counts", {})
        result |= {
            name: counts.get(name, 0) for name in ("done", "failed", "blocked", "unknown", "not_started", "stale")
        }
    return result


def trouble_of(result: Result, root: str = "") -> tuple[str, str]:
    """What went wrong, and what to do about it in the words of a fleet; nothing where nothing did."""
    if not result.exit_code:
        return "", ""
    if result.exit_code == _NOT_VALID and (results := _findings(result)):
        more = f" (and {len(results) - 1} more)" if len(results) > 1 else ""
        return f"{results[0]}{more}", f"websakctl validate --root {root}" if root else "websakctl validate"
    _, error, last = result.error_output.rpartition("error: ")
    lines = [line.strip() for line in last.splitlines() if line.strip()] or [f"exit code {result.exit_code}"]
    reported = next((line.removeprefix("help: ") for line in lines[1:] if line.startswith("help: ")), "")
    return lines[0 if error else -1], reported.replace("--allow ", f"--allow {result.target}:")


def _findings(result: Result) -> list[str]:
    """The errors in a config, a line each."""
    if isinstance(validate := result.documents.get("validate"), dict):
        return [
            f"{d['file']}:{d['line']}:{d['column']}: error[{d['rule']}]: {d['message']}"
            for d in validate.get("diagnostics", ())
            if d.get("severity") == "error"
        ]
    return [line for line in result.error_output.splitlines() if ": error[" in line]


def read_result(document: Any, name: str) -> dict[str, Any]:
    """Check that a JSON value is a result document.

    Raises:
        ResultFileError: If it is not.
    """
    try:
        for shard in _File.model_validate(document).shards:
            Shard.parse(shard)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "/".join(map(str, first["loc"])) or "it"
        raise ResultFileError(f"{name} is not a result of a fleet command: {where}: {first['msg']}") from None
    except ValueError as error:
        raise ResultFileError(f"{name} is not a result of a fleet command: {error}") from None
    return dict(document)


def merged(parts: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Put the results of several shards together.

    Args:
        parts: Name of the file and document of each.

    Raises:
        ResultFileError: If they are of different commands or fleets, or say of one target twice.
    """
    first_name, first = parts[0]
    targets: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, part in parts:
        for what in ("command", "fleet"):
            if part[what] != first[what]:
                raise ResultFileError(f"{name} is of another {what} than {first_name}")
        if len({Shard.parse(shard).count for each in (part, first) for shard in each["shards"]}) > 1:
            raise ResultFileError(f"{name} is of another number of shards than {first_name}")
        for target, result in part["targets"].items():
            if target in targets:
                raise ResultFileError(f"{name} and {origin[target]} both hold {target}")
            targets[target], origin[target] = result, name
    ordered = dict(sorted(targets.items()))
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": first["tool_version"],
        "command": first["command"],
        "created_at": max(str(part["created_at"]) for _, part in parts),
        "fleet": first["fleet"],
        "shards": sorted({shard for _, part in parts for shard in part["shards"]}, key=_by_number),
        **_totals(ordered),
        "targets": ordered,
    }


def _by_number(shard: str) -> tuple[int, ...]:
    return tuple(int(part) for part in reversed(shard.split("/")))


def missing_shards(document: Mapping[str, Any]) -> list[str]:
    """The parts that a merged document has not."""
    shards = [Shard.parse(shard) for shard in document["shards"]]
    if not shards:
        return []
    count = shards[0].count
    have = {shard.index for shard in shards}
    return [f"{index}/{count}" for index in range(1, count + 1) if index not in have]


def journals(document: Mapping[str, Any]) -> dict[str, Carried]:
    """The journals that came with a result, by target."""
    return {name: Carried.read(t["journal"]) for name, t in document["targets"].items() if t.get("journal")}


def without_journals(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same for people and pipes: a journal is for the state directory it came from."""
    targets = {
        name: {key: value for key, value in target.items() if key != "journal"}
        for name, target in document["targets"].items()
    }
    return {**document, "targets": targets}


def plans(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The saved plans of a ``fleet plan``, by target: only of those that could be planned."""
    result = {name: t["documents"].get("plan") for name, t in document["targets"].items()}
    return {name: plan for name, plan in result.items() if isinstance(plan, dict) and "changes" in plan}
