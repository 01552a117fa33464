"""Whom to trust over TLS."""

import re
import ssl
from functools import cache

from websakctl.live.errors import Unreachable
from websakctl.live.network import Network
from websakctl.urls import Url

_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")  # how OpenSSL looks a certificate up in a folder


def context_for(url: Url, network: Network) -> ssl.SSLContext:
    """What to trust at ``url``. To load the authorities takes a while: once, and not for plain HTTP.

    Raises:
        Unreachable: If SSL_CERT_FILE or SSL_CERT_DIR is set and names no certificate.
    """
    if url.scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if network.ca_file is None and not network.ca_dirs:
        return _system()
    return _named(network)


@cache
def _system() -> ssl.SSLContext:
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _named(network: Network) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for folder in network.ca_dirs:
        try:
            if not any(_HASHED.match(path.name) for path in folder.iterdir()):
                raise _unusable(f"SSL_CERT_DIR={folder} holds no certificate under a hashed name", "openssl rehash")
        except OSError as error:
            raise _unusable(f"SSL_CERT_DIR={folder}: {error.strerror}") from None
        context.load_verify_locations(capath=folder)
    if network.ca_file is not None:
        try:
            context.load_verify_locations(cafile=network.ca_file)
        except ssl.SSLError:
            raise _unusable(f"SSL_CERT_FILE={network.ca_file} holds no certificate") from None
        except OSError as error:
            raise _unusable(f"SSL_CERT_FILE={network.ca_file}: {error.strerror}") from None
    return context


def _unusable(why: str, command: str = "") -> Unreachable:
    what_next = (
        "name a file (folder) of certificates in PEM format, or unset the variable to trust whom the system trusts"
    )
    return Unreachable(why, f"{command}, or {what_next}" if command else what_next)
