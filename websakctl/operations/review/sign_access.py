"""Signed access reviews: their record in the journal, and what it says of each district."""

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from websakctl.access import EffectiveAccess
from websakctl.access.reviewing import Listed, Review, review
from websakctl.apply.entries import JournalError
from websakctl.apply.journal import Journal
from websakctl.kinds.access_group import KIND as ACCESS_GROUP
from websakctl.kinds.user import KIND as USER
from websakctl.kinds.user_role import KIND as USER_ROLE
from websakctl.model.address import Address
from websakctl.rollout.reviews import SignedReview, SignedReviews
from websakctl.source.configuration import Configuration

ENTRY = "access review"  # the sort of the journal's entry
_KIND = "access_review"  # of its address; no resource is of that kind


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, from which day it holds, and where the signed list can be seen."""

    by: str
    on: str
    evidence: str


def listed_in(config: Configuration, today: date) -> Listed:
    """What the config says of people."""
    day = today.isoformat()
    ended = {
        a: end
        for a in config.dormant
        if a.kind == USER.name and (end := config.config_only.get(a, {}).get("valid_to")) is not None and end < day
    }
    return Listed(
        roles={a: r for a, r in config.own.items() if a.kind == USER_ROLE.name},
        listed=frozenset(a for a in (*config.state, *config.dormant) if a.kind == USER.name),
        ended=ended,
        districts_with_lists=frozenset(config.with_users),
        ownerless=tuple(
            sorted(
                a
                for a in config.state
                if a.kind == ACCESS_GROUP.name and not config.config_only.get(a, {}).get("owner")
            )
        ),
        sensitive=config.sensitive_codes,
    )


def fingerprints(
    access: EffectiveAccess, config: Configuration, today: date, districts: Iterable[str]
) -> dict[str, str]:
    """What would be signed of each district now."""
    listed = listed_in(config, today)
    return {slug: review(access, config.districts[slug], listed).digest for slug in districts}


def sign(journal: Journal, environment: str, run: str, signed: Review, signing: Signing, *, source: str) -> None:
    """Record that a review is signed.

    Raises:
        JournalError: If it cannot be written.
    """
    body = {
        "environment": environment,
        "district": signed.district,
        "by": signing.by,
        "on": signing.on,
        "evidence": signing.evidence,
        "digest": signed.digest,
        "source": source,
        "people": signed.people,
        "findings": signed.findings,
        "not_checked": list(signed.not_checked),
        "incomplete": sum(len(gap.where) for gap in signed.gaps),
    }
    journal.write(run, ENTRY, body, Address(_KIND, signed.district, environment))


def signed_reviews(journal: Journal, environment: str, districts: Mapping[str, object]) -> SignedReviews:
    """The newest signed review of each district; where the journal is not whole, nobody knows."""
    try:
        broken = journal.broken_link()
        if broken is not None:
            return SignedReviews(unknown=f"the journal is not whole from entry {broken} on")
        found = {slug: journal.noted(ENTRY, Address(_KIND, slug, environment)) for slug in districts}
    except (JournalError, ValueError) as error:
        return SignedReviews(unknown=str(error))
    return SignedReviews(
        by_district={
            slug: max(map(_signed, reversed(bodies)), key=lambda each: each.on)  # the last recorded of a day
            for slug, bodies in found.items()
            if bodies
        }
    )


def _signed(body: Mapping[str, object]) -> SignedReview:
    not_checked = body.get("not_checked")
    return SignedReview(
        on=str(body.get("on", "")),
        by=str(body.get("by", "")),
        evidence=str(body.get("evidence", "")),
        incomplete=int(str(body.get("incomplete") or 0)),
        live=body.get("source") == "live",
        digest=str(body.get("digest", "")),
        findings=int(str(body.get("findings") or 0)),
        not_checked=tuple(map(str, not_checked)) if isinstance(not_checked, list) else (),
    )
