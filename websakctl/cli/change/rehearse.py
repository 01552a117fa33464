"""``rehearse``: a saved plan on a copy of live, before it is applied."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from websakctl import __version__
from websakctl.cli import completion
from websakctl.cli.change.apply_request import Allow, check_allow, inputs_of, what_and_who
from websakctl.cli.change.rehearsed import kept_at
from websakctl.cli.change.snapshot import load_snapshot
from websakctl.cli.exits import Exit, Problem, UnknownChoice
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session, read_json, render, write_private
from websakctl.files import temporary_folder

if TYPE_CHECKING:
    from websakctl.live.websak import Connection
    from websakctl.operations.apply.rehearse import Faults, LiveCopy, Rehearsal
    from websakctl.operations.apply.saved import SavedPlan
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.sandbox.process import Server

FORMATS = ("text", "json", "html", "markdown")

PlanFile = Annotated[Path, typer.Argument(metavar="PLANFILE", help="A plan saved with `plan --out`.")]
SnapshotName = Annotated[
    str | None,
    typer.Option(
        "--snapshot",
        metavar="NAME",
        help="Rehearse on a snapshot instead of live as it is now: its name, `last`, or a file.",
        autocompletion=completion.snapshots,
    ),
]
FaultsOption = Annotated[
    str, typer.Option("--faults", metavar="none|light|heavy", help="Let answers get lost, late or false meanwhile.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Also write the report here, in its format.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "rehearse", example="websakctl rehearse frogner.plan.json --faults light", formats=FORMATS)(rehearse)


def rehearse(
    call: Call,
    planfile: PlanFile,
    snapshot: SnapshotName = None,
    faults: FaultsOption = "none",
    allow: Allow = None,
    out: Out = None,
) -> None:
    """Apply a saved plan to a copy of live in a sandbox of its own, and report whether it does what it promises.

    Live is only read. The report is kept among the tool's own things under the plan's digest; where the environment says
    `require_rehearsal: true`, `apply` takes only plans that have one.
    """
    from websakctl.operations.apply.rehearse import FAULTS, read_copy
    from websakctl.operations.apply.saved import SavedPlan

    check_allow(allow)
    chosen = next((name for name in FAULTS if name == faults), None)
    if chosen is None:
        raise UnknownChoice("--faults", faults, FAULTS)
    session = Session(call)
    session.valid_config()
    saved = SavedPlan.read(str(planfile), read_json(planfile))
    if session.target.described.require_signature:
        saved.see_that_it_is_signed(session.target.name, session.required_state_key)
    inputs = inputs_of(session, saved)
    saved.see_that_it_fits(inputs)
    copy = (
        _from_snapshot(session, snapshot) if snapshot is not None else read_copy(session.connection, inputs, saved.plan)
    )
    report, document = rehearsed(session, saved, inputs, copy, allow=tuple(allow or ()), faults=chosen)
    session.write(report)
    if out is not None:
        write_private(out, render(report, call.format or FORMATS[0]) + "\n")
    raise typer.Exit(Exit.OK if document["passed"] else Exit.REFUSED if _refused(document) else Exit.FAILED)


def _refused(document: Mapping[str, Any]) -> bool:
    return any(check["name"] == "apply takes the plan" and not check["passed"] for check in document["checks"])


def rehearsed(
    session: Session,
    saved: "SavedPlan",
    inputs: "ConfigInput",
    copy: "LiveCopy",
    *,
    allow: tuple[str, ...],
    faults: "Faults",
) -> tuple[Any, dict[str, Any]]:
    """Rehearse, and keep the report; gives it as it is shown and as JSON values."""
    from websakctl.operations.apply import rehearse as operation
    from websakctl.report.rehearsal import rehearsal_report

    about = what_and_who(session, inputs, "rehearsal")
    count = len(saved.plan.changes)
    session.terminal.say(f"Rehearsing {count} change{'s' * (count != 1)} on a copy of {copy.source} …")
    with practice(session, copy) as (websak, folder), session.journal_copy(folder / "journal.db") as journal:
        result: Rehearsal = operation.rehearse(
            saved,
            copy,
            websak,
            inputs=inputs,
            journal=journal,
            actor=about["actor"],
            own_user=about["own_user"],
            left_to_people=about["left_to_people"],
            allow=allow,
            faults=faults,
            progress=_progress(session),
        )
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    document = operation.to_document(
        result, environment=session.target.name, tool_version=__version__, rehearsed_at=now
    )
    if session.target.described.require_signature:
        document["signature"] = session.required_state_key().sign(operation.signed_text(document))
    path = kept_at(session, saved)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n", redacted_before=True)
    return rehearsal_report(result, document), document


def _from_snapshot(session: Session, name: str) -> "LiveCopy":
    from websakctl.operations.apply.rehearse import LiveCopy

    state = load_snapshot(session, name)
    described = session.target.described
    version = described.api_version or "3.3"
    return LiveCopy(
        state=state,
        source=f"snapshot {name}",
        api_version=version,
        users=None,
        root_unit=described.root_unit,
    )


def _progress(session: Session) -> Any:
    @contextmanager
    def shown(total: int) -> Iterator[Callable[[str], None]]:
        with session.terminal.progress("Rehearsing", total) as bar:
            yield bar.tick

    return shown


class _Practice:
    """A sandbox of its own, in memory."""

    def __init__(self, server: "Server", connection: "Connection") -> None:
        self._server, self.connection = server, connection

    def load(self, document: Mapping[str, Any]) -> None:
        """Make it a copy."""
        from websakctl.sandbox.process import control

        control(self._server, "POST", "restore", dict(document))

    def schedule(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Take every fault away, and schedule these."""
        from websakctl.sandbox.process import control

        control(self._server, "DELETE", "faults")
        if faults:
            control(self._server, "POST", "faults", [dict(fault) for fault in faults])

    def struck(self) -> int:
        """How many requests a fault has struck."""
        from websakctl.sandbox.process import control

        return sum(rule["hits"] for rule in control(self._server, "GET", "faults"))

    def effects(self) -> list[tuple[str, str]]:
        """Every write: operation and natural key."""
        from websakctl.sandbox.process import control

        return [(e["operation"], e["key"]) for e in control(self._server, "GET", "effects")]


@contextmanager
def practice(session: Session, copy: "LiveCopy") -> Iterator[tuple[_Practice, Path]]:
    """A fresh sandbox of the same API version, in a folder of its own; both are gone afterwards."""
    from msgspec.structs import replace

    from websakctl.live.clock import HurriedClock
    from websakctl.live.websak import Connection
    from websakctl.redaction import Secret
    from websakctl.sandbox.process import SandboxError, SandboxMissing, ensure_server, stop_server

    with temporary_folder(session.state_dir) as folder:
        try:
            server = ensure_server(folder, api_version=copy.api_version, database="sqlite://", idle_timeout=120)
        except SandboxMissing as error:
            raise Problem(str(error), Exit.FAILED, "pip install 'websakctl[sandbox]'") from None
        except SandboxError as error:
            raise Problem(f"the sandbox does not start: {error}", Exit.FAILED) from None
        connection = Connection(
            base_url=server.base_url,
            setup_url=server.setup_url if session.connection.setup_url else "",
            token_url=server.token_url,
            client_id=server.client_id,
            client_secret=Secret(server.client_secret),
            root_unit=copy.root_unit or "ROOT",
            api_version=copy.api_version,
            concurrency=session.connection.concurrency,
            runtime=replace(session.runtime, clock=HurriedClock(), notify=lambda _: None),
        )
        try:
            yield _Practice(server, connection), folder
        except SandboxError as error:
            raise Problem(f"the rehearsal cannot go on: {error}", Exit.FAILED) from None
        finally:
            stop_server(folder)
