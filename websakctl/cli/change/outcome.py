"""What an apply came to: per change, per district, in all; and its exit code."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import msgspec
import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.session import Session
from websakctl.cli.today import seconds_in_words
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.apply.attempt import Outcome
    from websakctl.cli.change.by_hand import Written
    from websakctl.operations.apply.carry_out import Applied
    from websakctl.operations.apply.run import ApplyResult
    from websakctl.plan.stale import Stale


_MOST_CAUSES = 3  # failures of which it is named how many changes wait for them


def summarise(session: Session, result: "ApplyResult", by_hand: "Written", seconds: float) -> NoReturn:
    """Write what failed and what is in doubt, totals, how long it took, and what the server made of values.

    Raises:
        Problem: If the apply is not complete.
        typer.Exit: Otherwise.
    """
    from websakctl.apply.attempt import Status

    applied, stale = result.applied, result.stale
    outcomes = applied.execution.outcomes if applied else ()
    left = [o for o in outcomes if o.status is not Status.DONE]
    if session.call.format == "json":
        session.write(
            TableReport(
                headline="",
                columns=(),
                rows=(),
                data={**_data(session, result), "work_list": msgspec.structs.asdict(by_hand)},
            )
        )
    elif applied is not None or stale:
        _tell(session, applied, stale, result.run, seconds)
    unread, unrecorded = (applied.unread, applied.unrecorded) if applied else ("", "")
    if not left and not stale:
        if unread:
            raise Problem(
                f"all was written, but it could not be read back: {unread}",
                Exit.INCOMPLETE,
                "websakctl apply --resume reads it back",
            )
        if unrecorded:
            raise Problem(
                f"all was written, but {unrecorded}",
                Exit.INCOMPLETE,
                "make room for the journal; then websakctl apply --resume",
            )
        if result.not_needed:
            _refuse_not_needed(len(result.not_needed), nothing_done=applied is None)
        raise typer.Exit(Exit.OK)
    for trouble in filter(None, (unread, unrecorded)):
        session.terminal.error(trouble)
    tried = [o for o in left if o.status is Status.FAILED or (o.status is Status.NOT_STARTED and o.exit_hint)]
    hints = {o.exit_hint for o in tried}
    nothing_done = outcomes and not any(o.status in (Status.DONE, Status.UNKNOWN) for o in outcomes)
    if nothing_done and len(hints) == 1 and (hint := hints.pop()) not in (0, Exit.INCOMPLETE):
        raise Problem("nothing could be done", Exit(hint), "fix the cause; then: websakctl apply --resume")
    if any(o.status is Status.NOT_STARTED for o in left):
        raise Problem(
            "the apply was stopped before its end", Exit.INCOMPLETE, "websakctl apply --resume goes on with it"
        )
    raise Problem(
        "the apply is not complete",
        Exit.INCOMPLETE,
        "fix the cause; then: websakctl apply --resume"
        if left
        else "plan again: what no longer held is planned from what is there now",
    )


def _refuse_not_needed(count: int, *, nothing_done: bool) -> NoReturn:
    """The reviewed plan is not what was done, though all that it wanted is so."""
    are = f"{count} of the plan's changes {'were' if count > 1 else 'was'} no longer needed"
    see = "`websakctl plan` shows whether anything is left to do"
    if nothing_done:
        raise Problem(f"{are}, and nothing else was left of it; nothing was written", Exit.REFUSED, see)
    raise Problem(f"{are} and refused; the rest is done", Exit.INCOMPLETE, see)


def _data(session: Session, result: "ApplyResult") -> dict[str, object]:
    from websakctl.apply.attempt import Status

    applied, stale = result.applied, result.stale
    outcomes = applied.execution.outcomes if applied else ()
    counts = Counter(o.status for o in outcomes)
    return {
        "format_version": 1,
        "run": result.run,
        "environment": session.target.name,
        "counts": {**{s.value.replace(" ", "_"): counts[s] for s in Status}, "stale": len(stale)},
        "districts": {scope: dict(sorted(per.items())) for scope, per in _per_scope(outcomes).items()},
        "outcomes": [
            {
                "address": str(o.change.address),
                "action": o.change.action.value,
                "status": o.status.value,
                "detail": o.detail,
                "blocked_by": str(o.blocked_by) if o.blocked_by else None,
                "at": [
                    {"field": name, "message": message, "position": place}
                    for name, message, place in positions(session, o)
                ],
            }
            for o in outcomes
        ],
        "normalised": [
            {"address": str(d.address), "path": d.path, "wanted": d.wanted, "made": d.made}
            for d in (applied.normalised if applied else ())
        ],
        "stale": [
            {
                "address": str(s.change.address),
                "because_of": str(s.because_of) if s.because_of else None,
                "fields": [
                    {"path": path, "before": before, "now": now, "wanted": desired}
                    for path, before, now, desired in s.conflicts
                ],
            }
            for s in stale
        ],
        "not_needed": [str(address) for address in result.not_needed],
    }


def _per_scope(outcomes: "tuple[Outcome, ...]") -> dict[str, Counter[str]]:
    result: dict[str, Counter[str]] = {}
    for o in outcomes:
        result.setdefault(o.change.address.scope, Counter())[o.status.value] += 1
    return dict(sorted(result.items()))


def _tell(session: Session, applied: "Applied | None", stale: "tuple[Stale, ...]", run: str, seconds: float) -> None:
    """What failed and what is in doubt, one by one; of what was not begun, only how many."""
    from websakctl.apply.attempt import Status

    outcomes = applied.execution.outcomes if applied else ()
    counts = Counter(o.status for o in outcomes)
    rest = "".join(f", {counts[s]} {s.value}" for s in Status if counts[s] and s is not Status.DONE)
    took = f" in {seconds_in_words(seconds)}" if seconds else ""
    reported = f"Applied: {counts[Status.DONE]} of {len(outcomes)} changes done{rest}{f', {len(stale)} stale' if stale else ''} (run {run}){took}."
    rows = []
    for o in sorted(outcomes, key=lambda o: o.status is Status.UNKNOWN):
        shown = o.status in (Status.FAILED, Status.UNKNOWN) or (o.status is Status.NOT_STARTED and o.exit_hint)
        if not shown:
            continue
        rows.append((str(o.change.address), o.status.value, o.detail))
        rows.extend(
            ("", "", f"{name}: {message} ({place})" if message else f"written at {place}")
            for name, message, place in positions(session, o)
        )
    notes = list(_left(outcomes))
    if any(o.status is not Status.DONE for o in outcomes):
        per = _per_scope(outcomes)
        notes.append(
            "By district: "
            + "; ".join(f"{scope} {', '.join(f'{n} {s}' for s, n in sorted(c.items()))}" for scope, c in per.items())
        )
    normalised = applied.normalised if applied else ()
    notes.extend(
        f"note: {d.address}: {d.description} by the server; this is accepted and will not show as a change"
        for d in normalised
    )
    session.write(TableReport(headline=reported, columns=("address", "outcome", "why"), rows=rows, notes=notes))


def _left(outcomes: "tuple[Outcome, ...]") -> Iterator[str]:
    """How many changes were not tried: what waits for something that failed, and what was not begun."""
    from websakctl.apply.attempt import Status
    from websakctl.plan.change import some

    blocked = Counter(o.blocked_by for o in outcomes if o.status is Status.BLOCKED)
    for cause, count in blocked.most_common(_MOST_CAUSES):
        yield f"{count} change{'s' * (count != 1)} wait{'s' * (count == 1)} for {cause}."
    if len(blocked) > _MOST_CAUSES:
        others = sum(blocked.values()) - sum(count for _, count in blocked.most_common(_MOST_CAUSES))
        yield f"{others} more wait for others that failed."
    left = [o.change.address for o in outcomes if o.status is Status.NOT_STARTED and not o.exit_hint]
    if left:
        yield f"{len(left)} change{'s were' if len(left) != 1 else ' was'} not begun: {some(left)}."


def positions(session: Session, outcome: "Outcome") -> list[tuple[str, str, str]]:
    """Where in the YAML the fields stand that a server complained of, as (field, complaint, position)."""
    from websakctl.apply.attempt import Status
    from websakctl.kinds import all_kinds

    origin = session.config.origins.get(outcome.change.address)
    if outcome.status is not Status.FAILED or origin is None:
        return []
    kind = all_kinds()[outcome.change.address.kind]
    result = []
    for pointer, message in outcome.fields:
        name = pointer.strip("/").split("/")[0]
        result.append((name, message, str(origin.of_field(name) if name in kind.fields else origin.position())))
    if not result and outcome.exit_hint == 0:
        words = outcome.detail.casefold()
        named = next((name for name in kind.managed_fields if name.replace("_", " ") in words), None)
        result.append((named or "", "", str(origin.of_field(named) if named else origin.position())))
    return result
