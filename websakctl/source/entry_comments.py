"""The comments of a file by the entry that they belong to, and text with such comments put in again."""

from collections.abc import Iterator, Mapping, Sequence

from ruamel.yaml.error import YAMLError

from websakctl.source.comment_owners import MODELINE, Holder, Outline, Part
from websakctl.source.emitting import scalar
from websakctl.source.nodes import compose

Path = tuple[str, ...]


def comments_by_entry(text: str) -> tuple[list[str], dict[Path, list[str]]]:
    """The comments of the file itself, without what is for editors, and those of each entry with all below it, by its path."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        root = compose(text)
    except YAMLError:
        return [], {}
    if root is None or not root.many:
        return [], {}
    outline = Outline(text, root)
    header = [line for line in outline.header if line and not MODELINE.match(line)]
    return header, {path: found for path, part in _parts(outline, outline.top, ()) if (found := _all(outline, part))}


def _parts(outline: Outline, holder: Holder, path: Path) -> Iterator[tuple[Path, Part]]:
    for part in holder.parts:
        if part.key is None:
            continue
        here = (*path, str(part.key.text))
        yield here, part
        if part.value.many:
            yield from _parts(outline, outline.holders[id(part.value)], here)


def _all(outline: Outline, part: Part) -> list[str]:
    inner: list[str] = []
    if part.value.many:
        holder = outline.holders[id(part.value)]
        inner = [line for below in holder.parts for line in _all(outline, below)] + holder.trailing
    return [line for line in (*part.leading, part.head, *inner, part.tail, *part.after) if line]


def with_comments(text: str, comments: Mapping[Path, Sequence[str]]) -> str:
    """Put comments above the entries of a file that was just written; paths that are not there are left out."""
    path: list[str] = []
    names = {f"{scalar(step)}:": step for steps in comments for step in steps}
    lines = []
    for line in text.split("\n"):
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        begins = next((name for name in names if bare == name or bare.startswith(f"{name} ")), None)
        if bare:
            del path[indent // 2 :]
        if begins is not None and len(path) == indent // 2:
            path.append(names[begins])
            lines += [f"{' ' * indent}{comment}" for comment in comments.get(tuple(path), ())]
        lines.append(line)
    return "\n".join(lines)
