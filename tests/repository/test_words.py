"""The words of the code are those of its field: half-language that was taken out does not come back."""

import ast
import re
from collections.abc import Iterator

import pytest

from .pages import PAGES, ROOT

# Names that say nothing to a stranger, and what is written instead.
INSTEAD = {
    "said": "given", "unsaid": "omitted", "told": "reported", "untold": "unreported", "never_told": "write_only",
    "wanted": "desired", "there": "live, present", "holes": "gaps, unrouted", "lack": "shortage", "lacking": "missing",
    "anew": "again", "aside": "separately", "apart": "separately", "beside": "alongside", "happened": "is_applied",
    "in_doubt": "unknown_outcome", "certainly": "send_until_known", "take_back": "plan_rollback", "weigh": "apply_suppressions",
    "look_around": "read_environment_variables", "look_back": "history", "happenings": "timeline", "departures": "deviations",
    "surroundings": "environment variables", "Dialogue": "ApplyObserver", "Deed": "HistoryEntry", "deeds": "history",
    "Surroundings": "EnvironmentVariables", "Unfit": "ValidationError", "Judged": "Check", "halve": "split_canary", "factor": "infer_config",
}  # fmt: skip

# Stored or promised, so they stay: (path below websakctl/, name).
KEPT = {
    **dict.fromkeys(
        [
            ("apply/shared.py", "wanted"),
            ("state/entries.py", "wanted"),
            ("state/people.py", "wanted"),
            ("operations/apply/read_back.py", "wanted"),
            ("operations/apply/carry_out.py", "wanted"),
            ("cli/change/outcome.py", "wanted"),
        ],
        "a column of the journal and a key of its entries",
    ),
    ("cli/rollout/suborgs.py", "holes"): "the option --holes",
}

# Messages and prose of before.
PHRASES = re.compile(
    r"only yes is a yes|nobody is here to say yes|a mistake in websakctl|see to the disk|mend what is listed|is not a field here"
    r"|stands twice here|is read as the number|the config makes no|Websak is as the config says|a list was agreed"
    r"|^HTTP \d+ without a word|say what to adopt|it was gone on with|set it by hand|come or go with it|is as asked"
    r"|\b(?:anew|unsaid|untold)\b",
    re.IGNORECASE,
)
STORED_WORDS = re.compile(r'"unsaid"|``unsaid``|`unsaid`')  # a value of --arrives and a key of JSON


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name


@pytest.mark.parametrize("folder", sorted(p.name for p in (ROOT / "websakctl").iterdir() if p.name != "__pycache__"))
def test_no_name_is_half_language(folder: str) -> None:
    place = ROOT / "websakctl" / folder
    result = []
    for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
        if file.suffix != ".py":
            continue
        path = file.relative_to(ROOT / "websakctl").as_posix()
        for line, name in names(ast.parse(file.read_text(encoding="utf-8"))):
            word = name.strip("_")
            if word in INSTEAD and (path, name) not in KEPT:
                result.append(f"{path}:{line}: {name}: write {INSTEAD[word]}")
    assert result == []


def test_what_is_kept_is_still_there() -> None:
    for path, name in KEPT:
        assert re.search(rf"\b{name}\b", (ROOT / "websakctl" / path).read_text(encoding="utf-8")), (path, name)


def test_no_message_docstring_or_page_is_half_language() -> None:
    code = [p for p in (ROOT / "websakctl").rglob("*") if p.suffix in (".py", ".html")]
    pages = [page for page in PAGES if "decisions" not in page.parts]  # those are of their day
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in [*code, *pages]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PHRASES.search(STORED_WORDS.sub("", line))
    ]
    assert found == []


def test_no_test_is_named_in_half_language() -> None:
    words = re.compile(r"_(unsaid|untold|wanted|holes|lacking|anew|take_back|in_doubt|deeds?)(_|$)")
    tests = [p for p in (ROOT / "tests").rglob("*.py") if "node_modules" not in p.parts]
    named = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tests
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if words.search(name)
    ]
    assert named == []


def test_half_language_is_noticed() -> None:
    (line, name), *_ = names(ast.parse("wanted = 1"))
    assert (line, name) == (1, "wanted") and PHRASES.search("error: X stands twice here")
