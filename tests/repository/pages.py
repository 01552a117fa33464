"""What the pages of the repository hold: fenced blocks, links, commands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command of a console block, and the output that stands below it."""

    command: str
    output: str


def blocks(text: str, language: str) -> Iterator[str]:
    for result in _BLOCK.finditer(text):
        if result[1].split()[:1] == [language]:
            yield result[2]


def steps(text: str) -> Iterator[Step]:
    for block in blocks(text, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield Step(command, output)


def as_pattern(output: str) -> re.Pattern[str]:
    """What is shown, as a pattern: ``…`` is any text, alone on a line any lines; numbers of twenty and more may differ."""
    lines = []
    for line in output.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
            continue
        parts = re.split(r"(…|\d+(?: \d{3})*)", line)
        lines.append("".join(map(_as_pattern, parts)) + r"\s*\n")
    return re.compile("".join(lines))


def _as_pattern(part: str) -> str:
    if part == "…":
        return ".*?"
    digits = part.replace(" ", "")
    if digits.isdigit() and int(digits) >= 20:
        return r"[1-9]\d*(?: \d{3})*"
    return re.escape(part)


def example_files(text: str) -> dict[str, str]:
    """YAML blocks that begin with the path of a file: ``# config/org_units.yaml``, a colon and more may follow."""
    result: dict[str, str] = {}
    for block in blocks(text, "yaml"):
        if named := re.match(r"# ((?:config|districts)/[\w./-]+\.yaml)\b", block):
            result[named[1]] = block
    return result


def named_files(text: str) -> dict[str, str]:
    """Blocks whose first line names a file after the language: ``csv units.csv``."""
    named = ((result[1].split(), result[2]) for result in _BLOCK.finditer(text))
    return {words[1]: block for words, block in named if len(words) == 2}


def prose(text: str) -> str:
    return _BLOCK.sub("", text)


def commands(text: str) -> Iterator[list[str]]:
    """Every call of websakctl that a page shows, as arguments."""
    shown: list[str] = re.findall(r"`([^`\n]+)`", prose(text))
    shown += [
        line.removeprefix("$ ") for kind in ("console", "sh") for b in blocks(text, kind) for line in b.splitlines()
    ]
    for line in shown:
        if "websakctl" not in line:
            continue
        words = shlex.split(re.split(r"[;|<>#]", line)[0].rstrip("\\ "))
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words and words[0].rpartition("/")[2] == "websakctl" and len(words) > 1:
            yield words[1:]
