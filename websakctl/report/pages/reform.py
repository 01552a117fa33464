"""The page for those who decide on a reform: one alternative, or several side by side, in bokmål or English."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from websakctl.operations.reform.what_if import LABELS, Note, Pool, WhatIf
from websakctl.report.pages import page
from websakctl.report.texts import Language, text

_MINUTE = 60


class ReformPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows; ``owner``: whose districts these are; ``head``: what the page says about itself."""

    alternatives: Sequence[WhatIf]
    owner: str
    head: Sequence[tuple[str, str]] = ()

    def render(self, language: Language) -> str:
        """Write the page."""
        return page("reform.html", dict(self._values(language)), language)

    def _values(self, language: Language) -> Iterable[tuple[str, Any]]:
        yield "page", self
        yield "head", self.head
        yield (
            "rows",
            [(text(label, language), [a.measures[key] for a in self.alternatives]) for key, label in LABELS.items()],
        )
        yield "described", lambda note: _described(note, language)
        yield "missing", lambda pool: sum(share.missing for share in pool.shares)
        yield "minutes", lambda result: max(1, round(result.measures["seconds"] / _MINUTE))
        yield "name_of", lambda result, slug: next(d.name for d in result.districts if d.slug == slug)
        yield "conserved", _conserved


def _described(note: Note, language: Language) -> str:
    return text(note.english, language, **note.values)


def _conserved(pool: Pool) -> bool:
    """Whether the districts have as many seats together as before."""
    return pool.allotted_after == pool.allotted_before
