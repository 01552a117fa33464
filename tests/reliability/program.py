"""The command itself with shorter waits: where a test knows that the server has settled, there is nothing to wait for."""

import sys
from pathlib import Path

from websakctl.__main__ import main
from websakctl.apply import attempt
from websakctl.operations.apply import carry_out, recovery

if __name__ == "__main__":
    recovery.SETTLING = 0.0
    attempt.LOOKS = (0.0, 0.05, 0.1)
    carry_out.READ_BACKS = (0.0, 0.05, 0.1)
    sys.argv[0] = str(Path(sys.executable).with_name("websakctl"))
    main()
