"""``worklist``: what people set where there is no API, and the record that it is done."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from websakctl.cli import completion
from websakctl.cli.change.by_hand import files_of, folder_of, manual_config_input, write_work_list
from websakctl.cli.change.plan import check_targets
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import Call, Exports, SelectionOptions, command, given_text, language_of, past_day
from websakctl.cli.session import Session, user_name
from websakctl.cli.today import today_in_oslo
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.rollout.work_list import Evidence, Item, WorkList
    from websakctl.plan.selection import Selection

FORMATS = ("text", "json", "csv", "markdown")
Names = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help="Ids from the list, addresses, or globs such as 'committee/frogner/*'.",
        autocompletion=completion.addresses,
    ),
]
SomeNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...",
        help="Ids from the list, addresses, or globs (default: all).",
        autocompletion=completion.addresses,
    ),
]
DoneNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID]...",
        help="Ids from the list, addresses, or globs such as 'committee/frogner/*'.",
        autocompletion=completion.addresses,
    ),
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who set it.")]
Shown = Annotated[
    str, typer.Option("--evidence", metavar="TEXT", help="Where it can be seen: a link, a case number, a line.")
]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="When it was set, YYYY-MM-DD (default: today).")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is not done after all.")]
From = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="A work list with ticks: CSV, or a workbook.")
]
OnlyDone = Annotated[bool, typer.Option("--done", help="What was recorded as done instead: who, when, evidence.")]
Lang = Annotated[str, typer.Option("--lang", metavar="nb|en", help="The language of the list.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write Markdown and CSV into this folder.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="What people set where there is no API: the list, and the record that it is done.", no_args_is_help=True
    )
    command(group, "list", example="websakctl worklist list --district frogner", formats=FORMATS[:3])(list_)
    command(group, "show", example="websakctl worklist show --lang en --out lists", formats=FORMATS)(show)
    command(group, "done", example='websakctl worklist done 3f9a2c01 --by "Kari Nordmann" --evidence "Sak 27/1234"')(
        done
    )
    command(
        group,
        "reopen",
        example='websakctl worklist reopen committee/frogner/FR-BU --by "Kari Nordmann" --reason "feil utvalg"',
    )(reopen)
    app.add_typer(group, name="worklist")


def list_(
    call: Call,
    options: SelectionOptions,
    only_done: OnlyDone = False,
    export: Exports = None,
) -> None:
    """List what is left for people to set, one line each. Reads the config and the journal; Websak is not asked."""
    session = Session(call)
    inputs, work = _open(session, export)
    selection = _selected(session, inputs, options, recorded=only_done)
    if only_done:
        _list_done(session, inputs, selection.__contains__)
        return
    listed = work.chosen(selection)
    rows = [(item.id, item.change.action.value, str(item.address), item.label) for item in listed.items]
    left = f"{len(rows)} item{'s' * (len(rows) != 1)} left for people in {work.environment}."
    if len(rows) != len(work.items):
        left = f"{left[:-1]} ({len(work.items)} in all)."
    session.write(
        TableReport(
            headline=left if rows else f"Nothing is left for people in {work.environment}.",
            columns=("id", "what", "address", "name") if rows else (),
            rows=rows,
            first_to_go=("what",),
            data={"environment": work.environment, "items": [_data(item) for item in listed.items]},
            notes=("`websakctl worklist show` says what to set, `websakctl worklist done ID` records it.",)
            if rows
            else (),
        )
    )


def _list_done(session: Session, inputs: "ConfigInput", chosen: Any) -> None:
    from websakctl.operations.rollout.work_list import recorded

    result = [one for one in recorded(session.journal, inputs.environment) if chosen(one.address)]
    rows = [(d.on, d.by, d.action, str(d.address), d.evidence, d.run) for d in result]
    data = [
        {
            "on": d.on,
            "by": d.by,
            "action": d.action,
            "address": str(d.address),
            "evidence": d.evidence,
            "at": d.at,
            "run": d.run,
        }
        for d in result
    ]
    session.write(
        TableReport(
            headline="" if rows else f"Nothing was recorded as done in {inputs.environment}.",
            columns=("on", "by", "what", "address", "evidence", "run") if rows else (),
            rows=rows,
            first_to_go=("run", "what", "by"),
            data={"environment": inputs.environment, "done": data},
        )
    )


def show(
    call: Call,
    options: SelectionOptions,
    names: SomeNames = None,
    lang: Lang = "nb",
    out: Out = None,
    export: Exports = None,
) -> None:
    """Show the work list as people get it: what to set where, before and after, with check boxes, in order."""
    import msgspec

    session = Session(call)
    language = language_of(lang)
    inputs, work = _open(session, export)
    shown = work.chosen(_selected(session, inputs, options))
    if names:
        kept = {item.id for item in _named(work, names)}
        shown = msgspec.structs.replace(shown, items=tuple(item for item in shown.items if item.id in kept))
    files = write_work_list(session, shown, out, language, keep=False).files if out is not None else ()
    if call.format == "json":
        data = {
            "environment": work.environment,
            "items": [_data(item) for item in shown.items],
            "files": list(files),
        }
        session.write(TableReport(headline="", columns=(), rows=(), data=data))
        return
    if out is not None:
        return
    suffix = "csv" if call.format == "csv" else "md"
    session.terminal.result(files_of(session, shown, language)[suffix].removeprefix("\ufeff").rstrip("\n"))


def done(
    call: Call,
    by: By,
    evidence: Shown,
    names: DoneNames = None,
    from_: From = None,
    on: On = None,
    export: Exports = None,
) -> None:
    """Record that items of the work list are set: who, when, and where that can be seen. The plan then counts them as done.

    With --from, what is ticked in a list that was handed back: the CSV of the work list, or a workbook that `export` wrote.
    """

    from websakctl.operations.apply.carry_out import new_run_name
    from websakctl.operations.rollout.work_list import Evidence, record_done, work_list

    session = Session(call)
    given = Evidence(
        by=given_text("--by", by), on=past_day("--on", on, today_in_oslo()), evidence=given_text("--evidence", evidence)
    )
    inputs, work = _open(session, export)
    if bool(names) == (from_ is not None):
        raise Problem("name items, or a ticked list with --from FILE", Exit.USAGE, "`websakctl worklist list` shows the ids")  # fmt: skip
    items = _ticked(session, inputs, work, from_) if from_ is not None else _named(work, names or [])
    _tell_what_comes_first(session, work, items)
    run = new_run_name(session.runtime)
    about = {"user": user_name(), "owner": session.owner, "reason": f"work list: {given.evidence}"}
    record_done(session.journal, inputs, run, items, given, about)
    left = work_list(manual_config_input(session, export))
    if folder_of(session).is_dir():
        write_work_list(session, left, say=False)
    rows = [(item.id, item.change.action.value, str(item.address), item.label) for item in items]
    session.write(
        TableReport(
            headline=f"Recorded as done: {len(items)} item{'s' * (len(items) != 1)} (run {run}); {len(left.items)} left.",
            columns=("id", "what", "address", "name"),
            rows=rows,
            data=_recorded(run, given, items, left),
        )
    )


def reopen(call: Call, names: Names, by: By, reason: Why) -> None:
    """Record that items were not done after all: they are on the work list again. Nothing is lost from the history."""

    from websakctl.operations.apply.carry_out import new_run_name
    from websakctl.operations.rollout.work_list import Evidence, UnknownItem, recorded, undo_records, work_list

    session = Session(call)
    inputs = manual_config_input(session)
    given = Evidence(by=given_text("--by", by), on=today_in_oslo().isoformat(), evidence=given_text("--reason", reason))
    run = new_run_name(session.runtime)
    about = {"user": user_name(), "owner": session.owner, "reason": f"work list reopened: {given.evidence}"}
    try:
        addresses = undo_records(session.journal, inputs, run, names, given, about)
    except UnknownItem as error:
        done = recorded(session.journal, inputs.environment)
        raise UnknownName(
            f"nothing that {error} names is recorded as done in {inputs.environment}; nothing was changed",
            str(error),
            [*(str(one.address) for one in done), *(one.id for one in done)],
            "`websakctl worklist list --done` shows what is",
        ) from None
    left = work_list(manual_config_input(session))
    if folder_of(session).is_dir():
        write_work_list(session, left, say=False)
    session.write(
        TableReport(
            headline=f"Reopened: {len(addresses)} item{'s' * (len(addresses) != 1)} (run {run}); {len(left.items)} left.",
            columns=("address",),
            rows=[(str(address),) for address in addresses],
            data={"run": run, "reopened": [str(address) for address in addresses], "left": len(left.items)},
        )
    )


def _recorded(run: str, given: "Evidence", items: "list[Item]", left: "WorkList") -> dict[str, Any]:
    return {
        "run": run,
        "by": given.by,
        "on": given.on,
        "evidence": given.evidence,
        "done": [_data(item) for item in items],
        "left": len(left.items),
    }


def _open(session: Session, export: list[str] | None) -> "tuple[ConfigInput, WorkList]":
    from websakctl.operations.rollout.work_list import work_list

    inputs = manual_config_input(session, export)
    return inputs, work_list(inputs)


def _selected(
    session: Session, inputs: "ConfigInput", options: SelectionOptions, *, recorded: bool = False
) -> "Selection":
    """What is selected; a target that matches nothing in the config, or among what is done, ends the command.

    ``recorded``: what was recorded as done counts too, though it may have gone since.
    """
    import msgspec

    from websakctl.operations.rollout import work_list

    selection = options.selection(session.config)
    done = work_list.recorded(session.journal, inputs.environment) if recorded else []
    check_targets(msgspec.structs.replace(inputs, selection=selection), {one.address for one in done})
    return selection


def _named(work: "WorkList", names: list[str]) -> "list[Item]":
    from websakctl.operations.rollout.work_list import UnknownItem, named

    try:
        return named(work, names)
    except UnknownItem as error:
        known = [*(item.id for item in work.items), *(str(item.address) for item in work.items)]
        raise UnknownName(
            f"the work list of {work.environment} has no item {error}; nothing was done",
            str(error),
            known,
            "`websakctl worklist list` shows them; an id changes when the config asks for something else",
        ) from None


def _ticked(session: Session, inputs: "ConfigInput", work: "WorkList", file: Path) -> "list[Item]":
    """The items that a list has ticked; those that were recorded before are told and passed over.

    Raises:
        Problem: If a cell cannot be read, or an item is none that is left; then nothing is recorded.
    """
    from websakctl.operations.rollout.ticked import read_ticked
    from websakctl.operations.rollout.work_list import recorded
    from websakctl.report.formats.text import safe
    from websakctl.source.tables.read import read_tables
    from websakctl.source.tables.report import CellFinding, group
    from websakctl.source.tables.table import TableError

    try:
        result = read_ticked(read_tables(file))
    except TableError as error:
        raise Problem(str(error), Exit.INVALID, error.what_next) from None
    left = {item.id: item for item in work.items}
    before = {one.id for one in recorded(session.journal, inputs.environment)}
    unknown = [
        CellFinding(
            row=row,
            column=column,
            message=f"the work list of {work.environment} has no item {id_}",
            help="the config asks for something else by now: look at `websakctl worklist list`",
        )
        for id_, (row, column) in result.ids.items()
        if id_ not in left and id_ not in before
    ]
    if problems := group(result.table, [*result.findings, *unknown]):
        for one in problems:
            session.terminal.error(safe(f"{one.place}: {one.message}"), one.help)
        count = len(problems)
        raise Problem(
            f"{count} item{'s' * (count != 1)} of {file.name} cannot be recorded; nothing was",
            Exit.INVALID,
            "correct the list, or record items by their ids",
        )
    if again := [id_ for id_ in result.ids if id_ not in left]:
        session.terminal.say(f"note: recorded before: {', '.join(again)}")
    items = [item for item in work.items if item.id in result.ids]
    if not items:
        raise Problem(f"nothing new is ticked in {file.name}; nothing was recorded", Exit.REFUSED, "write x into Utført where an item is done")  # fmt: skip
    return items


def _tell_what_comes_first(session: Session, work: "WorkList", items: "list[Item]") -> None:
    """Say what these were to wait for and nobody has recorded: it may be done, or it may have been forgotten."""
    doing = {item.id for item in items}
    addresses = {item.id: item.address for item in work.items}
    before = sorted({str(addresses[id_]) for item in items for id_ in item.after if id_ not in doing})
    if before:
        session.terminal.warn(f"note: these come first on the list and are not recorded as done: {', '.join(before)}")


def _data(item: "Item") -> dict[str, Any]:
    address = item.address
    return {
        "id": item.id,
        "number": item.number,
        "address": str(address),
        "kind": address.kind,
        "scope": address.scope,
        "key": address.key,
        "name": item.label,
        "action": item.change.action.value,
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in item.change.fields],
        "after": list(item.after),
    }
