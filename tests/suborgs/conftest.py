"""A small repository with mail routes, and the registers that it is compared with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, Cli, write_files

from .registers import Registers, serving

ROUTES = {
    **SMALL,
    "config/rollout.yaml": """\
rollout_batches:
  PULJE-1: {name: Første pulje, go_live: 2020-02-03, districts: [frogner]}
  PULJE-2: {name: Andre pulje, go_live: 2099-02-02, districts: [sagene]}
""",
    "config/sub_orgs.yaml": """\
each_district:
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn, arrives: svarinn}
""",
    "districts/frogner/sub_orgs.yaml": """\
sub_orgs:
  "975016684": {name: Frogner barnehage, unit: BHG, channel: svarinn, arrives: dokulink}
""",
    "districts/sagene/sub_orgs.yaml": """\
sub_orgs:
  "975016528": {name: Askeladden barnehage, channel: altinn, readers: [Styrer], daily_routine: Leses før kl. 10, arrives: dokulink}
  "313000109": {name: Sagene barnehageenhet, unit: BHG, channel: svarinn, arrives: dokulink}
  "975315878": {name: Lilleborg barnehage, unit: BHG, channel: svarinn, arrives: dokulink}
""",
}


@pytest.fixture(scope="module")
def serving_registers() -> Iterator[Registers]:
    with serving() as registers:
        yield registers


@pytest.fixture
def registers(serving_registers: Registers) -> Registers:
    return serving_registers.fresh()


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(write_files(tmp_path / "repo", ROUTES))
