"""What the environment says of the network: proxies, what goes past them, and which certificate authorities are trusted."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import msgspec

from websakctl.redaction import Secret
from websakctl.urls import Url, UrlError, parse_url

_UNREAD = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # other programs' names of SSL_CERT_FILE


class NetworkError(Exception):
    """A variable about the network is wrong: ``variable`` names it."""

    def __init__(self, variable: str, why: str) -> None:
        super().__init__(f"{variable}: {why}")
        self.variable = variable


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP proxy: the variable that names it, its address without a login, and the login."""

    variable: str
    address: str
    user: str = ""
    password: Secret | None = None


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """How to get to a server and whom to trust there. The default: directly, and whom the system trusts."""

    proxies: Mapping[str, Proxy] = {}  # by the scheme of the server's address
    no_proxy: tuple[str, ...] = ()
    ca_file: Path | None = None  # replaces the system's store
    ca_dirs: tuple[Path, ...] = ()  # the same
    unread: tuple[str, ...] = ()  # variables that are set, sound as if they mattered, and are not read

    def proxy_for(self, url: Url) -> Proxy | None:
        """The proxy to a server; ``None`` where there is none, the server is this machine, or NO_PROXY names it."""
        proxy = self.proxies.get(url.scheme)
        if proxy is None or url.loopback or any(_bypasses(entry, url) for entry in self.no_proxy):
            return None
        return proxy

    @property
    def trust(self) -> str:
        """Whom TLS trusts, for people."""
        named = [f"SSL_CERT_FILE={self.ca_file}"] if self.ca_file else []
        named += [f"SSL_CERT_DIR={':'.join(map(str, self.ca_dirs))}"] if self.ca_dirs else []
        return " and ".join(named) or "the system's certificate authorities"


def read_network(environ: Mapping[str, str]) -> Network:
    """Read HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY (in either case; lower case wins), SSL_CERT_FILE and SSL_CERT_DIR.

    Raises:
        NetworkError: If a proxy's address is wrong.
    """
    every = _proxy("ALL_PROXY", environ)
    result = {scheme: _proxy(f"{scheme.upper()}_PROXY", environ) or every for scheme in ("http", "https")}
    file, folders = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR", "")
    return Network(
        proxies={scheme: proxy for scheme, proxy in result.items() if proxy is not None},
        no_proxy=tuple(e for e in re.split(r"[\s,]+", _variable("NO_PROXY", environ)[1].lower()) if e),
        ca_file=Path(file) if file else None,
        ca_dirs=tuple(Path(folder) for folder in folders.split(_PATH_SEPARATOR) if folder),
        unread=tuple(name for name in _UNREAD if environ.get(name)),
    )


_PATH_SEPARATOR = ":" if Path("/").anchor == "/" else ";"


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    lower = name.lower()
    return (lower, environ[lower]) if lower in environ else (name, environ.get(name, ""))


def _proxy(name: str, environ: Mapping[str, str]) -> Proxy | None:
    name, text = _variable(name, environ)
    if not text:
        return None
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    if scheme.lower() not in ("http", "https"):
        known = (
            "SOCKS is not supported" if scheme.lower().startswith("socks") else f"{scheme[:20]!a}:// is not supported"
        )
        raise NetworkError(name, f"{known}; name an HTTP proxy: http://HOST:PORT")
    login, _, host = rest.rpartition("@")
    try:
        url = parse_url(f"{scheme}://{host}")
    except UrlError as error:
        raise NetworkError(name, str(error)) from None
    user, colon, password = login.partition(":")
    return Proxy(
        variable=name,
        address=f"{url.scheme}://{url.authority}",
        user=unquote(user),
        password=Secret(unquote(password)) if colon else None,
    )


def _bypasses(entry: str, url: Url) -> bool:
    """Whether an entry of NO_PROXY names a server: ``*``, a domain with all below it, an address or a network, each with or without a port."""
    if entry == "*":
        return True
    host, port = entry, ""
    if match := re.fullmatch(r"\[([^\]]*)\](?::([0-9]+))?|([^:]+):([0-9]+)", entry):
        host, port = match[1] or match[3] or "", match[2] or match[4] or ""
    if port and int(port) != url.port:
        return False
    if ":" in url.host or url.host[-1].isdigit():
        from ipaddress import ip_address, ip_network

        try:
            return ip_address(url.host) in ip_network(host, strict=False)
        except ValueError:
            pass
    domain = host.removeprefix("*").strip(".")
    return bool(domain) and (url.host == domain or url.host.endswith(f".{domain}"))
