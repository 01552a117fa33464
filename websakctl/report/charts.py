"""Charts as SVG that needs nothing around it: readable without colour, by a screen reader, light and dark."""

from collections.abc import Iterable, Sequence
from html import escape

import msgspec

from websakctl.report.escaping import safe
from websakctl.rollout.capacity import Pool


class ChartWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a chart of seats says, in one language. Braces are filled in."""

    title: str
    now: str
    not_asked: str
    of: str
    missing: str
    caption: str


WORDS = {
    "nb": ChartWords(
        title="Lisenser etter hver pulje",
        now="i dag",
        not_asked="ikke talt",
        of="{used} av {bought}",
        missing="mangler {missing}",
        caption="{pool}: {bought} kjøpt, høyeste behov {high_water}, mangler {missing}.",
    ),
    "en": ChartWords(
        title="Licences after each batch",
        now="today",
        not_asked="not counted",
        of="{used} of {bought}",
        missing="{missing} missing",
        caption="{pool}: {bought} bought, high-water mark {high_water}, {missing} missing.",
    ),
}

_LEFT, _BAR, _RIGHT, _ROW, _HEAD = 150, 400, 190, 22, 30  # pixels
_STYLE = (
    ".seats text{font:13px system-ui,sans-serif;fill:currentColor}.seats .head{font-weight:600}"
    ".seats .used{fill:#3b6ea5}.seats .over{fill:#b3261e}.seats .bought{stroke:currentColor;stroke-width:2;stroke-dasharray:4 2}"
    ".seats .room{fill:none;stroke:currentColor;stroke-opacity:.25}"
    "@media (prefers-color-scheme:dark){.seats .used{fill:#7fb0e6}.seats .over{fill:#ff8a80}}"
)


def seats_chart(pools: Sequence[Pool], lang: str = "nb", name: str = "seats") -> str:
    """Draw for each pool a bar for today and one for each batch, against the seats bought.

    Args:
        pools: As counted.
        lang: ``nb`` or ``en``.
        name: An id that no other chart on the page has.
    """
    words = WORDS[lang]
    height = sum(_HEAD + _ROW * (1 + len(pool.batches)) + 8 for pool in pools)
    reported = " ".join(
        words.caption.format(pool=p.product, bought=p.bought, high_water=p.high_water, missing=p.missing) for p in pools
    )
    parts = [
        f'<svg class="seats" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _BAR + _RIGHT} {height}" width="100%" '
        f'role="img" aria-labelledby="{name}-title {name}-told">',
        f'<title id="{name}-title">{_text(words.title)}</title><desc id="{name}-told">{_text(reported)}</desc>',
        f"<style>{_STYLE}</style>",
    ]
    top = 0
    for pool in pools:
        parts.extend(_pool(pool, top, words))
        top += _HEAD + _ROW * (1 + len(pool.batches)) + 8
    return "".join([*parts, "</svg>"])


def _pool(pool: Pool, top: int, words: ChartWords) -> Iterable[str]:
    most = max(pool.bought, pool.high_water, 1)
    yield f'<text class="head" x="0" y="{top + 18}">{_text(pool.product)} ({_text(pool.key)})</text>'
    rows = [(words.now, pool.in_use, pool.bought if pool.valid_now else 0)]
    rows.extend((after.batch, after.total_after, after.bought) for after in pool.batches)
    for index, (label, used, bought) in enumerate(rows):
        yield from _bar(label, used, bought, most, top + _HEAD + index * _ROW, words)


def _bar(label: str, used: int | None, bought: int, most: int, y: int, words: ChartWords) -> Iterable[str]:
    def wide(seats: int) -> int:
        return round(_BAR * seats / most)

    yield f'<text x="0" y="{y + 14}">{_text(label)}</text>'
    yield f'<rect class="room" x="{_LEFT}" y="{y + 2}" width="{_BAR}" height="{_ROW - 6}"/>'
    within = min(used or 0, bought)
    yield f'<rect class="used" x="{_LEFT}" y="{y + 2}" width="{wide(within)}" height="{_ROW - 6}"/>'
    over = (used or 0) - within
    if over:
        yield f'<rect class="over" x="{_LEFT + wide(within)}" y="{y + 2}" width="{max(2, wide(over))}" height="{_ROW - 6}"/>'
    limit = _LEFT + wide(bought)
    yield f'<line class="bought" x1="{limit}" y1="{y}" x2="{limit}" y2="{y + _ROW - 2}"/>'
    given = words.not_asked if used is None else words.of.format(used=used, bought=bought)
    missing = f", {words.missing.format(missing=over)}" if over else ""
    yield f'<text x="{_LEFT + _BAR + 8}" y="{y + 14}">{_text(given + missing)}</text>'


def _text(value: str) -> str:
    return escape(safe(value))
