"""``plan``: live against desired; writes nothing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from websakctl.cli import completion
from websakctl.cli.changed import Since, valid_config_of_change
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import (
    PLAN_FORMATS,
    Call,
    Exports,
    Lang,
    SelectionOptions,
    command,
    language_of,
)
from websakctl.cli.session import Session, write_private
from websakctl.cli.today import today_in_oslo
from websakctl.report.view_models import PlanReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from websakctl.live.user_rows import RowStore
    from websakctl.model.address import Address
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.plan.change import Plan
    from websakctl.plan.diff import LastApplied
    from websakctl.plan.selection import Selection

Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the plan for `apply FILE`.")]
PlanOut = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Save the plan for `apply FILE`; with --format matrix, markdown or html and another name than *.json: that.",
    ),
]
_TO_READ = ("matrix", "markdown", "html")  # formats of a plan that `apply` cannot take
DetailedExit = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")]
Expand = Annotated[bool, typer.Option("--expand", help="Show every change with all its fields.")]
Refresh = Annotated[
    Literal["full", "changes"] | None,
    typer.Option(
        "--refresh",
        help="Read all users, or only those changed since the day's first full read. Default: changes; full for apply and in CI.",
    ),
]
Prune = Annotated[
    list[str] | None,
    typer.Option(
        "--prune",
        metavar="KIND",
        help="Also remove what is not managed, of this kind (repeatable).",
        autocompletion=completion.kinds,
    ),
]
KeepManual = Annotated[
    bool,
    typer.Option(
        "--keep-manual-changes", help="Leave out what would undo a change that somebody made by hand in Websak."
    ),
]
Access = Annotated[
    bool,
    typer.Option(
        "--access", help="Say who can read what afterwards, whatever reading that takes: one read for each user."
    ),
]
BelieveEmpty = Annotated[
    list[str] | None,
    typer.Option(
        "--believe-empty",
        metavar="KIND",
        help="Believe an empty list of this kind though the journal knows some (repeatable; with --refresh full).",
        autocompletion=completion.kinds,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "plan",
        example="websakctl plan --district frogner --out frogner.plan.json",
        formats=PLAN_FORMATS,
    )(plan)


def plan(
    call: Call,
    options: SelectionOptions,
    out: PlanOut = None,
    detailed_exitcode: DetailedExit = False,
    expand: Expand = False,
    prune: Prune = None,
    keep_manual: KeepManual = False,
    access: Access = False,
    refresh: Refresh = None,
    believe_empty: BelieveEmpty = None,
    export: Exports = None,
    changed_since: Since = None,
    lang: Lang = "en",
) -> None:
    """Show what apply would change. Writes nothing.

    With --changed-since, --format markdown puts the manual steps of what the change at hand adds, edits or removes first.
    """
    from msgspec.structs import replace as struct_replace

    from websakctl.operations.change.make_plan import make_plan
    from websakctl.operations.change.read_setup import guarded

    language = language_of(lang)
    session = Session(call)
    changed = valid_config_of_change(session, changed_since)
    announce_interrupted(session)
    inputs = make_config_input(
        session,
        options.selection(session.config),
        prune,
        refresh,
        export,
        believe_empty,
        keep_manual=keep_manual,
        access=access,
    )
    live = read_live(session, inputs)
    if session.journal.open_runs(session.target.name):
        from websakctl.operations.apply.recovery import with_interrupted
        from websakctl.operations.change.make_plan import people_of_journal

        inputs = with_interrupted(session.journal, inputs, live.state, people_of_journal(inputs, live.state))
    result = guarded(
        session.connection,
        inputs,
        make_plan(live.tell(inputs), live.state),
        live.state,
        session.target.described.own_user,
    )
    report = struct_replace(session.plan_report(result, live), changed=changed)
    say_if_nothing(session, inputs, result)
    if out is not None and call.format in _TO_READ and out.suffix != ".json":
        session.terminal = struct_replace(session.terminal, out=out)
    elif out is not None:
        save_plan(session, out, report)
    session.write(report, expand=expand, language=language)
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and result.changes else Exit.OK)


def save_plan(session: Session, out: Path, report: PlanReport) -> None:
    """Write a plan for ``apply FILE``; only its owner can read it."""
    import msgspec

    from websakctl.plan.document import signed_text

    document = report.document
    if session.target.described.require_signature:
        document = {**document, "signature": session.required_state_key().sign(signed_text(document))}
    encoded = msgspec.json.encode(document, enc_hook=_as_text)  # json.dumps with an indent takes ten times as long
    text = msgspec.json.format(encoded, indent=1).decode()
    write_private(out, f"{text}\n", redacted_before=True)
    named = f" --environment {session.call.environment}" if session.call.environment else ""
    session.terminal.say(f"Saved. To apply it:\n  websakctl apply{named} {out}")


def _as_text(value: object) -> str:
    """A text of a class of its own, which msgspec does not know."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def say_if_nothing(session: Session, inputs: "ConfigInput", plan: "Plan") -> None:
    """Say that a selection meets nothing: it may be misspelt, and "no changes" would sound like good news."""
    if not (inputs.selection.everything or plan.checked or plan.unmanaged or plan.manual):
        session.terminal.say("note: nothing is selected; `websakctl plan --expand` shows addresses")


def announce_interrupted(session: Session, *, alone: bool = False) -> None:
    """Say that a run was interrupted, before anything else; ``alone``: nobody else can be at it now."""
    session.pull_state()
    if not session.journal.open_runs(session.target.name):
        return  # as nearly always: what can read such a run takes longer to load than to ask
    from websakctl.operations.apply.recovery import interrupted_runs

    for run in interrupted_runs(session.journal, session.target.name):
        if not alone and session.apply_under_way():
            session.terminal.say(f"note: an apply to {session.target.name} is under way (run {run.run})")
        else:
            session.terminal.say(f"note: {run.summary}; `websakctl apply --resume` goes on with it")


def make_config_input(
    session: Session,
    selection: "Selection | None" = None,
    prune: list[str] | None = None,
    refresh: str | None = None,
    export: list[str] | None = None,
    believe_empty: list[str] | None = None,
    *,
    keep_manual: bool = False,
    access: bool = False,
) -> "ConfigInput":
    """What the plans of this command have in common."""

    from msgspec.structs import replace as struct_replace

    from websakctl.cli.change.by_hand import known_here, read_by_hand
    from websakctl.kinds import all_kinds
    from websakctl.model.kind import set_by_people
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.plan.selection import Selection

    for name in sorted({*(prune or ()), *(believe_empty or ())} - set(all_kinds())):
        raise UnknownName("kind", name, all_kinds())
    if believe_empty and refresh != "full":
        raise Problem("--believe-empty needs --refresh full", Exit.USAGE, "add --refresh full")
    session.pull_state()
    connection = session.connection
    by_hand = set_by_people(all_kinds(), setup_api=bool(connection.setup_url))
    known, unreported = _without_unreported(session, known_here(session))
    done = read_by_hand(session, by_hand, known, export)
    keeps = "the shared lock keeps" if session.shared_state is not None else "only a local lock keeps"
    no_setup_api = f"this Websak has no Setup API: its kinds are steps for a person, and {keeps} two applies apart"
    warnings = (*(() if connection.setup_url else (no_setup_api,)), *unreported)
    config = session.config
    if config.with_users:
        session.connection = struct_replace(connection, user_rows=user_rows(session, refresh))
    return ConfigInput(
        config=config,
        today=today_in_oslo(),
        journal_empty=not known,
        known={a: k for a, k in known.items() if a.kind != "user" or a.scope in config.with_users},
        accepted=session.journal.accepted(session.target.name),
        people_in=session.people_in,
        kinds=connection.kinds(all_kinds()),
        owners=session.target.described.owners,
        by_hand=by_hand,
        done_by_hand=done.state,
        environment=session.target.name,
        protected=session.target.described.protected,
        selection=selection or Selection(),
        prune=frozenset(prune or ()),
        believe_empty=frozenset(believe_empty or ()),
        keep_manual=keep_manual,
        access=access,
        warnings=(*warnings, *readable_by_others(session), *starting_and_leaving(session), *done.warnings),
    )


def _without_unreported(
    session: Session, known: "dict[Address, LastApplied]"
) -> "tuple[dict[Address, LastApplied], tuple[str, ...]]":
    """Leave out values that nobody can tell here, since the state key is not on this machine; and a word about it."""
    from websakctl.plan.diff import LastApplied
    from websakctl.state.people import is_digest

    unreported = {a for a, last in known.items() if any(map(is_digest, (a.key, *last.fields.values())))}
    if not unreported or session.state_key is not None:
        return known, ()
    reported = {
        a: LastApplied({n: v for n, v in last.fields.items() if not is_digest(v)}, last.protected)
        if a in unreported
        else last
        for a, last in known.items()
    }
    word = f"what {len(unreported)} resources say about people cannot be compared"
    return reported, (f"the state key of {session.target.name} is not on this machine: {word}",)


def user_rows(session: Session, refresh: str | None = None) -> "RowStore":
    """What was listed of the environment's users today; in CI, and where it is asked for, all are read again."""
    import os
    from datetime import UTC, datetime
    from urllib.parse import quote

    from websakctl.operations.change.user_rows import RowFile

    full = refresh == "full" or (refresh is None and bool(os.environ.get("CI")))
    path = session.state_dir / f"users-{quote(session.target.name, safe='')}.json"
    return RowFile(path=path, base_url=session.connection.base_url, today=datetime.now(UTC).date(), full=full)


def readable_by_others(session: Session) -> tuple[str, ...]:
    """A word about files of users that others on this machine can read."""
    files = sorted((session.root / "users").glob("*.yaml")) if session.config.with_users else []
    wide = [f"users/{path.name}" for path in files if path.stat().st_mode & 0o077]
    if not wide:
        return ()
    return (f"others on this machine can read {', '.join(wide)}: chmod 600 {' '.join(wide)}",)


def check_targets(inputs: "ConfigInput", *live: "Iterable[Address]") -> None:
    """End the command if a ``--target`` matches nothing, here or there: a misspelt one would look like agreement."""
    from fnmatch import fnmatchcase

    addresses = {str(a) for state in (inputs.config.state, inputs.known, inputs.done_by_hand, *live) for a in state}
    for target in inputs.selection.targets:
        if not any(fnmatchcase(address, target) for address in addresses):
            raise UnknownName(
                f"--target {target} matches nothing, in the config or in Websak",
                target,
                sorted(addresses),
                "`websakctl plan --expand` shows addresses",
            )


def starting_and_leaving(session: Session) -> tuple[str, ...]:
    """A word about users who are listed and not planned yet, and about those whose last day is known, by month."""
    if not session.config.with_users:
        return ()
    from websakctl.rollout.capacity import coming_and_going

    config, today = session.config, today_in_oslo()
    waiting = coming_and_going({a: config.config_only[a] for a in config.dormant}, today)
    listed = coming_and_going({a: days for a, days in config.config_only.items() if a in config.state}, today)
    result = []
    if starting := {month.month: month.starting for month in waiting if month.starting}:
        count = sum(starting.values())
        result.append(f"{count} user{'s' * (count != 1)} start{'s' * (count == 1)} later and {'are' if count != 1 else 'is'} not planned before that day: {_by_month(starting)}")  # fmt: skip
    if leaving := {month.month: month.leaving for month in listed if month.leaving}:
        count = sum(leaving.values())
        result.append(f"{count} user{'s' * (count != 1)} leave{'s' * (count == 1)} and {'are' if count != 1 else 'is'} deactivated by the first apply after the last day: {_by_month(leaving)}")  # fmt: skip
    return tuple(result)


def _by_month(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{count} in {month}" for month, count in counts.items())


def read_live(session: Session, inputs: "ConfigInput") -> "LiveSetup":
    """Read the whole live setup; ``--verbose`` says what it took."""
    from websakctl.operations.change.read_setup import read_setup

    live = read_setup(session.connection, inputs)
    check_targets(inputs, live.state)
    if session.call.verbose:
        session.terminal.say(live.summary)
    return live
