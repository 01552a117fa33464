"""The commands that look back, in a repository of its own."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli import command_line
from tests.cli.command_line import write_files

SMALL = {
    "config/websak.yaml": """\
organisation: {name: Oslo kommune, orgnr: "958935420"}
""",
    "config/org_units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    HELSE: {name: Helse og mestring}
""",
    "config/access.yaml": """\
access_groups:
  BYARKIVET: {}
access_codes:
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true}
  P:
    name: Personalsaker
    legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]
""",
    "config/case_types.yaml": """\
case_types:
  PERS: {name: Personalmappe, series: PERS, ordering_principle: emne, access_code: P, retention: B}
""",
    "config/licences.yaml": """\
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 50}}
  WEBSAK-LES: {product: Websak lesetilgang, bought: 9}
""",
    "config/sub_orgs.yaml": """\
each_district:
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn}
""",
    "districts/frogner/district.yaml": """\
district: {name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}
""",
    "districts/sagene/district.yaml": """\
district: {name: Bydel Sagene, number: "03", orgnr: "974778726", short_name: BSA, prefix: SA}
""",
}


class Outcome(command_line.Outcome):
    """What a command came to."""

    @property
    def changed(self) -> dict[str, str]:  # type: ignore[override]
        """Action by address of a plan in JSON."""
        return {change["address"]: change["action"] for change in self.json["changes"]}

    @property
    def manual(self) -> dict[str, str]:
        """Steps for a person by address of a plan in JSON."""
        return {step["address"]: step["what"] for step in self.json["manual"]}


@dataclass
class Cli(command_line.Cli):
    """Runs commands in a repository, and keeps what they print."""

    outcomes: list[Outcome] = field(default_factory=list)

    def __call__(self, *args: str, code: int | None = 0, **options: Any) -> Outcome:
        """Run one command line without a terminal and expect its exit code."""
        outcome = super().__call__(*args, code=None, **options)
        result = Outcome(outcome.code, outcome.out, outcome.err)
        self.outcomes.append(result)
        if code is not None:
            assert result.code == code, f"{args}: exit {result.code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
        return result

    def last_run(self) -> str:
        """The name of the latest run."""
        return str(self("history", "--format", "json").json["items"][0]["run"])

    @property
    def state(self) -> Path:
        """The tool's own folder."""
        return self.root / ".websakctl"


__all__ = ["SMALL", "Cli", "Outcome", "write_files"]
