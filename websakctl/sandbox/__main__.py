"""``python -m websakctl.sandbox``: the server as a process of its own."""

import argparse
import sys
from pathlib import Path

from websakctl.sandbox.process import MISSING_EXIT, SandboxError, SandboxMissing, Server, serve
from websakctl.sandbox.quirks import PUBLISHED, QUIRKS


def main() -> int:
    """Serve until told to stop; the first line on stdout is the address."""
    parser = argparse.ArgumentParser(prog="python -m websakctl.sandbox", description="A Websak to practise on.")
    parser.add_argument("--state-dir", type=Path, default=Path(".websakctl"), help="where it keeps its things")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--api-version", choices=PUBLISHED, default="3.3", help="which User API it pretends to be")
    parser.add_argument("--quirk", action="append", choices=tuple(QUIRKS), default=[], help="a doubtful point to play")
    parser.add_argument("--database", help="SQLAlchemy URL; without it a file among its things")
    parser.add_argument("--idle-timeout", type=float, help="end after so many seconds without a request")
    options = parser.parse_args()
    try:
        serve(
            options.state_dir,
            host=options.host,
            port=options.port,
            api_version=options.api_version,
            quirks=options.quirk,
            database=options.database,
            idle_timeout=options.idle_timeout,
            on_ready=_announce,
        )
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return MISSING_EXIT if isinstance(error, SandboxMissing) else 1
    return 0


def _announce(server: Server) -> None:
    sys.stdout.write(f"{server.base_url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
