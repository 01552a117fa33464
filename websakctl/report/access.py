"""Who reads what: answers as tables, each saying first what it lacks and last what it rests on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from websakctl.access import RULES, EffectiveAccess, Gap, Question, Reader, Verdict, Way, assumed
from websakctl.model.address import BASE, Address
from websakctl.report.texts import Language, text
from websakctl.report.view_models import TableReport

_MOST = 5  # names of one gap that stand in a line
LIVE, CONFIG = "live", "config"


def who_report(
    access: EffectiveAccess,
    question: Question,
    readers: Sequence[Reader],
    *,
    source: str,
    names: bool,
    districts: Sequence[str] = (),
) -> TableReport:
    """The people who read documents with an access code, and through what; ``districts``: of these districts only, if any."""
    certain = {r.person for r in readers if r.verdict is Verdict.YES}
    perhaps = {r.person for r in readers} - certain
    what = f"code {question.code}{_asked(question)}"
    of = f" of the users of {', '.join(districts)}" if districts else f" {'person' if len(certain) == 1 else 'people'}"
    people = f"{len(certain)}{of} can read {what}"
    doubt = f"; for {len(perhaps)} more it is unknown" if perhaps else ""
    columns = ("user", *(("name",) if names else ()), "district", "reads", "through")
    rows = [
        (r.account.key, *((_name(access, r.account),) if names else ()), r.account.scope, r.verdict.value, _through(access, r.ways))
        for r in readers
    ]  # fmt: skip
    return TableReport(
        headline=f"{_incomplete(access.gaps)}{people}{doubt} ({_read_from(source)}).",
        columns=columns if rows else (),
        rows=rows,
        notes=list(_basis(access, {n for r in readers for n in r.rules})),
        first_to_go=("district",),
        data={
            **_common(access, source),
            "question": {
                "code": question.code,
                "level": access.level_of(question),
                "case_type": question.case_type,
                "unit": question.unit,
                "districts": list(districts),
            },
            "people": len(certain),
            "unknown": len(perhaps),
            "readers": [_reader_data(access, r, names=names) for r in readers],
        },
    )


def what_report(access: EffectiveAccess, account: Address, *, source: str, names: bool) -> TableReport:
    """What one account reads, access code by access code."""
    readers = access.what(account)
    shown = {code: reader for code, reader in readers.items() if reader.verdict is not Verdict.NO}
    certain = sum(1 for reader in shown.values() if reader.verdict is Verdict.YES)
    doubt = len(shown) - certain
    who = f"{account.key} ({_name(access, account)})" if names else account.key
    active = "" if account in access.accounts else " It is not active."
    return TableReport(
        headline=f"{_incomplete(_about(access, account))}{who} can read {certain} of {len(readers)} access codes"
        f"{f'; of {doubt} more it is unknown' if doubt else ''} ({_read_from(source)}).{active}",
        columns=("code", "name", "reads", "through") if shown else (),
        rows=[
            (code, code_name(access, code), reader.verdict.value, _through(access, reader.ways))
            for code, reader in shown.items()
        ],
        notes=list(_basis(access, {n for r in shown.values() for n in r.rules})),
        first_to_go=("name",),
        data={
            **_common(access, source),
            **_account_data(access, account, names=names),
            "codes": [{"code": code, **_verdict_data(access, reader)} for code, reader in readers.items()],
        },
    )


def compare_report(
    access: EffectiveAccess, first: Address, second: Address, *, source: str, names: bool
) -> TableReport:
    """What two accounts read, where it is not the same."""
    both = {code: (reader, access.what(second)[code]) for code, reader in access.what(first).items()}
    alike = {code: _alike(access, a, b) for code, (a, b) in both.items()}
    differing = {code: pair for code, pair in both.items() if alike[code] is not True}
    same, doubt = (sum(1 for each in alike.values() if each is counted) for counted in (True, None))
    rows = [
        (code, code_name(access, code), _through(access, a.ways) or "no", _through(access, b.ways) or "no")
        for code, (a, b) in differing.items()
    ]
    gaps = [*_about(access, first), *_about(access, second)]
    one, other = (f"{a.key} ({_name(access, a)})" if names else a.key for a in (first, second))
    return TableReport(
        headline=f"{_incomplete(gaps)}{one} and {other} read {same} of {len(both)} access codes alike"
        f"{f'; of {doubt} more it is unknown' if doubt else ''} ({_read_from(source)}).",
        columns=("code", "name", one, other) if rows else (),
        rows=rows,
        notes=list(_basis(access, {n for pair in differing.values() for r in pair for n in r.rules})),
        first_to_go=("name",),
        data={
            **_common(access, source),
            "accounts": [_account_data(access, account, names=names) for account in (first, second)],
            "codes": [
                {"code": code, "alike": alike[code], "accounts": [_verdict_data(access, r) for r in pair]}
                for code, pair in both.items()
            ],
        },
    )


_EVERYWHERE = (None, ())


def _alike(access: EffectiveAccess, first: Reader, second: Reader) -> bool | None:
    """Whether two accounts read it in the same places; ``None``: it is not known of one of them, and that may decide it."""
    places = [_certain(access, reader) for reader in (first, second)]
    doubts = [
        _EVERYWHERE not in certain and any(way.verdict is Verdict.UNKNOWN for way in reader.ways)
        for certain, reader in zip(places, (first, second), strict=True)
    ]
    same = places[0] == places[1]
    undecided = Verdict.UNKNOWN in (first.verdict, second.verdict) or (same and any(doubts))
    return None if undecided else same


def _certain(access: EffectiveAccess, reader: Reader) -> set[tuple[Any, ...]]:
    """Where it reads for certain; nothing adds to everywhere."""
    places = {(access.units_of(way), way.archives) for way in reader.ways if way.verdict is Verdict.YES}
    return {_EVERYWHERE} if _EVERYWHERE in places else places


def _asked(question: Question) -> str:
    parts = (
        f" in {question.unit}" if question.unit else "",
        f" of case type {question.case_type}" if question.case_type else "",
        f" at screening level {question.level}" if question.level else "",
    )
    return "".join(parts)


def _read_from(source: str) -> str:
    return "as Websak is now" if source == LIVE else "as the config says; Websak was not asked"


def code_name(access: EffectiveAccess, code: str) -> str:
    """What an access code is called."""
    resource = access.state.get(Address("access_code", BASE, code))
    return str(resource.fields.get("name") or "") if resource is not None else ""


def _name(access: EffectiveAccess, account: Address) -> str:
    user = access.state.get(account)
    return str(user.fields.get("name") or "") if user is not None else ""


def _through(access: EffectiveAccess, ways: Iterable[Way]) -> str:
    return "; ".join(way_in_words(access, way) for way in ways)


def way_in_words(access: EffectiveAccess, way: Way, language: Language = "en") -> str:
    """One way, with where it holds, and what of it is not known."""

    def say(english: str, **values: object) -> str:
        return text(english, language, **values)

    what = say("nothing is screened") if way.kind == "unscreened" else say(way.kind)
    if way.kind in ("role", "group", "function") and way.name:
        what = f"{what} {way.name}"
    if way.district:
        what = say("{what} in {units}", what=what, units=way.district)
    elif way.units is not None:
        units = ", ".join(way.units)
        what = say("{what} in {units} and below", what=what, units=units) if access.model.units_below else say("{what} in {units}", what=what, units=units)  # fmt: skip
    if way.archives:
        what += say(", only archives {names}", names=", ".join(way.archives))
    if way.journal_units:
        what += say(", only journal units {names}", names=", ".join(way.journal_units))
    return f"{what} ({say('unknown')}: {way.why})" if way.why else what


# --- what an answer lacks, and what it rests on


def _about(access: EffectiveAccess, account: Address) -> list[Gap]:
    """The gaps of one account."""
    return [Gap(what=gap.what, where=(account.key,)) for gap in access.gaps if account.key in gap.where]


def incomplete_line(gaps: Iterable[Gap], language: Language = "en") -> str:
    """What is not known or names nothing, each counted and named; empty where there is none."""
    return "; ".join(f"{len(gap.where)} {_one_or_many(gap, language)} ({_few(gap.where)})" for gap in gaps)


def _one_or_many(gap: Gap, language: Language) -> str:
    if language != "en":
        return text(gap.what, language)
    return (
        re.sub(
            r"^(users|units|districts|access codes|access groups|sensitive access codes)\b",
            lambda m: m[0][:-1],
            gap.what,
        )
        if len(gap.where) == 1
        else gap.what
    )


def _incomplete(gaps: Iterable[Gap]) -> str:
    line = incomplete_line(gaps)
    return f"Incomplete data: {line}.\n" if line else ""


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}"


def _basis(access: EffectiveAccess, rules: Iterable[int]) -> Iterator[str]:
    """What an answer rests on."""
    model = access.model
    if model.confirmed:
        yield f"The rules of access were confirmed by {model.confirmed_by} on {model.on} (docs/access.md)."
        return
    resting = assumed(model, rules)
    if resting:
        texts = "; ".join(f"{number} ({RULES[number].text.removesuffix('.')})" for number in resting)
        yield f"Rests on rules that are assumed, and that nobody has confirmed: {texts}."
    yield "That nobody else can rests on assumed rules too. `access_model:` in the settings says what is assumed (docs/access.md)."


def basis_data(access: EffectiveAccess) -> dict[str, Any]:
    """Who confirmed the rules, and those that are assumed, as JSON values."""
    model = access.model
    return {
        "confirmed": {"by": model.confirmed_by, "on": model.on} if model.confirmed else None,
        "assumed": [{"rule": n, "text": RULES[n].text, "setting": RULES[n].setting} for n in assumed(model, RULES)],
    }


def _common(access: EffectiveAccess, source: str) -> dict[str, Any]:
    return {
        "format_version": 1,
        "source": source,
        "incomplete": [{"what": gap.what, "where": list(gap.where)} for gap in access.gaps],
        **basis_data(access),
    }


def _account_data(access: EffectiveAccess, account: Address, *, names: bool) -> dict[str, Any]:
    known = access.accounts.get(account)
    return {
        "user": account.key,
        "person": known.person if known is not None else account.key,
        "district": account.scope,
        "active": known is not None,
        **({"name": _name(access, account)} if names else {}),
    }


def _verdict_data(access: EffectiveAccess, reader: Reader) -> Mapping[str, Any]:
    return {
        "reads": reader.verdict.value,
        "ways": [
            {
                "kind": way.kind,
                "name": way.name,
                "reads": way.verdict.value,
                "units": None if way.units is None else list(way.units),
                "archives": list(way.archives),
                "journal_units": list(way.journal_units),
                "why": way.why,
                "rules": list(way.rules),
            }
            for way in reader.ways
        ],
        "rests_on": list(assumed(access.model, reader.rules)),
    }


def _reader_data(access: EffectiveAccess, reader: Reader, *, names: bool) -> dict[str, Any]:
    return {**_account_data(access, reader.account, names=names), **_verdict_data(access, reader)}
