"""``reform``: what a district reform would mean, the config that it comes to, and alternatives side by side."""

import copy
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from websakctl.cli.change.plan import make_config_input, save_plan
from websakctl.cli.change.rehearse import rehearsed
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, Lang, command, language_of
from websakctl.cli.session import Session, require_file, require_xlsx, write_private, write_workbook
from websakctl.cli.today import today_in_oslo

if TYPE_CHECKING:
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.operations.reform.what_if import WhatIf
    from websakctl.plan.change import Plan
    from websakctl.report.texts import Language
    from websakctl.source.configuration import Configuration

FORMATS = ("text", "json", "html", "xlsx")

MapFile = Annotated[Path, typer.Argument(metavar="MAP.yaml", help="Which districts become which.")]
MapFiles = Annotated[list[Path], typer.Argument(metavar="MAP.yaml...", help="Alternatives.")]
Into = Annotated[Path | None, typer.Option("--into", metavar="DIR", help="Write the new config into this new folder.")]
SavePlan = Annotated[
    Path | None, typer.Option("--save-plan", metavar="FILE", help="Save the plan from today's live to the new config.")
]
Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Rehearse that plan, with all that its guards object to allowed.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the report here; XLSX needs it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="A district reform, planned on paper: districts merged, split and renamed.", no_args_is_help=True
    )
    command(group, "plan", example="websakctl reform plan eksempel-8.yaml --into ny/", formats=FORMATS)(plan)
    command(
        group,
        "compare",
        example="websakctl reform compare eksempel-8.yaml eksempel-7.yaml --format xlsx --out reform.xlsx",
        formats=FORMATS,
    )(compare)
    app.add_typer(group, name="reform")


def plan(
    call: Call,
    map_file: MapFile,
    into: Into = None,
    save_plan_to: SavePlan = None,
    rehearse: Rehearse = False,
    out: Out = None,
    lang: Lang = "nb",
) -> None:
    """Report what a reform would mean; on request write the new config, save the plan to it, and rehearse that.

    Nothing is written to Websak or into the config as it is.
    """
    language = _needs_file(call, out, lang)
    session = Session(call)
    session.valid_config()
    if into is not None and into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Problem(f"{into} is there already; nothing was written", Exit.REFUSED, "name a new folder")
    one = _Alternative(session, map_file)
    _write(session, [one.what_if()], out, language)
    if into is not None:
        _write_config(into, one.files)
        session.terminal.say(f"The new config is in {into}: websakctl --root {into} validate")
    if save_plan_to is not None:
        save_plan(one.session, save_plan_to, one.session.plan_report(one.plan))
    if rehearse:
        _rehearse(one)


def compare(call: Call, map_files: MapFiles, out: Out = None, lang: Lang = "nb") -> None:
    """Report what several alternatives would mean, side by side. Writes nothing but the report."""
    language = _needs_file(call, out, lang)
    session = Session(call)
    session.valid_config()
    _write(session, [_Alternative(session, file).what_if() for file in map_files], out, language, side_by_side=True)


def _needs_file(call: Call, out: Path | None, lang: str) -> "Language":
    if call.format == "xlsx" and out is None:
        raise Problem("a workbook is written to a file", Exit.USAGE, "--format xlsx --out FILE.xlsx")
    return language_of(lang)


class _Alternative:
    """One map, with all that it comes to."""

    def __init__(self, session: Session, file: Path) -> None:
        from websakctl.operations.reform.allocate import allocate
        from websakctl.operations.reform.new_config import new_config

        self.before = session
        self.reform = _read(session, file)
        self.allocation = allocate(session.config, self.reform)
        self.new = new_config(session.root, session.config, self.reform, self.allocation)
        self.files = self.new.files
        self.session = _with_config(session, self._loaded(session))
        self.inputs, self.live, self.plan = self._planned()

    def _loaded(self, session: Session) -> "Configuration":
        from websakctl.source.load import load_configuration

        with tempfile.TemporaryDirectory(prefix="websakctl-") as folder:
            _write_config(Path(folder), self.files)
            config = load_configuration(Path(folder), today_in_oslo())
        if not config.valid:
            session.show_findings(config, to_stderr=True)
            raise Problem(
                "the config after the reform would not be valid; nothing was written",
                Exit.INVALID,
                "change the map, or what the findings above name in the config as it is",
                findings=config.findings,
            )
        return config

    def _planned(self) -> "tuple[ConfigInput, LiveSetup, Plan]":
        from websakctl.operations.change.make_plan import make_plan
        from websakctl.operations.change.read_setup import guarded, read_setup

        session = self.session
        inputs = make_config_input(session, refresh="full")
        live = read_setup(session.connection, inputs)
        own_user = session.target.described.own_user
        return inputs, live, guarded(session.connection, inputs, make_plan(inputs, live.state), live.state, own_user)

    def what_if(self) -> "WhatIf":
        """The report."""
        from websakctl.operations.change.read_users import read_users
        from websakctl.operations.reform.what_if import Before, what_if

        before = self.before
        inputs = make_config_input(before, refresh="full")
        users = read_users(before.connection, inputs)
        return what_if(
            Before(config=before.config, users=users, environment=before.target.name),
            self.reform,
            self.allocation,
            self.new,
            self.session.config,
            self.plan,
            self.live.seconds_to_write(self.plan.changes, before.connection),
        )


def _read(session: Session, file: Path) -> Any:
    from websakctl.report.formats.text import FORMAT
    from websakctl.report.view_models import FindingsReport
    from websakctl.source.reform_file import read_reform

    require_file(file, "templates/reform/ has examples", ".yaml")
    reform, findings, texts = read_reform(file, session.config)
    if reform is None:
        shown = FindingsReport(findings=findings, texts=texts, headline="", valid=False)
        session.terminal.warn(FORMAT.render(shown, session.terminal.look(sys.stderr)))
        raise Problem(
            f"the map {file} is not valid; nothing was done", Exit.INVALID, "fix the errors above", findings=findings
        )
    return reform


def _with_config(session: Session, config: "Configuration") -> Session:
    """The same session with another config: same environment, same journal."""
    other = copy.copy(session)
    other.config = config
    return other


def _write_config(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a config; people's are their owner's alone, and git is told to leave them out."""
    for name, text in {".gitignore": "/users/\n/.websakctl/\n", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        if name.startswith("users/"):
            path.chmod(0o600)


def _write(
    session: Session, result: "Sequence[WhatIf]", out: Path | None, language: "Language", *, side_by_side: bool = False
) -> None:
    from websakctl.report.pages.reform import ReformPage
    from websakctl.report.reform import comparison, reform_report, workbook

    if session.call.format == "xlsx" and out is not None:
        require_xlsx(out)
        write_workbook(out, workbook(result))
        session.terminal.say(f"Written to {out}.")
        return
    if session.call.format == "html":
        organisation = session.config.settings.organisation
        page = ReformPage(
            alternatives=result,
            owner=organisation.name if organisation else "",
            head=session.page_head(language),
        )
        text = page.render(language)
        if out is None:
            session.terminal.result(text, secrets_allowed=False, is_json=False)
        else:
            write_private(out, text)
            session.terminal.say(f"Written to {out}.")
        return
    report = comparison(result) if side_by_side else reform_report(result[0])
    session.write(report)
    if out is not None:
        from websakctl.cli.session import render

        write_private(out, render(report, session.call.format or "text") + "\n")


def _rehearse(one: _Alternative) -> None:
    from websakctl.operations.apply.rehearse import read_copy
    from websakctl.operations.apply.saved import SavedPlan

    session = one.session
    document = json.loads(json.dumps(session.plan_report(one.plan).document))
    saved = SavedPlan.read("the plan of the reform", document)
    allow = tuple(finding.allowance for finding in one.plan.findings)
    report, result = rehearsed(
        session, saved, one.inputs, read_copy(session.connection, one.inputs, one.plan), allow=allow, faults="none"
    )
    failed = [
        f"{c['name']}: {', '.join(c['items'][:3]) or c['detail']}" for c in result["checks"] if c["passed"] is not True
    ]
    session.terminal.say(report.verdict)
    if failed:
        raise Problem("the plan of the reform does not do what it promises", Exit.FAILED, "; ".join(failed))
