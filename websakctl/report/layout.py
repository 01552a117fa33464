"""Text that fits a terminal: lines and cells wrap between words, columns shrink, and the least needed ones go first."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_GAP = "  "
_COMFORTABLE = 18  # columns below which a sentence is no pleasure to read
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PARTS = re.compile(r"[^/=&?,:;]*[/=&?,:;]+|[^/=&?,:;]+")  # where a word that is longer than a line may end
_WHOLE = re.compile(r"sha256:[0-9a-f]{64}\W*")  # a fingerprint is copied, so it is never broken
_BULLET = re.compile(r"(?:[-–…] |\d+\. )?")


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal; colours take none."""
    if text.isascii() and "\x1b" not in text:
        return len(text)
    text = _ANSI.sub("", text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, width: int) -> str:
    """Wrap every line that is wider than ``width``; what goes on stands two columns further in."""
    return "\n".join(_wrapped_line(line, width) for line in text.split("\n"))


def _wrapped_line(line: str, width: int) -> str:
    if width_of(line) <= width:
        return line
    indent = len(line) - len(line.lstrip(" "))
    bullet = _BULLET.match(line, indent)
    hang = indent + max(2, len(bullet[0]) if bullet else 0)
    if hang > width // 2:
        hang = 2
    first, *more = _lines(line[indent:], width - indent, width - hang)
    return "\n".join([" " * indent + first, *(" " * hang + one for one in more)])


def _lines(text: str, first: int, rest: int) -> list[str]:
    """Break a text between words; a word that no line holds is broken after a slash or a comma, or where the line ends."""
    lines: list[str] = []
    current, used, room = "", 0, first
    for space, word in re.findall(r"( *)([^ ]+)", text):
        wide = width_of(word)
        if used and used + len(space) + wide <= room:
            current, used = current + space + word, used + len(space) + wide
            continue
        if used:
            lines.append(current)
            room = rest
        *whole, last = _pieces(word, room, rest) if wide > room and not _WHOLE.fullmatch(word) else [word]
        lines.extend(whole)
        if whole:
            room = rest
        current, used = last, width_of(last)
    return [*lines, current]


def _pieces(word: str, first: int, rest: int) -> list[str]:
    pieces: list[str] = [""]
    room = first
    for part in _PARTS.findall(word):
        if pieces[-1] and width_of(pieces[-1]) + width_of(part) > room:
            pieces.append("")
            room = rest
        pieces[-1] += part
        while width_of(pieces[-1]) > room:
            cut = _cut(pieces[-1], room)
            pieces[-1:] = [pieces[-1][:cut], pieces[-1][cut:]]
            room = rest
    return pieces


def _cut(text: str, room: int) -> int:
    """How many characters of a text fit, one at least."""
    used = 0
    for index, character in enumerate(text):
        used += width_of(character)
        if used > room and index:
            return index
    return len(text)


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None, first_to_go: Sequence[str] = ()
) -> str:
    """Write a table.

    Args:
        columns: Their names; none of them named: no head.
        rows: The cells.
        width: Columns of the terminal; ``None``: as wide as it is.
        first_to_go: Names of columns that are left out where the others would not fit, the first of them first.
    """
    every = [_Column(name, [row[i] for row in rows]) for i, name in enumerate(columns)]
    shown = [column for column in every if column.name or any(column.cells)]
    gone: list[str] = []
    if width is not None:
        for name in first_to_go:
            if sum(column.comfortable for column in shown) + len(_GAP) * (len(shown) - 1) <= width:
                break
            shown = [column for column in shown if column.name != name]
            gone.append(name)
        if _least(shown) > width:
            for column in shown:  # an address is then broken after a slash
                column.least = column.shortest
        if _least(shown) > width:
            return _stacked(every, width)
        _share_out(shown, width)
    lines = _drawn(shown)
    if gone:
        lines += ["", *wrapped(f"(a wider terminal shows {', '.join(gone)} too)", width or 0).split("\n")]
    return "\n".join(lines)


class _Column:
    """One column: its name, its cells, and how wide it is."""

    def __init__(self, name: str, cells: list[str]) -> None:
        self.name, self.cells = name, cells
        texts = [name, *cells]
        self.natural = self.width = max(map(width_of, texts))
        self.least = max((width_of(word) for text in texts for word in text.split()), default=0)
        self.shortest = max(
            (width_of(part) for text in texts for part in _PARTS.findall(text.replace(" ", "/"))), default=0
        )
        self.comfortable = min(self.natural, max(self.least, _COMFORTABLE))
        self.numeric = any(cells) and all(re.fullmatch(r"[+-]?\d[\d \u00a0]*", cell) for cell in cells if cell)

    def lines(self, text: str) -> list[str]:
        return _lines(text, self.width, self.width) if width_of(text) > self.width else [text]


def _least(columns: Sequence[_Column]) -> int:
    return sum(column.least for column in columns) + len(_GAP) * (len(columns) - 1)


def _share_out(columns: Sequence[_Column], width: int) -> None:
    """Narrow what need not be as wide as it is: short columns keep their width, long ones share what is left."""
    if sum(c.natural for c in columns) + len(_GAP) * (len(columns) - 1) <= width:
        return
    for column in columns:
        column.width = column.least
    left = width - _least(columns)
    wanting = sorted(columns, key=lambda column: column.natural - column.least)
    while wanting:
        column = wanting.pop(0)
        more = min(column.natural - column.least, left // (len(wanting) + 1))
        column.width += more
        left -= more


def _drawn(columns: Sequence[_Column]) -> list[str]:
    from tabulate import tabulate  # most commands draw no table

    if not columns:
        return []
    rows = ["\n".join(column.lines(cell)) for column in columns for cell in column.cells]
    count = len(columns[0].cells)
    grid = [rows[i::count] for i in range(count)]
    if any(column.name for column in columns):
        names = ["\n".join(column.lines(column.name)) for column in columns]
        grid = [names, ["-" * column.width for column in columns], *grid]
    aligned = ["right" if column.numeric else "left" for column in columns]
    drawn = tabulate(grid, tablefmt="plain", disable_numparse=True, colalign=aligned, preserve_whitespace=True)
    return [line.rstrip() for line in drawn.split("\n")]


def _stacked(columns: Sequence[_Column], width: int) -> str:
    """Rows under each other, where the terminal is too narrow for any table of these columns."""
    first, *others = columns
    named = max((width_of(column.name) for column in others), default=0)
    lines: list[str] = []
    for i, cell in enumerate(first.cells):
        lines += wrapped(cell, width).split("\n") if cell else []
        for column in others:
            if column.cells[i]:
                name = column.name + " " * (named - width_of(column.name))
                lines += _under(f"  {name}  " if named else "  ", column.cells[i], width)
    return "\n".join(lines)


def _under(label: str, text: str, width: int) -> Iterable[str]:
    room = max(10, width - len(label))
    first, *more = _lines(text, room, room)
    return [label + first, *(" " * len(label) + one for one in more)]
