"""A district's review of access: a document to read and sign, and the list as a workbook."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from websakctl.access import EffectiveAccess, Verdict
from websakctl.access.reviewing import Across, Excess, Review, Row
from websakctl.model.address import Address
from websakctl.model.district import District
from websakctl.report.access import LIVE, basis_data, code_name, incomplete_line, way_in_words
from websakctl.report.texts import Language, counted, text, translated
from websakctl.report.view_models import DocumentReport, Section
from websakctl.report.workbook import PlainSheet, plain_workbook
from websakctl.rollout.reviews import SignedReview, SignedReviews

_YES, _NO = "ja", "nei"


class Wording:
    """The words of a review in a language, and whether persons are named."""

    def __init__(self, access: EffectiveAccess, language: Language, *, names: bool) -> None:
        self.access, self.language, self.names = access, language, names

    def __call__(self, english: str, **values: object) -> str:
        """A text."""
        return text(english, self.language, **values)

    def number(self, english: str, n: int) -> str:
        """A text for one or for many."""
        return counted(english, self.language, n)

    def user(self, account: Address) -> str:
        """An account, with the person's name where names were asked for."""
        user = self.access.state.get(account)
        name = user.fields.get("name") if user is not None and self.names else None
        return f"{account.key} ({name})" if name else account.key


def review_document(
    review: Review,
    access: EffectiveAccess,
    district: District,
    *,
    source: str,
    language: Language,
    names: bool,
    signed: SignedReviews | None = None,
) -> DocumentReport:
    """The whole review; its first line says so where it rests on incomplete data, and a fact how it stands to what was signed."""
    say = Wording(access, language, names=names)
    verdict = say.number("{n} person of the district can log in|{n} people of the district can log in", review.people)
    verdict += "; " + say.number("{n} thing to look at|{n} things to look at", review.findings)
    if review.not_checked:
        verdict += ", " + say.number("{n} not checked|{n} not checked", len(review.not_checked))
    lacks = incomplete_line(review.gaps, language)
    return DocumentReport(
        title=say("Review of access: {district}", district=district.name)
        + (f" ({say('incomplete data')})" if lacks else ""),
        ok=not review.findings and not lacks and not review.not_checked,
        verdict=f"{say('Incomplete data: {what}.', what=lacks)} {verdict}" if lacks else verdict,
        facts=[
            (say("Read from"), say("Websak") if source == "live" else say("the config; Websak was not asked")),
            (say("Rules of access"), _confirmation(say)),
            (say("Fingerprint"), review.digest),
            *([(say("Signed"), _signed(review, signed, say, source))] if signed is not None else []),
        ],
        sections=[section for section in _sections(review, say) if section.rows or section.lines],
        language=language,
        data=_data(review, access, signed, source=source, names=names),
    )


def _same(review: Review, newest: SignedReview, source: str) -> bool | None:
    """Whether access is as it was signed; ``None``: one is from Websak and the other from the config, which says nothing."""
    return newest.digest == review.digest if newest.live is (source == LIVE) else None


def _signed(review: Review, signed: SignedReviews, say: Wording, source: str) -> str:
    newest = signed.by_district.get(review.district)
    if newest is None:
        return translated(signed.unknown, say.language) if signed.unknown else say("nobody has signed it")
    words = {
        True: "{who}. Access is as it was signed",
        False: "{who}. Access is another than was signed: review it again",
        None: "{who}. Not compared with what was signed",
    }
    return say(words[_same(review, newest, source)], who=newest.reported)


def _confirmation(say: Wording) -> str:
    model = say.access.model
    if model.confirmed:
        return say("confirmed by {by} on {on}", by=model.confirmed_by, on=model.on)
    return say("assumed: nobody has confirmed how Websak decides who reads")


def _sections(review: Review, say: Wording) -> Iterator[Section]:
    def section(
        title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]], lines: Sequence[str] = ()
    ) -> Section:
        cells = [tuple(row) for row in rows]
        return Section(title=say(title), columns=[say(c) for c in columns], rows=cells, lines=lines)

    yield section(
        "More than their role gives",
        ("User", "What", "Which"),
        ((say.user(e.account), *_excess(e, say)) for e in review.beyond),
    )
    yield section(
        "People of the district who read in other districts",
        ("User", "Access code", "Reads", "Districts"),
        _across(review.outwards, say),
    )
    yield section(
        "Others who read in the district", ("User", "Access code", "Reads", "Districts"), _across(review.inwards, say)
    )
    yield section("Administrators", ("User", "District"), ((say.user(a), a.scope) for a in review.administrators))
    yield section(
        "Who has left and can still log in",
        ("User", "Why"),
        ((say.user(e.account), _why(e.why, say)) for e in review.left),
        () if review.users_listed else (say("Nobody has listed the users of the district, so this was not checked."),),
    )
    approval = (
        []
        if review.approval_known
        else [say("Nobody has said which roles and functions approve, so this was not checked.")]
    )
    yield Section(
        title=say("Both approves and administers"),
        columns=[say("User")] if review.segregation else (),
        rows=[(say.user(a),) for a in review.segregation],
        lines=approval,
    )
    yield section("Access groups without an owner", ("Access group",), ((name,) for name in review.groups))
    yield section(
        "Sensitive access codes",
        ("Access code", "Name", "Can read in the district", "Unknown"),
        ((code, code_name(say.access, code), yes, perhaps) for code, (yes, perhaps) in review.sensitive.items()),
    )
    yield section(
        "Who can read what",
        ("User", "Role", "Unit", "Access codes", "Unknown", "Through"),
        (_cells(row, say) for row in review.rows),
    )
    yield Section(
        title=say("Signature"),
        lines=[
            say("The list was gone through, and what was wrong in it was reported."),
            say("Date: ____________  Name and role: ______________________________"),
            f"websakctl access sign --district {review.district} --review {review.digest} --by … --evidence …",
        ],
    )  # fmt: skip


def _excess(excess: Excess, say: Wording) -> tuple[str, str]:
    """What somebody has beyond the role, and which one."""
    if excess.kind == "no role":
        return say("unknown"), say("its role is not known, so nothing explains what it may")
    if excess.kind == "template":
        return say("unknown"), say("the role {role} leaves it to the template user", role=excess.what)
    which = excess.what or say("all of them")
    return say(excess.kind), f"{which} ({say('role')} {excess.role})" if excess.role not in ("", excess.what) else which


def _why(why: str, say: Wording) -> str:
    start = "left on "
    return say("left on {day}", day=why.removeprefix(start)) if why.startswith(start) else say(why)


def _across(found: Iterable[Across], say: Wording) -> Iterator[tuple[str, ...]]:
    every = len({scope for scope in say.access.units.scopes.values() if scope != "base"})
    for each in found:
        reads = say("yes") if each.verdict is Verdict.YES else say("unknown")
        where = say("all others") if len(each.districts) >= every - 1 > 1 else ", ".join(each.districts)
        yield say.user(each.account), each.code, reads, where


def _cells(row: Row, say: Wording) -> tuple[str, ...]:
    certain = [code for code, reader in row.reads.items() if reader.verdict is Verdict.YES]
    perhaps = [code for code, reader in row.reads.items() if reader.verdict is Verdict.UNKNOWN]
    through = dict.fromkeys(
        way_in_words(say.access, way, say.language) for reader in row.reads.values() for way in reader.ways
    )
    return (
        say.user(row.account), row.role or "–", row.unit or "–",
        ", ".join(certain) or "–", ", ".join(perhaps), "; ".join(through),
    )  # fmt: skip


def review_workbook(review: Review, access: EffectiveAccess, *, language: Language, names: bool) -> bytes:
    """The list to sign as a workbook: one row for each account, with columns to fill in."""
    say = Wording(access, language, names=names)
    remarks: dict[Address, list[str]] = {}
    for excess in review.beyond:
        remarks.setdefault(excess.account, []).append(": ".join(_excess(excess, say)))
    for account in review.administrators:
        remarks.setdefault(account, []).append(say("administrator"))
    for gone in review.left:
        remarks.setdefault(gone.account, []).append(_why(gone.why, say))
    for each in (*review.outwards, *review.inwards):
        remarks.setdefault(each.account, []).append(
            say("reads {code} in {districts}", code=each.code, districts=", ".join(each.districts))
        )
    headers = ("User", "Role", "Unit", "Access codes", "Unknown", "Through", "Remark", "Correct?", "Comment")
    rows = [[*_cells(row, say), "; ".join(remarks.get(row.account, ())), None, None] for row in review.rows]
    lacks = incomplete_line(review.gaps, language)
    if lacks:
        rows.insert(0, [say("Incomplete data: {what}.", what=lacks), *[None] * 8])
    rows.append([say("Fingerprint"), review.digest, *[None] * 7])
    return plain_workbook(
        PlainSheet(
            name="access_review",
            title=say("Access"),
            columns=[say(header) for header in headers],
            rows=rows,
            open_columns={7: (say("yes"), say("no")), 8: ()},
        )
    )


def _data(
    review: Review, access: EffectiveAccess, signed: SignedReviews | None, *, source: str, names: bool
) -> dict[str, Any]:
    newest = signed.by_district.get(review.district) if signed is not None else None

    def user(account: Address) -> dict[str, str]:
        resource = access.state.get(account)
        name = str(resource.fields.get("name") or "") if resource is not None else ""
        return {"user": account.key, "district": account.scope, **({"name": name} if names else {})}

    def across(found: Iterable[Across]) -> list[dict[str, Any]]:
        return [
            {**user(a.account), "code": a.code, "reads": a.verdict.value, "districts": list(a.districts)} for a in found
        ]

    return {
        "format_version": 1,
        "for": review.district,
        "source": source,
        "digest": review.digest,
        "findings": review.findings,
        "not_checked": list(review.not_checked),
        "signed": None
        if newest is None
        else {"on": newest.on, "by": newest.by, "digest": newest.digest, "same": _same(review, newest, source)},
        "incomplete": [{"what": gap.what, "where": list(gap.where)} for gap in review.gaps],
        **basis_data(access),
        "beyond_role": [{**user(e.account), "kind": e.kind, "what": e.what, "role": e.role} for e in review.beyond],
        "outwards": across(review.outwards),
        "inwards": across(review.inwards),
        "administrators": [user(a) for a in review.administrators],
        "left": [{**user(e.account), "why": e.why} for e in review.left],
        "segregation": {"checked": review.approval_known, "users": [user(a) for a in review.segregation]},
        "groups_without_owner": list(review.groups),
        "sensitive": [{"code": c, "people": yes, "unknown": n} for c, (yes, n) in review.sensitive.items()],
        "people": [
            {
                **user(row.account),
                "person": row.person,
                "role": row.role,
                "unit": row.unit,
                "reads": [code for code, reader in row.reads.items() if reader.verdict is Verdict.YES],
                "unknown": [code for code, reader in row.reads.items() if reader.verdict is Verdict.UNKNOWN],
            }
            for row in review.rows
        ],
    }  # fmt: skip
