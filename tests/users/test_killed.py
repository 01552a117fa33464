"""`users import` killed between two files: nothing goes on from that, and the same import again ends right."""

import subprocess
import sys

from .made_up import HEADERS, as_csv
from .office import Office

KARI = ("Frogner", "KARNOR", "Kari", "Nordmann", "", "Saksbehandler", "OPPV", "karnor", "kari@example.org")
OLA = ("Sagene", "OLANOR", "Ola", "Nordmann", "", "Saksbehandler", "OPPV", "olanor", "ola@example.org")
DIES = """
import os, sys
from pathlib import Path
from websakctl.operations.rollout.import_users import write_all

put = Path.replace
def replace(self, target, left=[int(sys.argv[2])]):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)
    return put(self, target)
Path.replace = replace
write_all(Path(sys.argv[1]), {name: Path(name).read_text() for name in sys.argv[3:]})
"""


def _moved(row: tuple[str, ...], district: str) -> tuple[str, ...]:
    return (district, *row[1:])


def _files(office: Office) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (office.root / "users").iterdir()}


def _make(office: Office) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What the files of users are before and after an import of which Kari and Ola have changed places."""
    rows = {"before": [KARI, OLA], "after": [_moved(KARI, "Sagene"), _moved(OLA, "Frogner")]}
    made = []
    for name, people in rows.items():
        (office.root / f"{name}.csv").write_text(as_csv(people, HEADERS), encoding="utf-8")
        office("users", "import", f"{name}.csv")
        made.append(_files(office))
    return made[0], made[1]


def half(office: Office, after: int) -> dict[str, bytes]:
    """Be killed after so many files of an import, as if the power went; gives what they are to be."""
    before, made = _make(office)
    fresh = office.root / "fresh" / "users"
    fresh.mkdir(parents=True)
    for name in made:
        (fresh / name).write_bytes(made[name])
        (office.root / "users" / name).write_bytes(before[name])
    names = [f"users/{name}" for name in sorted(made)]
    died = subprocess.run([sys.executable, "-c", DIES, str(office.root), str(after), *names], cwd=fresh.parent)
    assert died.returncode == 9
    return made


def test_no_command_goes_on_from_half_an_import(at33: Office) -> None:
    half(at33, 2)  # the marker and one of the two files
    _, err = at33.apply(code=3)
    assert "users import" in err
    assert "users/frogner.yaml, users/sagene.yaml" in err
    at33("validate", code=3)


def test_the_same_import_again_ends_right_and_leaves_nothing_behind(at33: Office) -> None:
    made = half(at33, 2)
    assert len(_files(at33)) > len(made)
    at33("users", "import", "after.csv")
    assert _files(at33) == made
    at33("validate")


def test_another_import_is_no_end_of_it(at33: Office) -> None:
    half(at33, 2)
    (at33.root / "one.csv").write_text(as_csv([_moved(OLA, "Frogner")], HEADERS), encoding="utf-8")
    _, err = at33("users", "import", "one.csv", code=3)
    assert "run the same" in err


def test_killed_before_the_first_file_nothing_is_lost(at33: Office) -> None:
    made = half(at33, 1)
    at33("users", "import", "after.csv")
    assert _files(at33) == made


def test_what_only_a_broken_file_says_is_not_lost(at33: Office) -> None:
    half(at33, 2)
    path = at33.root / "users/frogner.yaml"
    path.write_text("users: {A: {\n", encoding="utf-8")
    _, err = at33("users", "import", "after.csv", code=3)
    assert "users/frogner.yaml cannot be read" in err
    assert path.read_text(encoding="utf-8") == "users: {A: {\n"


def test_an_import_mends_a_file_that_does_not_fit_the_config_any_more(at33: Office) -> None:
    _make(at33)
    path = at33.root / "users/frogner.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("CASEWORKER", "GONE"), encoding="utf-8")
    at33("validate", code=3)
    at33("users", "import", "after.csv")
    at33("validate")
