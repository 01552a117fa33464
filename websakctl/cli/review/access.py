"""``access``: who can read what, through what, and what that answer rests on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from websakctl.cli import completion
from websakctl.cli.change.plan import make_config_input
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.options import (
    Call,
    Districts,
    Lang,
    SelectionOptions,
    command,
    given_text,
    language_of,
    past_day,
)
from websakctl.cli.session import Session, require_xlsx, write_workbook
from websakctl.report.view_models import TableReport

if TYPE_CHECKING:
    from collections.abc import Collection

    from websakctl.access import EffectiveAccess
    from websakctl.access.reviewing import Review
    from websakctl.model.address import Address

FORMATS = ("text", "json", "csv")

group = typer.Typer(help="Who can read what: by access code, by user, and as a list to sign.", no_args_is_help=True)

Code = Annotated[str, typer.Option("--code", metavar="CODE", help="The access code that documents have.")]
Unit = Annotated[str | None, typer.Option("--unit", metavar="KEY", help="Documents of this unit, such as FR-BV.")]
CaseType = Annotated[
    str | None, typer.Option("--case-type", metavar="CODE", help="Documents in cases of this case type.")
]
Level = Annotated[
    int | None,
    typer.Option("--level", metavar="1|2|3", help="Documents with this screening level (default: the code's own)."),
]
Offline = Annotated[bool, typer.Option("--offline", help="As the config says; no network.")]
Names = Annotated[bool, typer.Option("--names", help="Show the names of persons too.")]
UserCode = Annotated[str, typer.Argument(metavar="USER", help="The code of a user.")]
FirstUser = Annotated[str, typer.Argument(metavar="USER", help="The code of a user.")]
OneDistrict = Annotated[
    list[str], typer.Option("--district", metavar="SLUG", help="The district.", autocompletion=completion.districts)
]
Workbook = Annotated[
    Path | None, typer.Option("--xlsx", metavar="FILE", help="Write the list to sign as a workbook too.")
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who signed it: a role, or who can be asked.")]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="When, YYYY-MM-DD (default: today).")]
Evidence = Annotated[
    str, typer.Option("--evidence", metavar="TEXT", help="Where the signed list can be seen: a link, a case number.")
]
Digest = Annotated[
    str | None,
    typer.Option(
        "--review", metavar="DIGEST", help="The fingerprint of what was signed; refused if access is another now."
    ),
]
SecondUser = Annotated[str, typer.Argument(metavar="OTHER", help="The code of another user.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(group, "who", example="websakctl access who --code F --unit FR-BV", formats=FORMATS)(who)
    command(group, "what", example="websakctl access what KARNOR", formats=FORMATS)(what)
    command(group, "compare", example="websakctl access compare KARNOR OLANOR", formats=FORMATS)(compare)
    command(
        group,
        "review",
        example="websakctl access review --district frogner --format html --out tilgang.html",
        formats=("text", "json", "html", "markdown"),
    )(review)
    command(
        group,
        "sign",
        example='websakctl access sign --district frogner --by Bydelsdirektør --evidence "sak 27/1234"',
    )(sign)
    app.add_typer(group, name="access")


def who(
    call: Call,
    code: Code,
    unit: Unit = None,
    case_type: CaseType = None,
    level: Level = None,
    district: Districts = None,
    offline: Offline = False,
    names: Names = False,
) -> None:
    """Show who can read documents with an access code, and through what: role, group, function, administrator. Asks Websak.

    That takes a request for each user. What is not known is shown as unknown, never left out. --district shows the users of a
    district only.
    """
    from websakctl.access import Question
    from websakctl.report.access import who_report

    if level is not None and not 1 <= level <= 3:
        raise Problem(f"--level {level} is not one of 1, 2, 3", Exit.USAGE, "level 1 hides the text, 2 the title too, 3 also the parties")  # fmt: skip
    session = Session(call)
    session.valid_config()
    scopes = SelectionOptions(district=district).selection(session.config).scopes
    access = _look(session, offline=offline)
    for kind, key in (("access_code", code), ("case_type", case_type), ("org_unit", unit)):
        _known(session, access, kind, key)
    question = Question(code=code, level=level, case_type=case_type, unit=unit)
    readers = [r for r in access.who(question) if not scopes or r.account.scope in scopes]
    report = who_report(
        access, question, readers, source=_source(offline=offline), names=names, districts=sorted(scopes or ())
    )
    _write(session, report)


def what(call: Call, user: UserCode, offline: Offline = False, names: Names = False) -> None:
    """Show which access codes a user can read, where, and through what. Asks Websak, which takes a request for each user."""
    from websakctl.report.access import what_report

    session = Session(call)
    session.valid_config()
    access = _look(session, offline=offline)
    account = _account(session, access, user)
    _write(session, what_report(access, account, source=_source(offline=offline), names=names))


def compare(call: Call, first: FirstUser, second: SecondUser, offline: Offline = False, names: Names = False) -> None:
    """Show what one of two users can read and the other cannot, or elsewhere. Asks Websak, a request for each user."""
    from websakctl.report.access import compare_report

    session = Session(call)
    session.valid_config()
    access = _look(session, offline=offline)
    accounts = _account(session, access, first), _account(session, access, second)
    _write(session, compare_report(access, *accounts, source=_source(offline=offline), names=names))


def review(
    call: Call,
    district: OneDistrict,
    lang: Lang = "nb",
    xlsx: Workbook = None,
    offline: Offline = False,
    names: Names = False,
) -> None:
    """Show the review of a district to sign: who has more than the role gives, reads across districts, administers, has left. Asks Websak.

    That takes a request for each user. Pages and workbooks are in bokmål unless --lang says otherwise.
    """
    from websakctl.operations.review.sign_access import signed_reviews
    from websakctl.report.access_review import review_document, review_workbook

    language = language_of(lang)
    if xlsx is not None:
        require_xlsx(xlsx)
    slug = _one(district)
    session = Session(call)
    access, result = _review(session, slug, offline=offline)
    if xlsx is not None:
        write_workbook(xlsx, review_workbook(result, access, language=language, names=names))
    shown = review_document(
        result,
        access,
        session.config.districts[slug],
        source=_source(offline=offline),
        language=language if call.format == "html" else "en",
        names=names,
        signed=signed_reviews(session.journal, session.target.name, session.config.districts),
    )
    session.write(shown, language=language)
    for path in filter(None, (xlsx, session.terminal.out)):
        session.terminal.say(f"Wrote {path}: it holds personal data, and is for its owner only.")


def sign(
    call: Call,
    district: OneDistrict,
    by: By,
    evidence: Evidence,
    on: On = None,
    digest: Digest = None,
    offline: Offline = False,
) -> None:
    """Record in the journal that the review of a district is signed: who, when, and where the list can be seen. Asks Websak.

    A readiness gate with `check: access-review` passes with it for 180 days.
    """
    from websakctl.operations.apply.carry_out import new_run_name
    from websakctl.operations.review.sign_access import Signing
    from websakctl.operations.review.sign_access import sign as record
    from websakctl.report.access import incomplete_line

    slug = _one(district)
    session = Session(call)
    signing = Signing(
        by=given_text("--by", by), on=past_day("--on", on, session.today), evidence=given_text("--evidence", evidence)
    )
    if digest is None and signing.on != session.today.isoformat():
        raise Problem(
            f"--on {signing.on} is before today, and what would be recorded is access as it is today",
            Exit.USAGE,
            "name what was signed then: --review FINGERPRINT, as it stands on the list",
        )
    _, result = _review(session, slug, offline=offline)
    if digest is not None and digest != result.digest:
        raise Problem(
            f"access in {slug} is not what was signed: its fingerprint is {result.digest} now; nothing was recorded",
            Exit.REFUSED,
            f"go through it again: websakctl access review --district {slug}",
        )
    session.require_writable_state()
    run = new_run_name(session.runtime)
    record(session.journal, session.target.name, run, result, signing, source=_source(offline=offline))
    lacks = incomplete_line(result.gaps)
    if lacks:
        session.terminal.warn(f"note: the review rests on incomplete data, so no gate passes with it: {lacks}")
    elif offline:
        session.terminal.warn("note: Websak was not asked, so no gate passes with this review")
    session.write(
        TableReport(
            headline=f"Recorded: {signing.by} signed the review of {slug} on {signing.on} ({_counts(result)}).",
            columns=(),
            rows=(),
            data={
                "format_version": 1,
                "run": run,
                "for": slug,
                "by": signing.by,
                "on": signing.on,
                "evidence": signing.evidence,
                "digest": result.digest,
                "findings": result.findings,
                "not_checked": list(result.not_checked),
                "incomplete": sum(len(gap.where) for gap in result.gaps),
                "source": _source(offline=offline),
            },
        )
    )


def _one(districts: list[str]) -> str:
    """The district of a command that is about one; several end it."""
    named = list(dict.fromkeys(districts))
    if len(named) > 1:
        raise Problem(f"--district names {len(named)} districts ({', '.join(named)}), and a review is of one", Exit.USAGE, "run it once for each of them")  # fmt: skip
    return named[0]


def _counts(result: "Review") -> str:
    findings = f"{result.findings} finding{'s' * (result.findings != 1)}"
    left = result.not_checked
    return f"{findings}, {len(left)} not checked: {', '.join(left)}" if left else findings


def _review(session: Session, district: str, *, offline: bool) -> "tuple[EffectiveAccess, Review]":
    from websakctl.access.reviewing import review as put_together
    from websakctl.operations.review.sign_access import listed_in

    config = session.valid_config()
    if district not in config.districts:
        raise UnknownName("district", district, sorted(config.districts), "`websakctl districts list` names them")
    access = _look(session, offline=offline)
    return access, put_together(access, config.districts[district], listed_in(config, session.today))


def _source(*, offline: bool) -> str:
    return "config" if offline else "live"


def _look(session: Session, *, offline: bool) -> "EffectiveAccess":
    """What people can read, asked of Websak unless ``offline``.

    Raises:
        Problem: If nobody is there whose access could be told.
    """
    from websakctl.operations.change.read_access import access_of_config, read_access

    access = (
        access_of_config(session.config) if offline else read_access(session.connection, make_config_input(session))
    )
    if not access.accounts:
        where = "the config lists no users" if offline else "Websak lists no active user"
        raise Problem(f"{where}, so nobody knows who can read what", Exit.REFUSED, "`websakctl users import FILE` reads them from HR" + ", or leave --offline out" * offline)  # fmt: skip
    return access


def _write(session: Session, report: TableReport) -> None:
    """Write an answer; what it lacks and rests on has no place in a CSV file, and is said beside it."""
    session.write(report)
    if session.call.format == "csv":
        for line in (*report.headline.splitlines(), *report.notes):
            session.terminal.warn(line)


def _known(session: Session, access: "EffectiveAccess", kind: str, key: str | None) -> None:
    """End the command if nothing of a kind has this key."""
    if key is None:
        return
    known = sorted(a.key for a in access.state if a.kind == kind)
    if key in known:
        return
    what = kind.replace("_", " ")
    _refuse_if_not_applied(what, {a.key for a in session.config.whole if a.kind == kind}, key)
    alike = [each for each in known if each.upper() == key.upper()]
    if kind == "org_unit" and not alike:
        alike = sorted(
            each for d in session.config.districts.values() if (each := d.full_key(key.upper())) in set(known)
        )
    if alike:
        named = f"{', '.join(alike[:3])}, …" if len(alike) > 3 else " or ".join(alike)
        raise UnknownName(what, key, (), f"did you mean {named}?")
    raise UnknownName(what, key, known)


def _refuse_if_not_applied(what: str, configured: "Collection[str]", key: str) -> None:
    if key in configured:
        raise Problem(
            f"{what} {key} is in the config, and not in Websak yet",
            Exit.REFUSED,
            "apply it, or ask the config: --offline",
        )


def _account(session: Session, access: "EffectiveAccess", named: str) -> "Address":
    """The address of the user with this code, or with this login name where only one has it."""
    known = {a.key: a for a in access.state if a.kind == "user"}
    result = known.get(named) or known.get(named.upper())
    if result is not None:
        return result
    by_login = [a for a in known.values() if str(access.state[a].fields.get("username") or "").lower() == named.lower()]
    if len(by_login) == 1:
        return by_login[0]
    if by_login:
        raise UnknownName(f"one user alone with the login name {named}", named, (), f"name its code: {', '.join(sorted(a.key for a in by_login))}")  # fmt: skip
    _refuse_if_not_applied("user", {a.key for a in session.config.whole if a.kind == "user"}, named)
    raise UnknownName("user", named, sorted(known), "users are named by their codes, or by a login name; `websakctl find TEXT --kind user` finds one")  # fmt: skip
