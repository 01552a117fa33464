"""Law: what access codes, case types and retention cite is in the register of legal sources, and holds."""

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches

from websakctl.diagnostics import Diagnostic
from websakctl.kinds.legal_source import KIND, LegalSource
from websakctl.law.act_names import normalised
from websakctl.law.citations import Citation, section_name
from websakctl.law.review import Basis, LawReview, review_law
from websakctl.law.standing import Standing, standing
from websakctl.model.address import Address
from websakctl.source.configuration import Configuration
from websakctl.source.findings import Path, about

_ALIKE = 0.75  # many acts end in the same word: barnevernloven (1992) is near barnevernloven, forvaltningsloven not near every act
_ANY_DAY = date(2000, 1, 1)  # what is looked up in the register is the same on each


def registered(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report what is cited and not registered, and what is said to hold from before it did."""
    if not config.of_kind(KIND.name) or config.lost or any(address.kind == KIND.name for address in config.broken):
        return  # a row that cannot be read may be the one that is cited
    review = review_law(config.state, _ANY_DAY)
    for basis in review.bases:
        key, found = basis.address.key, basis.found
        if found is None:
            what = (
                f"cites {basis.citation}, which no row of legal_sources is called"
                if basis.citation.name
                else f"cites {basis.citation} and not of what"
            )
            yield about(
                config, basis.address, rule="legal-basis-unregistered", path=_path(basis),
                message=f"{key} {what}",
                help_=f"{_near(basis.citation, review)} correct it, or add a row with its period and source to config/legal_sources.yaml".strip(),
            )  # fmt: skip
        elif found.section is None:
            yield about(
                config, basis.address, rule="legal-basis-unregistered", path=_path(basis),
                message=f"{key} cites {basis.citation}, and {found.key} of legal_sources lists only {', '.join(found.source.sections)}",
                help_=f"correct the section, or add it to `sections` of {found.key} in config/legal_sources.yaml",
            )  # fmt: skip
        elif basis.claimed_from is not None:
            yield about(
                config, basis.address, rule="legal-basis-predates-source", path=(*_path(basis)[:-1], "valid_from"),
                message=f"{basis.citation} is said to hold from {basis.claimed_from}, and {found.key} of legal_sources from {found.period.valid_from}",
                help_="put the wrong one of the two days right",
            )  # fmt: skip


def _near(citation: Citation, review: LawReview) -> str:
    """The row that is probably meant, if it has what is cited; else what the rows of that act have; else nothing."""
    rows = {name: one.source.sections for one in review.sources for name in one.source.cited_as}
    near = get_close_matches(citation.name, rows, n=3, cutoff=_ALIKE)
    for name in near:
        if not citation.section or not rows[name] or citation.section in map(section_name, rows[name]):
            return f"did you mean {name}?"
    return "".join(f"{name} has {', '.join(rows[name])}; " for name in near).removesuffix("; ") + "." * bool(near)


def names(config: Configuration, _: date | None) -> Iterator[Diagnostic]:
    """Report what two rows of the register are cited as: nobody could tell which of them is meant."""
    first: dict[str, Address] = {}
    for row in config.entries(LegalSource):
        for i, name in enumerate(row.value.cited_as):
            other = first.setdefault(normalised(name), row.address)
            if other != row.address:
                yield about(
                    config, row.address, rule="not-unique", path=("cited_as", i),
                    message=f"{name} is what {other.key} is cited as too",
                    help_="take it away from one of the two, or add the year: barnevernloven (1992)",
                    second=(config.origins[other].of_field("cited_as"), "first here"),
                )  # fmt: skip


def in_force(config: Configuration, today: date | None) -> Iterator[Diagnostic]:
    """Report what rests on a provision that has ended, has not begun, or will end."""
    if today is None or not config.of_kind(KIND.name):
        return
    ahead = config.settings.law_days_ahead
    review = review_law(config.state, today, ahead)
    for basis in review.bases:
        if basis.found is None or basis.covered or _ended_by_itself(basis, today):
            continue
        now, period = standing(basis.found.period, today, ahead), basis.found.period
        what = {
            Standing.ENDED: f"which ended {period.valid_to}",
            Standing.NOT_YET: "which is not in force, and when it will be is not decided"
            if period.undecided
            else f"which comes into force {period.valid_from}",
            Standing.ENDING: f"which ends {period.valid_to}",
        }.get(now)
        if what is not None:
            ending = now is Standing.ENDING
            yield about(
                config, basis.address, rule="legal-basis-ending" if ending else "legal-basis-ended", path=_path(basis),
                message=f"{basis.address.key} rests on {basis.citation}, {what}",
                help_=_what_next(review, basis, ending=ending),
            )  # fmt: skip


def _ended_by_itself(basis: Basis, today: date) -> bool:
    """Whether the access code's own days say that it does not hold, which other rules tell."""
    own = basis.own
    return standing(own, today, 0) in (Standing.ENDED, Standing.NOT_YET)


def _what_next(review: LawReview, basis: Basis, *, ending: bool) -> str:
    instead = review.instead_of(basis)
    when = " from the day that it holds" if ending else ""
    if instead:
        return f"cite {instead}{when}"
    return f"find out what takes its place, and cite that{when}; `websakctl law check` shows all that rests on it"


def _path(basis: Basis) -> Path:
    return (basis.field,) if basis.index is None else (basis.field, basis.index, "reference")


CHECKS = (names, registered, in_force)
