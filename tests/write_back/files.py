"""Files to write back into: real ones as other editors and hands would leave them, and made-up ones as wild as YAML is."""

import random
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from websakctl.source.documents import plain
from websakctl.source.emitting import double, flow, plain_can_say, single
from websakctl.source.parsing import parse

ROOT = Path(__file__).parents[2]
REAL = sorted(p for folder in ("config", "districts", "templates/district") for p in (ROOT / folder).rglob("*.yaml"))
TEXTS = [p.read_bytes().decode() for p in REAL]

words = st.text(alphabet=st.sampled_from("abæøåÅ -:#'\"{}[]&*!|>%@`,?\\\n\t01yesno.~é\U0001f600"), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-1000, 10**9)
    | words
    | st.sampled_from(["0301", "yes", "1e3", "null", "2027-01-01"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words.filter(bool), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    result = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            result += paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            result += paths(inner, (*path, index))
    return result


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@st.composite
def files(draw: st.DrawFn) -> str:
    """A real file as other editors and hands would leave it."""
    text = draw(st.sampled_from(TEXTS))
    chance = random.Random(draw(st.integers(0, 2**32)))
    lines = []
    for line in text.split("\n"):
        roll = chance.random()
        if roll < 0.05:
            lines.append(f"{' ' * chance.randrange(6)}# blåbær: {chance.random()}")
        elif roll < 0.08:
            lines.append("   ")
        if 0.1 < roll < 0.16 and line.strip() and " #" not in line and not line.lstrip().startswith("#"):
            line += "   # så sant"
        elif 0.16 < roll < 0.2:
            line = line.replace('"', "'")
        elif 0.2 < roll < 0.24 and line.endswith("}"):
            line = line.replace(", ", ",  ").replace("{", "{ ")
        elif 0.24 < roll < 0.27 and line.startswith("    name: "):
            line = f"    name: &a{len(lines)} {line.removeprefix('    name: ')}\n    description: *a{len(lines)}"
        lines.append(line)
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    text = "\n".join(lines)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    mark = draw(st.sampled_from(["", "\ufeff"]))
    text = mark + text.replace("\n", newline)
    return text if not parse(text.removeprefix("\ufeff"), "").findings else draw(st.sampled_from(TEXTS))


class Wild:
    """Writes a value in YAML as no two people would."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.number = 0

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def comment(self) -> str:
        self.number += 1
        return f"# c{self.number} blåbær: {{x"

    def tail(self) -> str:
        return f"{' ' * self.chance.randrange(1, 5)}{self.comment()}" if self.maybe(0.15) else ""

    def between(self) -> list[str]:
        lines = []
        while self.maybe(0.25):
            lines.append(self.chance.choice(["", "  ", f"{' ' * self.chance.randrange(9)}{self.comment()}"]))
        return lines

    def text(self, value: str, *, in_flow: bool) -> str:
        ways = [double(value)]
        if "\n" not in value and "\t" not in value:
            ways.append(single(value))
        if plain_can_say(value, flow=in_flow):
            ways.append(value)
        return self.chance.choice(ways)

    def leaf(self, value: Any, *, in_flow: bool = False) -> str:
        anchor = f"&n{self.chance.randrange(99)} " if self.maybe(0.05) else ""
        written = self.text(value, in_flow=in_flow) if isinstance(value, str) else flow(value)
        return anchor + (self.chance.choice(["~", "Null", written]) if value is None else written)

    def flowing(self, value: Any, depth: int) -> str:
        if not isinstance(value, dict | list):
            return self.leaf(value, in_flow=True)

        def gap() -> str:
            if not self.maybe(0.3):
                return " "
            return self.chance.choice(["", f"  {self.comment()}\n{' ' * (depth + 3)}", f"\n{' ' * (depth + 2)}"])

        if isinstance(value, dict):
            inner = f",{gap()}".join(
                f"{gap()}{self.text(k, in_flow=True)}: {self.flowing(v, depth)}" for k, v in value.items()
            )
            return f"{{{inner}{gap()}}}"
        inner = f",{gap()}".join(f"{gap()}{self.flowing(v, depth)}" for v in value)
        return f"[{inner}{gap()}]"

    @staticmethod
    def can_be_block(value: str) -> bool:
        return "\n" in value.strip() and value[0] not in " \n" and all(c == "\n" or c.isprintable() for c in value)

    def entry(self, start: str, value: Any, indent: int) -> list[str]:
        if isinstance(value, str) and self.maybe(0.7) and self.can_be_block(value):
            ending = (
                "-" if not value.endswith("\n") else "+" if value.endswith("\n\n") else self.chance.choice(["", "+"])
            )
            pad = " " * (indent + self.chance.randrange(1, 5))
            body = value.removesuffix("\n")
            return [f"{start} |{ending}{self.tail()}", *(pad + line if line else "" for line in body.split("\n"))]
        if not isinstance(value, dict | list) or not value or self.maybe(0.3):
            return [*f"{start} {self.flowing(value, indent)}{self.tail()}".split("\n")]
        anchor = f" &n{self.chance.randrange(99)}" if self.maybe(0.05) else ""
        deeper = indent + self.chance.randrange(0 if isinstance(value, list) and start.endswith(":") else 1, 4)
        return [f"{start}{anchor}{self.tail()}", *self.block(value, deeper)]

    def block(self, value: Any, indent: int) -> list[str]:
        lines = []
        pad = " " * indent
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            lines += self.between()
            start = f"{pad}{self.text(key, in_flow=False)}:" if isinstance(value, dict) else f"{pad}-"
            lines += self.entry(start, inner, indent)
        return lines

    def file(self, value: dict[str, Any]) -> str:
        lines = [*self.between(), *self.block(value, self.chance.choice([0, 0, 0, 2])), *self.between()]
        return "\n".join(lines) + self.chance.choice(["", "\n", "\n\n"])


@st.composite
def wild_files(draw: st.DrawFn) -> str:
    text = Wild(draw(st.integers(0, 2**40))).file(
        draw(st.dictionaries(words.filter(bool), values, min_size=1, max_size=4))
    )
    text = draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return text if not parse(text.removeprefix("\ufeff"), "").findings else "a: 1\n"


def read(text: str) -> Any:
    return plain(parse(text.removeprefix("\ufeff"), "").value)
