"""Where the comments of a YAML file stand."""

import re
from collections.abc import Iterator

from ruamel.yaml.error import YAMLError

from websakctl.source.nodes import Node, compose, line_end, skip_space

PROPERTIES = re.compile(r"[&!][^\s]*")  # an anchor or a tag
_HEADER = re.compile(r"[|>][-+1-9]*")


def comments_of(text: str) -> list[str]:
    """Every comment, in the order of the alphabet."""
    try:
        root = compose(text)
    except YAMLError:
        return []
    return sorted(text[start:end].rstrip() for start, end in comments_in(text, root))


def comments_in(text: str, root: Node | None) -> Iterator[tuple[int, int]]:
    """Where every comment begins and ends, in order."""
    taken = sorted(_taken(text, root)) if root is not None else []
    at = 0
    for start, end in [*taken, (len(text), len(text))]:
        while (result := text.find("#", at, start)) >= 0:
            at = text.find("\n", result)
            at = len(text) if at < 0 else at
            yield result, at
        at = max(at, end)


def _taken(text: str, node: Node) -> Iterator[tuple[int, int]]:
    """Where texts, aliases, anchors and tags stand: no comment begins there."""
    offset = node.start
    while offset < node.content and (result := PROPERTIES.match(text, offset)):
        yield result.span()
        offset = skip_space(text, result.end())
    if node.style in ("|", ">"):
        header = _HEADER.match(text, node.content, node.end)
        yield node.content, header.end() if header else node.end
        yield line_end(text, node.content), node.end
    elif not node.many:
        yield node.content, node.end
    for pair in node.pairs:
        yield from _taken(text, pair.key)
        yield from _taken(text, pair.value)
    for item in node.items:
        yield from _taken(text, item)
