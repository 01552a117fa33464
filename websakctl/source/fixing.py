"""Carry out the fixes that findings offer, and touch no other byte."""

import re
from collections.abc import Sequence
from itertools import accumulate

from websakctl.diagnostics import Fix

_BOM = "\ufeff"
_LONE_CR = re.compile(r"\r(?!\n)")


def fixed(text: str, fixes: Sequence[Fix]) -> str:
    """Make the fixes of one file; of two that overlap the first one in the file.

    Args:
        text: The file exactly, with its byte order mark and line ends.
        fixes: Places as the loader gives them, all in this file.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    lengths = (len(line) + 1 for line in _LONE_CR.sub("\n", body).split("\n"))
    starts = [0, *accumulate(lengths)]
    spans = [
        (starts[f.at.line - 1] + f.at.column - 1, starts[f.at.end_line - 1] + f.at.end_column - 1, f.text)
        for f in fixes
    ]
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(spans):
        if start >= done:
            parts += [body[done:start], new]
            done = end
    return mark + "".join(parts) + body[done:]
