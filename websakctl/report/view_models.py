"""What can be shown: neutral subjects that every format writes in its own way. Tuples: every command loads them."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from websakctl.diagnostics import Diagnostic
    from websakctl.model.address import Address
    from websakctl.plan.change import Plan

Paint = Callable[[str, str], str]  # (style, text) -> text


def plain(style: str, text: str) -> str:  # noqa: ARG001  # the painter that paints nothing
    """No colours."""
    return text


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a terminal shows text: its width in columns, its colours, and whether every group is spelled out.

    ``fit``: nothing may be wider; a pipe takes lines and tables as wide as they are. ``head``: what a page says about itself:
    environment, commit, time and version. ``language``: of a page.
    """

    width: int = 100
    fit: bool = True
    paint: Paint = plain
    expand: bool = False
    head: Sequence[tuple[str, str]] = ()
    language: Literal["nb", "en"] = "en"


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and the same as a JSON document. ``drift``: it tells what happened instead of what will; ``compared``: between two states.

    ``basis``: what was compared with what, and when. ``since``: by address, since when its change by hand is not ours.
    ``estimate``: how long applying it takes. ``changed``: the entries that the change at hand adds, edits or removes, where that
    was asked.
    """

    plan: "Plan"
    made: Callable[[], Mapping[str, Any]]  # makes the document, which most formats do without
    drift: bool = False
    origin: str = ""  # where the environment is, for the first line
    compared: bool = False
    notes: Sequence[str] = ()  # sentences after the summary
    basis: str = ""
    since: "Mapping[Address, str]" = {}
    estimate: str = ""
    resumed: bool = False  # it is what an earlier run left to do
    changed: "frozenset[Address] | None" = None

    @property
    def document(self) -> Mapping[str, Any]:
        """The plan as JSON values."""
        return self.made()


class FindingsReport(msgspec.Struct, frozen=True, kw_only=True):
    """Findings about the config with the files' texts, for showing the lines."""

    findings: "Sequence[Diagnostic]"
    texts: Mapping[str, str]
    headline: str
    valid: bool


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under columns for people, ``data`` for machines."""

    headline: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    data: Any = None
    notes: Sequence[str] = ()
    first_to_go: Sequence[str] = ()  # columns that a narrow terminal goes without, the first of them first


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a document: a table, or lines. ``folded``: what it comes to, where it need not be read."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    lines: Sequence[str] = ()
    folded: str = ""
    first_to_go: Sequence[str] = ()


class DocumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """Something to file: a title, a verdict, facts about it and sections."""

    title: str
    ok: bool
    verdict: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    data: Any = None
    language: Literal["nb", "en"] = "en"


class GridReport(msgspec.Struct, frozen=True, kw_only=True):
    """A matrix: rows down, columns across, one mark in each cell; an empty column parts those beside it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    styles: Mapping[str, str]  # by mark
    notes: Sequence[str] = ()


Subject = GridReport | PlanReport | FindingsReport | TableReport | DocumentReport
