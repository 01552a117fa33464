"""Every legal basis of a state on a day: what it rests on, how long that holds, and what takes its place."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.access_code import AccessCode, LegalBasis
from websakctl.kinds.case_type import CaseType
from websakctl.kinds.legal_source import LegalSection, LegalSource
from websakctl.law.act_names import normalised
from websakctl.law.citations import Citation, citations, section_name
from websakctl.law.standing import DAYS_AHEAD, Period, Standing, common, standing
from websakctl.model.address import Address
from websakctl.model.resource import State


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation is in the register. ``section``: as the register has it; ``None``: it does not list the one cited."""

    key: str
    source: LegalSource
    section: LegalSection | None

    @property
    def unsettled(self) -> str:
        """What of it nobody has confirmed, in words; empty if it is confirmed."""
        parts = [self.source.unsettled, self.section.unsettled if self.section else None]
        reported = "; ".join(filter(None, parts))
        return reported or ("" if self.source.confirmed else "nobody has confirmed it")

    @property
    def period(self) -> Period:
        """When the provision holds: the section, within its act."""
        of_source = period_of(self.source)
        if self.section is None:
            return msgspec.structs.replace(of_source, confirmed=False)
        of_section = Period(
            valid_from=self.section.valid_from,
            valid_to=self.section.valid_to,
            confirmed=self.section.unsettled is None,
        )
        return common(of_source, of_section)


class Register:
    """The legal sources of a state, by what bases call them."""

    def __init__(self, state: State) -> None:
        self.sources: dict[str, LegalSource] = {e.address.key: e.value for e in entries(LegalSource, state)}
        self._by_name: dict[str, str] = {}
        for key, source in self.sources.items():
            for name in (*source.cited_as, source.number or "", key):
                self._by_name.setdefault(normalised(name), key)

    def find(self, citation: Citation) -> Found | None:
        """What is cited; ``None`` if nothing there is called so."""
        key = self._by_name.get(normalised(citation.name)) if citation.name else None
        if key is None:
            return None
        source = self.sources[key]
        if not citation.section or not source.sections:  # a row without sections speaks of all of it
            return Found(key=key, source=source, section=LegalSection())
        sections = {section_name(name): section for name, section in source.sections.items()}
        return Found(key=key, source=source, section=sections.get(section_name(citation.section)))


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """One provision that an entry cites. ``index``: in a list of bases. ``own``: the days that the entry says; ``period``: what entry and register say together.

    ``covered``: it ends or has not begun, and the entry itself names what holds then: it stands there for old documents, or ahead.
    ``claimed_from``: the entry says that it held earlier than the register does.
    """

    address: Address
    field: str
    index: int | None
    text: str
    citation: Citation
    found: Found | None
    own: Period
    period: Period
    standing: Standing
    covered: bool = False
    claimed_from: str | None = None

    @property
    def registered(self) -> bool:
        """Whether the register has it, with its section."""
        return self.found is not None and self.found.section is not None

    @property
    def successor(self) -> str:
        """Key of what takes its place, as far as the register knows; empty if it knows none."""
        return (self.found.source.successor if self.found else None) or ""

    @property
    def successor_section(self) -> str:
        """The section that takes its place, in the successor or in the same act; empty if nobody knows."""
        return (self.found.section.successor if self.found and self.found.section else None) or ""

    @property
    def sound(self) -> bool:
        """Whether nothing needs to be done about it on this day."""
        return self.covered or (self.standing is Standing.IN_FORCE and self.registered)


class SourceReview(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the register on the day, and how many bases rest on it."""

    key: str
    source: LegalSource
    standing: Standing
    bases: int


class LawReview(msgspec.Struct, frozen=True, kw_only=True):
    """All that a state rests on, on one day."""

    on: date
    days_ahead: int
    bases: tuple[Basis, ...]
    sources: tuple[SourceReview, ...]

    def instead_of(self, basis: Basis) -> str:
        """What to cite in its place, as a text would: ``barnevernsloven § 13-1``; empty if the register does not know."""
        sources = {one.key: one.source for one in self.sources}
        heir = sources.get(basis.successor)
        name = (next(iter(heir.cited_as), None) or heir.number or basis.successor) if heir else basis.citation.name
        return f"{name} {basis.successor_section}".strip() if basis.successor or basis.successor_section else ""

    @property
    def open(self) -> tuple[Basis, ...]:
        """The bases that something must be done about."""
        return tuple(basis for basis in self.bases if not basis.sound)


def review_law(state: State, on: date, days_ahead: int = DAYS_AHEAD) -> LawReview:
    """Judge every legal basis of access codes, case types and retention on a day.

    Args:
        state: All resources of a config, its register too (``Configuration.whole``).
        on: The day.
        days_ahead: Days before its last one on which a provision is called ending.
    """
    register = Register(state)
    bases = tuple(_bases(state, register, on, days_ahead))
    return LawReview(
        on=on,
        days_ahead=days_ahead,
        bases=bases,
        sources=tuple(
            SourceReview(
                key=key,
                source=source,
                standing=standing(period_of(source), on, days_ahead),
                bases=sum(1 for basis in bases if basis.found is not None and basis.found.key == key),
            )
            for key, source in register.sources.items()
        ),
    )


def period_of(source: LegalSource) -> Period:
    """When a source holds."""
    return Period(
        valid_from=source.valid_from,
        valid_to=source.valid_to,
        undecided=source.commencement is not None,
        confirmed=source.confirmed is not None and source.unsettled is None,
    )


def _bases(state: State, register: Register, on: date, days_ahead: int) -> Iterator[Basis]:
    for code in entries(AccessCode, state):
        bases = code.value.legal_basis
        for i, basis in enumerate(bases):
            own = _own_period(basis)
            for one in _cited(code.address, "legal_basis", i, basis.reference, own, register, on, days_ahead):
                yield msgspec.structs.replace(one, covered=_is_covered(i, bases, on))
    for case_type in entries(CaseType, state):
        fields: Mapping[str, str | None] = {
            "legal_basis": case_type.value.legal_basis,
            "retention_basis": case_type.value.retention_basis,
        }
        for field, text in fields.items():
            if text:
                yield from _cited(
                    case_type.address, field, None, text, Period(confirmed=True), register, on, days_ahead
                )


def _own_period(basis: LegalBasis) -> Period:
    """The days that an access code says itself; those of a case type are the register's alone."""
    return Period(valid_from=basis.valid_from, valid_to=basis.valid_to, confirmed=basis.valid_from is not None)


def _is_covered(index: int, bases: Sequence[LegalBasis], on: date) -> bool:
    """Whether an access code says itself what holds in place of one of its bases, before it begins or once it is over."""
    day, one = on.isoformat(), bases[index]
    others = [basis for i, basis in enumerate(bases) if i != index]
    if (one.valid_from or "") > day:
        return any((other.valid_from or "") <= day <= (other.valid_to or "9") for other in others)
    return one.valid_to is not None and any(
        (other.valid_from or "") > (one.valid_from or "") and (other.valid_to or "9") > one.valid_to for other in others
    )


def _cited(
    address: Address,
    field: str,
    index: int | None,
    text: str,
    own: Period,
    register: Register,
    on: date,
    days_ahead: int,
) -> Iterator[Basis]:
    for citation in citations(text) or (Citation(name=text),):
        found = register.find(citation)
        of_register = found.period if found is not None else Period()
        period = common(own, of_register)
        earlier = own.valid_from and of_register.valid_from and own.valid_from < of_register.valid_from
        yield Basis(
            address=address,
            field=field,
            index=index,
            text=text,
            citation=citation,
            found=found,
            own=own,
            period=period,
            standing=standing(period, on, days_ahead),
            claimed_from=own.valid_from if earlier else None,
        )
