"""Pages in bokmål hold no English: words that only the English texts have are looked for in what a reader sees."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Cli
from tests.evidence.repository import FILES, LATER, begin
from websakctl.kinds import all_kinds
from websakctl.report.texts.bokmaal import BOKMAAL, FINDINGS, MARKS

WORD = re.compile(r"[^\W\d_]{2,}")
HIDDEN = re.compile(r"<(style|script|code|svg)\b.*?</\1>", re.DOTALL)
VALUE = re.compile(
    r"websakctl .*|[\w-]+\.csv|.* -> .*", re.DOTALL
)  # commands, files, and values as the config writes them
# names that are written in English everywhere: of kinds, of fields, of the tool, and in values of the config
TECHNICAL = {"websakctl", "sandbox", "base", "committet", "hyperlink", "check", "org", "tree"}


def english() -> set[str]:
    """Words of the English texts that no text in bokmål has."""
    texts = [*BOKMAAL.items(), *FINDINGS.items(), *MARKS.items()]
    norwegian = {word for _, shown in texts for word in WORD.findall(shown.casefold())}
    kinds = {w for kind in all_kinds().values() for name in (kind.name, *kind.fields) for w in name.split("_")}
    found = {word for key, _ in texts for word in WORD.findall(re.sub(r"\{\w+\}", "", key).casefold())}
    return found - norwegian - kinds - TECHNICAL


def seen(page: str) -> list[str]:
    """What a reader sees, piece by piece."""
    return [piece.strip() for piece in html.unescape(re.sub(r"<[^>]+>", "\n", HIDDEN.sub("", page))).split("\n")]


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory, sandbox33: Any) -> Cli:
    result = Cli(begin(tmp_path_factory.mktemp("bokmaal") / "repo", FILES), sandbox33.fresh("empty").variables)
    result.apply()
    path = result.root / "config/org_units.yaml"  # changed and not committed
    path.write_text(path.read_text(encoding="utf-8") + "    NY: {name: Nytt}\n", encoding="utf-8")
    return result


def by_option(*arguments: str) -> Callable[[Cli], str]:
    return lambda cli: cli(*arguments, "--format", "html", "--lang", "nb", code=None).out


def evidence(cli: Cli) -> str:
    cli("evidence", "--as-of", LATER, "--out", "evidence", code=None)
    return Path(cli.root / "evidence/index.html").read_text(encoding="utf-8")


PAGES: dict[str, Callable[[Cli], str]] = {
    "consistency": by_option("consistency", "--offline"),
    "access review": by_option("access", "review", "--district", "frogner", "--offline"),
    "law": by_option("law", "check"),
    "plan": by_option("plan"),
    "status": by_option("rollout", "status", "--offline"),
    "evidence": evidence,
}


@pytest.mark.parametrize("name", PAGES)
def test_no_english_is_left(cli: Cli, name: str) -> None:
    page = PAGES[name](cli)
    assert '<html lang="nb">' in page
    words = english()
    pieces = [piece for piece in seen(page) if not VALUE.fullmatch(piece)]
    assert len(pieces) > 20 and words > {"unknown", "changes", "withheld", "manually"}
    left = {piece: found for piece in pieces if (found := words & set(WORD.findall(piece.casefold())))}
    assert left == {}
