"""The one function that makes HTTP clients: for tokens, Websak, the business register and KS Fiks."""

from collections.abc import Mapping

import httpx

from websakctl.live.runtime import Runtime
from websakctl.live.transport import LastLook, ReadOnly

CONNECT = 10.0  # seconds


def open_client(
    url: str,
    runtime: Runtime,
    *,
    connections: int,
    timeout: float,
    read_only: bool = True,
    auth: httpx.Auth | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Client:
    """Make a client of one server; it follows no redirect, and takes from the environment only what ``runtime`` has.

    Args:
        url: What the paths of its requests are below.
        runtime: Whose transport it sends by.
        connections: How many there are at a time at the most.
        timeout: Seconds that each part of an answer may be waited for.
        read_only: Whether it refuses every request that could write.
        auth: What puts a token on each request.
        headers: Besides the usual ones.

    Raises:
        Unreachable: If it is not known whom to trust at the server.
    """
    transport = runtime.transport(url, connections)
    return httpx.Client(
        base_url=url,
        auth=auth,
        timeout=httpx.Timeout(timeout, connect=CONNECT),
        transport=ReadOnly(transport) if read_only else LastLook(transport),
        headers={"Accept": "application/json", "User-Agent": "websakctl", **(headers or {})},
        follow_redirects=False,
        trust_env=False,
    )
