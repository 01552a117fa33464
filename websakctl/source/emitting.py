"""Values into YAML text: quoted only where they must be, on one line where they are short."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from websakctl.source.parsing import resolve

WIDTH = 120  # columns that a line of values may take
_OTHER_TYPE = re.compile(  # texts that a YAML 1.1 reader, such as many an editor, takes for something else
    r"(?:y|n|yes|no|on|off)\Z|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?\Z|[-+]?0[xob]?[0-9a-f_]+\Z|<<\Z|=\Z",
    re.IGNORECASE,
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?\Z")  # a date to a YAML 1.1 reader, a text to us
_STARTS = frozenset("-?:,[]{}#&*!|>'\"%@` \t")
_ENDS_FLOW = frozenset(",[]{}?:")
_UNWRITABLE = re.compile("[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_QUOTED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def scalar(value: Any, *, flow: bool = False, style: str = "", plain_day: bool = False) -> str:
    """Write one value on one line.

    Args:
        value: A text, a number, a truth value or nothing.
        flow: Whether it stands within brackets or braces, where a comma ends it.
        style: The quote it had, which is kept where it can be.
        plain_day: Whether a day may go without quotes, as it did before: in a field of days every reader means one.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    text = str(value)
    if style == "'" and not _UNWRITABLE.search(text):
        return single(text)
    if style == '"':
        return double(text)
    if plain_can_say(text, flow=flow) and (plain_day or not _DAY.match(text)):
        return text
    return single(text) if ('"' in text or "\\" in text) and not _UNWRITABLE.search(text) else double(text)


def _number(value: float) -> str:
    text = json.dumps(value)
    return {"NaN": ".nan", "Infinity": ".inf", "-Infinity": "-.inf"}.get(text, text)


def plain_can_say(text: str, *, flow: bool = False) -> bool:
    """Whether the text is read as itself without quotes, by readers of YAML 1.1 too."""
    if not text or text[0] in _STARTS or text[-1] in " \t:" or _UNWRITABLE.search(text):
        return False
    if ": " in text or " #" in text or text.startswith(("---", "...")) or _OTHER_TYPE.match(text):
        return False
    if flow and not _ENDS_FLOW.isdisjoint(text):
        return False
    return resolve(text) is text


def single(text: str) -> str:
    """Write a text between single quotes, which cannot hold line ends."""
    return "'" + text.replace("'", "''") + "'"


def double(text: str) -> str:
    """Write a text between double quotes."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in _QUOTED:
        return _QUOTED[c]
    if not _UNWRITABLE.match(c):
        return c
    code = ord(c)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def flow(value: Any) -> str:
    """Write a value on one line, with braces and brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k, flow=True)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return scalar(value, flow=True)


def pair(key: str, value: Any, indent: int, *, depth: int = 0) -> Iterator[str]:
    """Write a key and its value, in lines that begin at ``indent``.

    Args:
        key: The key.
        value: Its value.
        indent: Spaces before the key.
        depth: So many levels are written on lines of their own however short they are.
    """
    start = f"{' ' * indent}{scalar(key)}:"
    if not isinstance(value, Mapping | list | tuple) or not value:
        yield f"{start} {flow(value) if isinstance(value, Mapping | list | tuple) else scalar(value)}"
        return
    if depth <= 0 and len(line := f"{start} {flow(value)}") <= WIDTH:
        yield line
        return
    yield start
    if isinstance(value, Mapping):
        for inner, content in value.items():
            yield from pair(inner, content, indent + 2, depth=depth - 1)
    else:
        yield from items(value, indent + 2)


def items(values: Any, indent: int) -> Iterator[str]:
    """Write the items of a list, a line or more each."""
    for value in values:
        line = f"{' ' * indent}- {flow(value)}"
        if isinstance(value, Mapping) and value and len(line) > WIDTH:
            lines = [text for k, v in value.items() for text in pair(k, v, indent + 2)]
            yield f"{' ' * indent}- {lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield line if isinstance(value, Mapping | list | tuple) else f"{' ' * indent}- {scalar(value)}"


def document(sections: Mapping[str, Any], *, depth: Mapping[str, int], header: str = "") -> str:
    """Write a file: its header as a comment, and its sections with a blank line between them.

    Args:
        sections: Section by section.
        depth: By section, how many levels below it are on lines of their own; if omitted, one.
        header: Lines for the top of the file.
    """
    parts = ["\n".join(f"# {line}".rstrip() for line in header.splitlines())] if header else []
    parts += ["\n".join(pair(name, value, 0, depth=depth.get(name, 1))) for name, value in sections.items()]
    return "\n\n".join(parts) + "\n"
