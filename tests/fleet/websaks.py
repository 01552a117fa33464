"""Many sandboxes in one process, each on a port and with a database of its own.

``python -m tests.fleet.websaks FOLDER COUNT`` writes FOLDER/websaks.json when it serves, and ends when its stdin ends.
"""

import asyncio
import json
import socket
import sys
from pathlib import Path
from typing import Any

SECRET = "a-secret-of-the-tests"


class ByPort:
    """Hands each request to the application of the port that it came in on."""

    def __init__(self, apps: dict[int, Any]) -> None:
        self.apps = apps

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.apps[scope["server"][1]](scope, receive, send)


def main(folder: Path, count: int) -> None:
    import uvicorn

    from websakctl.sandbox.app import create_app
    from websakctl.sandbox.faults import HttpProtocol
    from websakctl.sandbox.settings import Settings

    apps, listeners = {}, []
    for number in range(count):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        settings = Settings(
            database_url=f"sqlite:///{folder / f'{number}.db'}", client_secret=f"{SECRET}-{number}", seed="empty"
        )
        apps[listener.getsockname()[1]] = create_app(settings)
    config = uvicorn.Config(
        ByPort(apps), http=HttpProtocol, ws="none", lifespan="off", log_config=None, access_log=False, backlog=256
    )
    server = uvicorn.Server(config)

    async def live() -> None:
        serving = asyncio.create_task(server.serve(sockets=listeners))
        while not server.started:
            await asyncio.sleep(0.01)
        ports = folder / "ports"
        ports.write_text(json.dumps(list(apps)), encoding="utf-8")
        ports.rename(folder / "websaks.json")
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving

    asyncio.run(live())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
