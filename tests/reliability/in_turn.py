"""The command itself, whose calls run in turn, each when it is submitted: the order of its requests is then its own doing.

What a set of its futures is iterated in depends on where in memory they are; that is another place for each hash seed.
"""

import os
import sys
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from msgspec.structs import replace  # found by the line above

from tests.seams import Inline
from websakctl.__main__ import main
from websakctl.cli.session import Session
from websakctl.live.runtime import Runtime

if __name__ == "__main__":
    own = Session.__dict__["runtime"].func

    def in_turn(session: Session) -> Runtime:
        return replace(own(session), executor=Inline)

    Session.runtime = cached_property(in_turn)
    Session.runtime.__set_name__(Session, "runtime")
    moved = [Future[None]() for _ in range(int(os.environ["PYTHONHASHSEED"]) % 97)]
    sys.argv[0] = str(Path(sys.executable).with_name("websakctl"))
    main()
