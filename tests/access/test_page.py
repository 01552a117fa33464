"""docs/access.md is a walk whose commands run as shown, and its rules are the program's."""

import re
from pathlib import Path

from tests.cli.command_line import Cli
from tests.conftest import Sandbox
from tests.repository.pages import ROOT
from tests.repository.walks import follow
from websakctl.access import RULES, AccessModel

PAGE = ROOT / "docs" / "access.md"
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def test_the_walk_is_as_the_page_tells(tmp_path: Path, sandbox33: Sandbox) -> None:
    assert follow("access.md", Cli(tmp_path, sandbox33.fresh().variables)) == 13


def test_the_page_has_every_rule_with_where_it_is_from() -> None:
    rows = {int(number): (text, source) for number, text, source in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    assert rows.keys() == RULES.keys()
    for number, rule in RULES.items():
        text, source = rows[number]
        assert text.replace("`", "").startswith(rule.text.removesuffix(".")), number
        assert ("assumed" in source) is bool(rule.setting), number
        assert f"`{rule.setting}" in source if rule.setting else source.startswith("documented"), number


def test_every_setting_is_a_rule_or_says_so() -> None:
    named = {rule.setting for rule in RULES.values() if rule.setting}
    others = {"confirmed_by", "on", "approving_role_types", "approving_functions"}
    assert named == set(AccessModel.__struct_fields__) - others
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in others if f"`{name}`" not in page] == []
