"""``snapshot``: the whole live setup to a file, and the difference of two."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from websakctl import __version__
from websakctl.cli import completion
from websakctl.cli.change.plan import DetailedExit, Expand, check_targets, make_config_input, read_live
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import (
    PLAN_FORMATS,
    Call,
    Districts,
    KindNames,
    Lang,
    SelectionOptions,
    Targets,
    command,
    language_of,
)
from websakctl.cli.session import Session, read_json, write_private
from websakctl.cli.today import time_in_oslo
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from websakctl.model.resource import State
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import LiveSetup

SnapshotOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where to (default: among the tool's own things).")
]
First = Annotated[
    str,
    typer.Argument(
        metavar="BEFORE", help="A snapshot: its name, `last`, or a file.", autocompletion=completion.snapshots
    ),
]
Second = Annotated[
    str | None,
    typer.Argument(
        metavar="[AFTER]", help="Another; if omitted, live as it is now.", autocompletion=completion.snapshots
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The whole live setup, kept to be compared.", no_args_is_help=True)
    command(group, "save", example="websakctl snapshot save --out before.json")(save)
    command(group, "list", example="websakctl snapshot list")(list_snapshots)
    command(group, "diff", example="websakctl snapshot diff last", formats=PLAN_FORMATS)(diff)
    app.add_typer(group, name="snapshot")


def _folder(session: Session) -> Path:
    return session.state_dir / "snapshots"


def save(call: Call, out: SnapshotOut = None) -> None:
    """Save the whole live setup to a file: canonical, and readable by its owner only."""
    session = Session(call)
    session.valid_config()
    inputs = make_config_input(session, refresh="full")
    live = read_live(session, inputs)
    path, count = save_snapshot(session, inputs, live, out)
    session.write(
        TableReport(
            headline=f"Saved {count} objects to {path}.",
            columns=(),
            rows=(),
            data={"file": str(path), "objects": count},
        )
    )


def save_snapshot(session: Session, inputs: "ConfigInput", live: "LiveSetup", out: Path | None) -> tuple[Path, int]:
    """Write a snapshot of what was read, and of what people have set as far as it is recorded; gives how many objects it has."""
    import json

    from websakctl.operations.change.snapshot import to_snapshot

    now = datetime.now(UTC)
    taken_at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    state = inputs.with_by_hand(live.state)
    document = to_snapshot(
        state,
        environment=session.target.name,
        tool_version=__version__,
        taken_at=taken_at,
        api_version=live.api_version,
        by_hand=inputs.by_hand,
    )
    path = out
    if path is None:
        _folder(session).mkdir(mode=0o700, exist_ok=True)
        name = f"{quote(session.target.name, safe='')}-{now:%Y%m%dT%H%M%S}"
        names = (f"{name}.json", *(f"{name}-{n}.json" for n in range(2, 1000)))
        path = next(p for p in (_folder(session) / each for each in names) if not p.exists())
    objects = ",\n  ".join(json.dumps(o, ensure_ascii=False, sort_keys=True) for o in document.pop("objects"))
    head = json.dumps(document, ensure_ascii=False, indent=1)
    text = f'{head[:-2]},\n "objects": [\n  {objects}\n ]\n}}\n'  # an object a line, so that diff tools show which
    write_private(path, text, redacted_before=True)
    return path, len(state)


def list_snapshots(call: Call) -> None:
    """List the snapshots that were saved without --out."""
    session = Session(call)
    rows, data = [], []
    for path in sorted(_folder(session).glob("*.json")):
        try:
            result = read_json(path, "a snapshot")
        except Problem:
            result = None
        merged = isinstance(result, dict) and isinstance(result.get("objects"), list)
        about = {"environment": None, "taken_at": None, "objects": None}
        if isinstance(result, dict) and merged:
            about = {name: result.get(name) for name in about} | {"objects": len(result["objects"])}
        rows.append((path.stem, *(about.values() if merged else ("cannot be read", "", ""))))
        data.append({"name": path.stem, **about})
    session.write(
        TableReport(
            headline="" if rows else "There are no snapshots here.",
            columns=("name", "environment", "taken at", "objects"),
            rows=rows,
            data=data,
        )
    )


def load_snapshot(session: Session, name: str) -> "State":
    """Read what an API had in a snapshot, by its name or file.

    Raises:
        Problem: If there is none, or it cannot be trusted.
    """
    state, by_hand = read_snapshot(session, name)
    return {address: resource for address, resource in state.items() if address.kind not in by_hand}


def read_snapshot(session: Session, name: str) -> "tuple[State, frozenset[str]]":
    """Read a snapshot by its name or file: the setup, and the kinds that people set of which it tells.

    Raises:
        Problem: If there is none, or it cannot be trusted.
    """
    from websakctl.operations.change.snapshot import SnapshotError, covered, from_snapshot

    if name == "last":
        ours = re.compile(rf"{re.escape(quote(session.target.name, safe=''))}-\d{{8}}T\d{{6}}(-\d+)?")
        saved = sorted(path.stem for path in _folder(session).glob("*.json") if ours.fullmatch(path.stem))
        name = saved[-1] if saved else name
    path = Path(name) if Path(name).is_file() else _folder(session) / f"{name}.json"
    if not path.is_file():
        saved = sorted(path.stem for path in _folder(session).glob("*.json"))
        files = sorted(map(str, Path(name).parent.glob("*.json")))
        raise UnknownName("snapshot", name, [*saved, *files], "`websakctl snapshot save` makes one")
    try:
        document = read_json(path, "a snapshot")
        return from_snapshot(document), covered(document)
    except SnapshotError as error:
        raise Problem(f"{path}: {error}", Exit.REFUSED) from None


def diff(
    call: Call,
    before: First,
    after: Second = None,
    detailed_exitcode: DetailedExit = False,
    expand: Expand = False,
    district: Districts = None,
    kind: KindNames = None,
    target: Targets = None,
    lang: Lang = "en",
) -> None:
    """Show what happened between two snapshots, or between one and now.

    Exit 0, also when they differ; with --detailed-exitcode exit 2 when they do. Exit 4 when a snapshot was changed after it
    was taken, exit 64 when there is none of that name.
    """
    from websakctl.operations.change.snapshot import difference

    language = language_of(lang)
    session = Session(call)
    session.valid_config()
    inputs = make_config_input(
        session, SelectionOptions(district=district, kind=kind, target=target).selection(session.config)
    )
    first, by_hand = read_snapshot(session, before)
    if after is not None:
        second, others = read_snapshot(session, after)
        by_hand &= others
    else:
        second = inputs.with_by_hand(read_live(session, inputs).state)
    check_targets(inputs, first, second)
    result = difference(inputs, first, second, by_hand)
    what = f"{before} with {after}" if after is not None else f"{before} with Websak as read {time_in_oslo(zone=True)}"
    report = session.plan_report(result, compared=True, basis=f"Compared: snapshot {what}")
    session.write(report, expand=expand, language=language)
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and result.changes else Exit.OK)
