"""``validate``: everything that can be known offline."""

from pathlib import Path
from typing import Annotated

import typer

from websakctl.cli.changed import Since, judge_the_change
from websakctl.cli.exits import Exit, Problem
from websakctl.cli.options import FINDINGS_FORMATS, Call, command
from websakctl.cli.session import Session, render, write_text
from websakctl.cli.write_back import in_repository
from websakctl.diagnostics import Diagnostic
from websakctl.report.view_models import FindingsReport, TableReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "validate",
        example="websakctl validate --format github --report sarif=websakctl.sarif",
        formats=FINDINGS_FORMATS,
    )(validate)


Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report", metavar="FORMAT=FILE", help="Also write the findings to a file, in another format (repeatable)."
    ),
]


Fix = Annotated[
    bool, typer.Option("--fix", help="First write the fixes that can mean nothing else; no other byte changes.")
]


def validate(call: Call, report: Reports = None, fix: Fix = False, changed_since: Since = None) -> None:
    """Check the config: everything that can be known offline. No network, no secrets.

    A legal basis that has ended is a warning, and an error in an entry that the change at hand adds or edits.
    """
    session = Session(call)
    reports = [_report(given) for given in report or ()]
    if fix:
        _fix(session)
    config = session.config
    _renames_done(session)
    judge_the_change(session, changed_since)
    if config.with_users:
        _say_if_tracked(session)
    findings = FindingsReport(findings=config.findings, texts=config.texts, headline="", valid=config.valid)
    for name, file in reports:
        write_text(file, render(findings, name) + "\n")
    if call.format == "text":
        session.show_findings(config, to_stderr=True)
        fixable = sum(1 for finding in config.findings if finding.fix is not None)
        hint = f" `websakctl validate --fix` can fix {fixable} of them." if fixable else ""
        session.write(TableReport(headline=session.findings_headline(config) + hint, columns=(), rows=()))
    else:
        session.write(findings)
    raise typer.Exit(Exit.OK if config.valid else Exit.INVALID)


def _say_if_tracked(session: Session) -> None:
    """Say that git keeps what it may not: files of users."""
    if not in_repository(session.root):
        return
    from websakctl.state.git import Git, GitError

    try:
        listed = Git(session.root).run("ls-files", "users").decode("utf-8", "replace")
    except GitError as error:
        session.terminal.warn(f"cannot check whether files of users are in git ({error})")
        return
    if files := listed.split("\n")[:-1]:
        session.terminal.warn(
            f"{len(files)} file{'s' * (len(files) != 1)} of users in git: people's data. Take them out, and out of its history: "
            "git rm --cached -r users"
        )


def _fix(session: Session) -> None:
    """Write the fixes; again where one brought another to light."""
    from websakctl.source.fixing import fixed
    from websakctl.source.writing import read_exactly, write_exactly

    for _ in range(5):
        by_file: dict[str, list[Diagnostic]] = {}
        for finding in session.config.findings:
            if finding.fix is not None:
                by_file.setdefault(finding.at.file, []).append(finding)
        if not by_file:
            return
        for file, findings in by_file.items():
            path = session.root / file
            write_exactly(path, fixed(read_exactly(path), [f.fix for f in findings if f.fix is not None]))
            for finding in findings:
                session.terminal.say(f"fixed {finding.at}: {finding.code}: {finding.help}")
        del session.config  # read again


def _report(given: str) -> tuple[str, Path]:
    name, equals, file = given.partition("=")
    if not equals or not file or name not in FINDINGS_FORMATS:
        raise Problem(
            f"--report {given} is not FORMAT=FILE", Exit.USAGE, f"the formats are {', '.join(FINDINGS_FORMATS)}"
        )
    return name, Path(file)


def _renames_done(session: Session) -> None:
    """Say which `previously` can go: live has the new key wherever it is applied to, and the old one nowhere."""
    config = session.config
    if not config.previously or not (session.state_dir / "journal.db").is_file():
        return
    from websakctl.diagnostics import Diagnostic, Severity

    names = {*config.settings.environments, *session.journal.environments()}
    known = {name: {(a.kind, a.key) for a in session.journal.known(name)} for name in names}
    for address, olds in config.previously.items():
        new, earlier = (address.kind, address.key), {(old.kind, old.key) for old in olds}
        if olds and all(new in keys and keys.isdisjoint(earlier) for keys in known.values()):
            at = config.origins[address].of_field("previously")
            was = ", ".join(old.key if old.scope == address.scope else str(old) for old in olds)
            finding = Diagnostic(
                code="rename-done",
                at=at,
                message=f"{address.key} is in Websak ({', '.join(sorted(names))}), and what it was before, {was}, is not",
                help="take `previously` away",
                severity=Severity.WARNING,
                address=str(address),
            )
            if not any(f.code == finding.code and f.at == at for f in config.findings):
                config.findings.append(finding)
    config.findings.sort(key=lambda f: (f.at.file, f.at.line, f.at.column, f.code))
