"""``contract``: the vendor's published API against what this tool uses of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import Call, command
from websakctl.cli.session import Session, require_file
from websakctl.report.view_models import DocumentReport, Section

if TYPE_CHECKING:
    from websakctl.live.contract import Finding

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="An OpenAPI document of the vendor's, JSON or YAML.", show_default=False)
]
Before = Annotated[
    Path | None,
    typer.Option("--before", metavar="FILE", help="An older document: show only what differs from it."),
]
Version = Annotated[
    Literal["3.0", "3.3"] | None,
    typer.Option("--api-version", help="Look at what a client of this version uses (default: as the document shows)."),
]
DetailedExit = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are findings.")]
_TITLES = {
    "gone": "Operations that are gone",
    "deprecated": "Operations that are deprecated",
    "required": "What is required and not sent",
    "type": "Types that changed",
    "enum": "Values that are not taken",
    "unknown": "What is sent and not known",
    "unread": "What is read and not answered",
    "new": "What could be used now",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="The vendor's published API against what this tool uses of it.", no_args_is_help=True)
    command(
        group,
        "check",
        example="websakctl contract check userapi.json --before userapi-old.json",
        formats=("text", "json", "markdown"),
    )(check)
    app.add_typer(group, name="contract")


def check(
    call: Call,
    file: File,
    before: Before = None,
    api_version: Version = None,
    detailed_exitcode: DetailedExit = False,
) -> None:
    """Say what in a new OpenAPI document would break what this tool uses, and what is new in it. No network, no config."""
    from websakctl.live.contract import NotADocument, check_contract, version_of

    session = Session(call)
    new, old = _read(file), _read(before) if before is not None else None
    try:
        version = api_version or version_of(new)
        findings = check_contract(new, old, version)
    except NotADocument as error:
        raise Problem(
            f"{file} is not an OpenAPI document: {error}", Exit.FAILED, "name the file that the vendor published"
        ) from None
    session.write(_report(file, before, version, findings))
    raise typer.Exit(Exit.CHANGES if findings and detailed_exitcode else Exit.OK)


def _read(path: Path) -> dict[str, Any]:
    from websakctl.source.openapi_file import OpenApiFileError, read_openapi

    require_file(path, "name an OpenAPI document")
    try:
        return read_openapi(path)
    except OpenApiFileError as error:
        raise Problem(str(error), Exit.FAILED, "name the file that the vendor published") from None


def _report(file: Path, before: Path | None, version: str, findings: "list[Finding]") -> DocumentReport:
    problems = sum(1 for f in findings if f.what != "new")
    new = len(findings) - problems
    against = f"compared with {before}" if before is not None else "compared with what this tool knows"
    if not findings:
        verdict = f"nothing that is used differs, and nothing is new ({against})"
    else:
        verdict = f"{problems} thing{'s' * (problems != 1)} would break, {new} could be used now ({against})"
    sections = [
        Section(
            title=title, columns=("operation", "field", "what"), rows=[(f.operation, f.field, f.message) for f in of]
        )
        for what, title in _TITLES.items()
        if (of := [f for f in findings if f.what == what])
    ]
    return DocumentReport(
        title=f"{file.name} against what is used of User API {version}",
        ok=not problems,
        verdict=f"{verdict[0].upper()}{verdict[1:]}." if findings else f"{verdict}.",
        facts=(),
        sections=sections,
        data={
            "format_version": 1,
            "file": str(file),
            "before": str(before) if before is not None else None,
            "version": version,
            "findings": [
                {"what": f.what.value, "operation": f.operation, "field": f.field, "message": f.message}
                for f in findings
            ],
        },
    )
