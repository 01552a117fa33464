"""Whom to trust over TLS."""

import ssl
from functools import cache

import httpx


@cache
def _trusting_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def context_for(url: str) -> ssl.SSLContext:
    """What to trust at ``url``. The list of authorities takes 50 ms to load: once, and not for plain HTTP."""
    return _trusting_authorities() if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
