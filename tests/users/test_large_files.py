"""A file of HR with 20 000 rows: the time and the memory that reading it takes, and no row is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import SMALL, write_files

from .made_up import HEADERS, as_xlsx, people
from .office import ROLES

ROWS = 20_000 if os.environ.get("PROPERTIES") == "long" else 4_000
SECONDS, MEGABYTES = 10, 300  # of processor time and of memory, for 20 000 rows
PROGRAM = """
import resource, sys
from pathlib import Path
from websakctl.operations.rollout.import_users import files_of, read_people
from websakctl.source.load import load_configuration
from websakctl.source.tables.read import read_tables

root = Path(sys.argv[1])
config = load_configuration(root)
found = read_people(read_tables(root / "ansatte.xlsx"), config)
after = load_configuration(root, None, files_of(found))
used = resource.getrusage(resource.RUSAGE_SELF)
if sys.platform == "linux":  # where ru_maxrss begins with that of the process that started this one
    size = next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith("VmHWM")) / 1024
else:
    size = used.ru_maxrss / 1024 / 1024
print(len(found.people), len(found.findings), after.valid, used.ru_utime + used.ru_stime, size)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no peak of memory this way")
def test_a_large_file_is_read_whole_in_bounded_time_and_memory(tmp_path: Path) -> None:
    root = write_files(tmp_path, {**SMALL, "config/user_roles.yaml": ROLES})
    rows = [(bydel, f"{n:07}", *rest) for n, (bydel, _, *rest) in enumerate(people(ROWS, ["Frogner", "Sagene"]))]
    as_xlsx(root / "ansatte.xlsx", rows, [h.replace("Initialer", "Brukerkode") for h in HEADERS])
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(root)], capture_output=True, text=True, check=True)
    taken, findings, valid, seconds, megabytes = ran.stdout.split()
    assert (int(taken), int(findings), valid) == (ROWS, 0, "True"), ran.stderr
    assert float(seconds) < SECONDS and float(megabytes) < MEGABYTES, (seconds, megabytes)
