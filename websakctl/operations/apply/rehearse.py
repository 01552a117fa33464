"""The rehearse verb: carry a saved plan out on a copy of live, and see whether it does what it promises."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, Protocol

import msgspec
from msgspec.structs import replace

from websakctl.apply.attempt import Outcome
from websakctl.apply.collaborators import RunJournal
from websakctl.live.websak import Connection
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.operations.apply.observer import ApplyRefused
from websakctl.operations.apply.run import Actor, ApplyRequest, ApplyResult, apply_saved, resume
from websakctl.operations.apply.saved import SavedPlan, plan_now
from websakctl.operations.change.copy_setup import UNIT, setup_document
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.change.read_setup import LiveSetup, read_administrators, read_setup
from websakctl.operations.change.read_users import KIND as USER
from websakctl.operations.change.read_users import read_users
from websakctl.plan.change import Change, Finding, Plan
from websakctl.plan.document import digest_of
from websakctl.plan.promised import Difference, broken_promises, left_behind
from websakctl.plan.stale import Stale
from websakctl.redaction import redacted

FORMAT_VERSION = 1
WHAT = "websakctl rehearsal"
Faults = Literal["none", "light", "heavy"]
MOST_RESUMES = 8  # times that a run which was interrupted is continued
ANSWER = 2.0  # seconds that the copy may take to answer while there are faults
_EVERY = r"^/api/(?!setup/lease)"  # losing the lease ends an apply, as it should


def _fault(fault: str, method: str, nth: int, times: int = 1, **params: Any) -> dict[str, Any]:
    return {"match": {"method": method, "path": _EVERY, "nth": nth}, "times": times, "fault": fault, "params": params}


def _of_each_write(fault: str, nth: int, **params: Any) -> list[dict[str, Any]]:
    return [_fault(fault, method, nth, **params) for method in ("POST", "PUT", "DELETE")]


_WAIT = {"Retry-After": "1"}
_LIGHT = (
    *_of_each_write("reset_after", 2),  # it was done, and the answer is lost
    *_of_each_write("reset_before", 4),
    *_of_each_write("status", 7, code=429, headers=_WAIT),
    _fault("status", "GET", 20, code=503, headers=_WAIT),
)
_HEAVY = (
    *_LIGHT,
    *_of_each_write("cut_body", 9),
    *_of_each_write("expire_tokens", 11),
    *_of_each_write("truncated_json", 13),
    *_of_each_write("empty_200", 15),
    *_of_each_write("refuse", 17),
    *_of_each_write("status", 19, code=500),
    _fault("html", "GET", 25),
    _fault("timeout_after", "PUT", 21, seconds=ANSWER + 1),
    _fault("timeout_after", "POST", 21, seconds=ANSWER + 1),
)
FAULTS: Mapping[Faults, tuple[dict[str, Any], ...]] = {"none": (), "light": _LIGHT, "heavy": _HEAVY}


class PracticeWebsak(Protocol):
    """A fresh Websak to practise on. It is gone afterwards."""

    @property
    def connection(self) -> Connection:
        """Where it is."""

    def load(self, document: Mapping[str, Any]) -> None:
        """Make it a copy of what the document holds."""

    def schedule(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Let these go wrong from now on; none: nothing does."""

    def struck(self) -> int:
        """How many requests have gone wrong so far."""

    def effects(self) -> list[tuple[str, str]]:
        """Every write that was carried out: operation and natural key."""


class LiveCopy(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal begins with, and where it comes from.

    ``users``: all of them; ``None`` where nobody could read them, and guards that count users are then not rehearsed.
    """

    state: State
    source: str
    api_version: str
    users: State | None
    administrators: frozenset[str] = frozenset()
    root_unit: str = ""
    root_id: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must hold. ``passed``: ``None``: it could not be checked, which is not passed."""

    name: str
    passed: bool | None
    detail: str = ""
    items: tuple[str, ...] = ()


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal came to. It holds addresses and paths of users, and no value of theirs."""

    plan: SavedPlan
    source: str
    api_version: str
    faults: Faults
    struck: int  # requests that went wrong
    allowed: tuple[str, ...]
    checks: tuple[Check, ...]
    summary: Mapping[str, int]
    effects: Mapping[str, int]  # writes that were carried out, by operation
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything was checked and holds."""
        return all(check.passed is True for check in self.checks)


def read_copy(connection: Connection, inputs: ConfigInput, plan: Plan) -> LiveCopy:
    """Read the live setup and all its users, and what ties them to the units that a plan retires, with a client that cannot write.

    Raises:
        LiveError: If any part cannot be read or trusted.
    """
    live = read_setup(connection, inputs)
    going = {c.address.key for c in plan.changes if c.action.removes and c.address.kind == UNIT}
    users = read_users(connection, inputs, units=going)
    return LiveCopy(
        state=live.state,
        source="live",
        api_version=live.api_version,
        users=users,
        administrators=frozenset(one.code for one in read_administrators(connection, inputs, live.state)),
        root_unit=connection.root_unit,
        root_id=live.units.root_id,
    )


def rehearse(
    saved: SavedPlan,
    copy: LiveCopy,
    practice: PracticeWebsak,
    *,
    inputs: ConfigInput,
    journal: RunJournal,
    actor: Actor,
    own_user: str = "",
    left_to_people: frozenset[Address] = frozenset(),
    allow: tuple[str, ...] = (),
    faults: Faults = "none",
    progress: Callable[[int], AbstractContextManager[Callable[[str], None]]] | None = None,
) -> Rehearsal:
    """Apply a saved plan to a copy of live by the product's own apply, and compare.

    Args:
        saved: The plan.
        copy: What live holds.
        practice: Where it is rehearsed.
        inputs: What plans are made from, with the selection that the plan names.
        journal: A copy of the environment's journal; it is written to.
        actor: Who rehearses.
        own_user: The user that the guards must not lock out.
        left_to_people: What somebody still has to set by hand.
        allow: Findings that are allowed by name and number.
        faults: What goes wrong meanwhile.
        progress: Shows how far it is.

    Raises:
        LiveError: If the copy cannot be read.
    """
    connection, clock = practice.connection, practice.connection.runtime.clock
    began = clock.now()
    users = copy.users if copy.users is not None else {}
    practice.load(
        setup_document(
            inputs,
            copy.state,
            users,
            copy.administrators,
            root_unit=connection.root_unit,
            root_id=copy.root_id,
        )
    )
    before = read_setup(connection, inputs)
    everybody = _with_users(before.state, connection, inputs)
    checks = [_faithful(copy, before.state), _users_read(copy)]
    observer = _Observer(progress)
    request = ApplyRequest(
        inputs=inputs,
        connection=connection if faults == "none" else replace(connection, answer_timeout=ANSWER),
        journal=journal,
        observer=observer,
        actor=actor,
        left_to_people=left_to_people,
        own_user=own_user,
        allow=allow,
        # The copy has the roles that were read, which need not be everybody's: there the number is another.
        allowed_guards=frozenset(each.partition("=")[0] for each in allow if each.startswith("access:")),
    )
    practice.schedule(FAULTS[faults])
    result, refused, resumed = _applied(request, saved)
    struck = practice.struck()
    practice.schedule(())
    checks += _about_apply(result, refused, resumed, observer)
    effects = practice.effects()
    if refused is None:
        after = read_setup(connection, inputs)
        checks += _about_state(
            observer.changes, everybody, _with_users(after.state, connection, inputs), inputs, journal, allow, effects
        )
        checks.append(_again(saved, with_known(inputs, journal), after, journal))
    return Rehearsal(
        plan=saved,
        source=copy.source,
        api_version=copy.api_version,
        faults=faults,
        struck=struck,
        allowed=allow,
        checks=tuple(checks),
        summary=saved.document["summary"],
        effects=dict(sorted(Counter(operation for operation, _ in effects).items())),
        seconds=round((clock.now() - began).total_seconds(), 1),
    )


class _Observer:
    """Agrees to everything that apply lets through, and remembers what it was."""

    def __init__(self, progress: Callable[[int], AbstractContextManager[Callable[[str], None]]] | None) -> None:
        self._progress = progress
        self._tick: Callable[[str], None] = lambda _: None
        self.changes: tuple[Change, ...] = ()
        self.findings: tuple[Finding, ...] = ()
        self.dropped: list[Stale] = []
        self.failed: dict[Address, str] = {}

    def planned(self, plan: Plan, live: LiveSetup) -> None:  # noqa: ARG002  # as every observer
        """The plan as it was made again from the copy."""
        self.changes, self.findings = plan.changes, plan.findings

    def confirm(self, changes: tuple[Change, ...], live: LiveSetup, *, reviewed: bool) -> None:
        """Nothing real is written."""

    def stale(self, stale: tuple[Stale, ...]) -> None:
        """What does not hold in the copy."""
        self.dropped.extend(stale)

    @contextmanager
    def progress(self, total: int) -> Iterator[None]:
        """As the caller shows it."""
        with self._progress(total) if self._progress is not None else nullcontext(self._tick) as self._tick:
            yield

    def outcome(self, outcome: Outcome) -> None:
        """What a resumed run does in the end is what counts."""
        self._tick(str(outcome.change.address))
        if outcome.status.value == "done":
            self.failed.pop(outcome.change.address, None)
        else:
            self.failed[outcome.change.address] = f"{outcome.status.value}: {outcome.detail}"

    def note(self, text: str, *, urgent: bool = False) -> None:
        """Nothing that a report needs."""


def _applied(request: ApplyRequest, saved: SavedPlan) -> tuple[ApplyResult | None, ApplyRefused | None, int]:
    """Apply, and go on for as long as something is left, as somebody would."""
    try:
        result = apply_saved(request, saved)
    except ApplyRefused as refused:
        return None, refused, 0
    resumed = 0
    while not result.complete and not result.stale and resumed < MOST_RESUMES:
        again = resume(replace(request, inputs=with_known(request.inputs, request.journal)))
        if again is None:
            break
        resumed, result = resumed + 1, again
    return result, None, resumed


def _faithful(copy: LiveCopy, state: State) -> Check:
    """Whether what is rehearsed on is what was read."""
    before, after = ({(a.kind, a.key): r for a, r in each.items()} for each in (copy.state, state))
    differ = [
        f"{resource.address}: {_how(resource, after.get(target))}"
        for target, resource in sorted(before.items())
        if (now := after.get(target)) is None or (now.active, now.fields) != (resource.active, resource.fields)
    ]
    differ += [f"{after[target].address}: only in the copy" for target in sorted(after.keys() - before.keys())]
    name = "the sandbox holds what was read"
    return Check(name=name, passed=not differ, detail=f"{len(before)} objects", items=tuple(differ))


def _how(before: Any, now: Any) -> str:
    if now is None:
        return "not in the copy"
    names = sorted(n for n in before.fields.keys() | now.fields.keys() if before.fields.get(n) != now.fields.get(n))
    return f"{', '.join(names) or 'active'} differs"


def _users_read(copy: LiveCopy) -> Check:
    if copy.users is None:
        return Check(
            name="guards counted all users",
            passed=None,
            detail="the snapshot does not hold every user: read live instead",
        )
    return Check(name="guards counted all users", passed=True, detail=f"{len(copy.users)} users")


def _about_apply(
    result: ApplyResult | None, refused: ApplyRefused | None, resumed: int, observer: _Observer
) -> Iterator[Check]:
    allow = tuple(f"{finding.allowance}: {finding.message}" for finding in observer.findings)
    if refused is not None:
        yield Check(
            name="apply takes the plan", passed=False, detail=f"{refused}; {refused.what_next}".strip("; "), items=allow
        )
        return
    yield Check(
        name="apply takes the plan", passed=True, detail=f"{len(allow)} findings allowed" if allow else "", items=allow
    )
    stale = tuple(f"{each.change.address}: no longer holds" for each in observer.dropped)
    yield Check(name="every change still holds", passed=not stale, items=stale)
    failed = tuple(f"{address}: {why}" for address, why in sorted(observer.failed.items()) if address.kind != USER)
    failed += tuple(f"{address}: not done" for address in sorted(observer.failed) if address.kind == USER)
    complete = result is not None and result.complete and not failed
    detail = f"{len(observer.changes)} changes" + (f"; interrupted and resumed {resumed} times" if resumed else "")
    yield Check(name="every change is done", passed=complete, detail=detail, items=failed)


def _about_state(
    changes: tuple[Change, ...],
    before: State,
    after: State,
    inputs: ConfigInput,
    journal: RunJournal,
    allow: tuple[str, ...],
    effects: list[tuple[str, str]],
) -> Iterator[Check]:
    accepted = journal.accepted(inputs.environment)
    broken = broken_promises(changes, before, after, inputs.kinds, accepted)
    lost = tuple(f"{d.address}: another object" for d in broken if d.path == "id")
    lost += tuple(f"{d.address}: gone" for d in broken if d.path == "active" and d.live is None)
    detail = f"{len(before)} before, {len(after)} after"
    yield Check(name="every object of before is there", passed=not lost, detail=detail, items=lost)
    others = tuple(_described(d) for d in broken if d.path != "id" and not (d.path == "active" and d.live is None))
    yield Check(name="the end state is as promised", passed=not others, items=others)
    left = tuple(
        f"{address}: its {name} {key} is not active" for address, name, key in left_behind(before, after, inputs.kinds)
    )
    allowed = tuple(name for name in allow if name.startswith("dependents:"))
    yield Check(
        name="nobody and nothing is left behind",
        passed=not left or bool(allowed),
        detail=f"allowed: {', '.join(allowed)}" if left and allowed else "",
        items=left,
    )
    created = Counter(key for operation, key in effects if operation.endswith(".create"))
    twice = tuple(f"{key}: made {number} times" for key, number in sorted(created.items()) if number > 1)
    yield Check(name="nothing was made twice", passed=not twice, items=twice)


def _described(d: Difference) -> str:
    if d.address.kind == USER:  # values of people are not kept
        return f"{d.address}: {d.path} is not as promised"
    return f"{d.address}: {d.path} should be {d.promised!r}, and is {d.live!r}"


def _again(saved: SavedPlan, inputs: ConfigInput, after: LiveSetup, journal: RunJournal) -> Check:
    plan = plan_now(saved, inputs, after.state, journal)
    left = tuple(f"{change.action.value} {change.address}" for change in plan.changes)
    return Check(name="a second plan is empty", passed=not left, items=left)


def _with_users(state: State, connection: Connection, inputs: ConfigInput) -> State:
    """A state with every user, those that nobody manages here too."""
    managed = {a.key for a in state if a.kind == USER}
    users = read_users(replace(connection, user_rows=None), inputs) if USER in inputs.kinds else {}
    return {**{a: r for a, r in users.items() if a.key not in managed}, **state}


def with_known(inputs: ConfigInput, journal: RunJournal) -> ConfigInput:
    """The same inputs, with what a journal knows now."""
    known = journal.known(inputs.environment)
    known = {a: k for a, k in known.items() if a.kind != USER or a.scope in inputs.config.with_users}
    accepted = journal.accepted(inputs.environment)
    return replace(inputs, known=known, accepted=accepted, journal_empty=not known)


# --- the report


def to_document(rehearsal: Rehearsal, *, environment: str, tool_version: str, rehearsed_at: str) -> dict[str, Any]:
    """Write a report as JSON values. ``rehearsed_at`` is RFC 3339 in UTC."""
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "what": WHAT,
        "environment": environment,
        "rehearsed_at": rehearsed_at,
        "tool_version": tool_version,
        "passed": rehearsal.passed,
        "plan": {name: rehearsal.plan.document[name] for name in ("digest", "created_at", "summary")},
        "source": rehearsal.source,
        "api_version": rehearsal.api_version,
        "faults": rehearsal.faults,
        "struck": rehearsal.struck,
        "allowed": list(rehearsal.allowed),
        "checks": [
            {"name": c.name, "passed": c.passed, "detail": c.detail, "items": list(c.items)} for c in rehearsal.checks
        ],
        "effects": dict(rehearsal.effects),
        "seconds": rehearsal.seconds,
    }
    document = redacted(document)
    return {**document, "digest": digest_of(document)}


def why_not_rehearsed(report: Any, saved: SavedPlan, environment: str) -> str:
    """Why a report does not show that a plan was rehearsed, in words; empty where it does."""
    if not isinstance(report, dict) or report.get("what") != WHAT or not isinstance(report.get("plan"), dict):
        return "it is no rehearsal report"
    if report.get("format_version") != FORMAT_VERSION:
        return f"its format version {report.get('format_version')!r} is not {FORMAT_VERSION}"
    if report.get("digest") != digest_of(report):
        return "it was changed after it was written"
    if report.get("environment") != environment:
        return f"it is of environment {report.get('environment')}"
    if report["plan"].get("digest") != saved.document["digest"]:
        return "it is of another plan"
    return "" if report.get("passed") is True else "the rehearsal did not pass"


def signed_text(report: Mapping[str, Any]) -> str:
    """What a report's signature is made over."""
    return f"rehearsal {report['digest']}"
