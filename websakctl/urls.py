"""Addresses of servers: which are accepted, in words where one is not, and whom one leads to."""

import re

import msgspec

_PORTS = {"http": 80, "https": 443}
_NAMED = {
    "\r": "a carriage return (line end of Windows)",
    "\n": "a line end",
    "\t": "a tab",
    "\u00a0": "a no-break space",
}
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?\Z")
_DECIMAL = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z")


class UrlError(ValueError):
    """What is wrong with an address, in words."""


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an address leads to. ``host`` is in lower case, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int  # 1 to 65535, the scheme's own where the address names none

    @property
    def authority(self) -> str:
        """Host and port as they are written: ``websak.example.no:443``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it stays on this machine: 127/8, ::1, localhost."""
        return is_loopback(self.host)

    @property
    def insecure(self) -> bool:
        """Whether what is sent there can be read on the way."""
        return self.scheme == "http" and not self.loopback


def is_loopback(host: str) -> bool:
    """Whether a host, as ``Url`` has it, is this machine."""
    return host in ("localhost", "::1") or (host.startswith("127.") and _DECIMAL.match(host) is not None)


def parse_url(text: str) -> Url:
    """Read the address of a server.

    Raises:
        UrlError: If it is none that a request can be sent to, or if it holds a password.
    """
    _check_letters(text)
    scheme, separator, rest = text.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        raise UrlError(f"{_shown(text)} does not begin with https://")
    if (scheme := scheme.lower()) not in _PORTS:
        raise UrlError(f"{scheme}:// is not supported; it must be https://")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if "@" in authority:
        raise UrlError("it has a name or a password in it, which would be shown")
    if "\\" in text:
        raise UrlError(f"{_shown(text)} has a backslash; write /")
    if "?" in rest or "#" in rest:
        raise UrlError(f"{_shown(text)} has a {'?' if '?' in rest else '#'}; an address ends with its path")
    host, port = _split_port(authority, text)
    return Url(scheme=scheme, host=_checked_host(host, text), port=_PORTS[scheme] if port is None else port)


def checked_url(text: str) -> str:
    """The same text, if it is an address or empty.

    Raises:
        UrlError: If it is neither.
    """
    if text:
        parse_url(text)
    return text


def _check_letters(text: str) -> None:
    if not text.strip():
        raise UrlError("it is empty")
    for letter in text:
        if letter.isspace() or not letter.isprintable():
            place = (
                "at its end" if text.endswith(letter) else "at its beginning" if text.startswith(letter) else "in it"
            )
            named = _NAMED.get(letter) or ("a blank" if letter == " " else f"the control character U+{ord(letter):04X}")
            raise UrlError(f"{_shown(text)} has {named} {place}; take it out")


def _split_port(authority: str, text: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, bracket, after = authority[1:].partition("]")
        if not bracket:
            raise UrlError(f"{_shown(text)}: the IPv6 address has no closing bracket ]")
        if after and not after.startswith(":"):
            raise UrlError(f"{_shown(text)}: {_shown(after)} follows the IPv6 address")
        host, separator, port = f"[{host}]", after[:1], after[1:]
    else:
        host, separator, port = authority.partition(":")
        if ":" in port:
            raise UrlError(f"{_shown(text)}: write an IPv6 address in brackets, as in https://[::1]:8443")
    if not separator:
        return host, None
    if not (port.isascii() and port.isdigit()):
        raise UrlError(f"{_shown(text)}: the port {_shown(port)} is not a number")
    if not 1 <= int(port[:6]) <= 65535 or len(port) > 5:
        raise UrlError(f"{_shown(text)}: the port {_shown(port)} is not from 1 to 65535")
    return host, int(port)


def _checked_host(host: str, text: str) -> str:
    if not host or host == "[]":
        raise UrlError(f"{_shown(text)} names no host")
    if host.startswith("["):
        from ipaddress import IPv6Address

        try:
            address = IPv6Address(host[1:-1])
        except ValueError:
            raise UrlError(f"{_shown(text)}: {_shown(host)} is not an IPv6 address") from None
        if address.scope_id:
            raise UrlError(f"{_shown(text)}: an IPv6 address with a zone (%) is not supported")
        return address.compressed
    name = host.lower().removesuffix(".")
    labels = name.split(".")
    if re.fullmatch(r"0x[0-9a-f]*|[0-9]+", labels[-1]):  # what such a host is, resolvers do not agree on
        if not _DECIMAL.match(name) or any(int(part) > 255 or part != str(int(part)) for part in labels):
            raise UrlError(f"{_shown(text)}: {_shown(host)} is neither a host name nor an IPv4 address")
        return name
    if len(name) > 253 or not all(map(_LABEL.match, labels)):
        raise UrlError(f"{_shown(text)}: {_shown(host)} is not a host name")
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        raise UrlError(f"{_shown(text)}: {_shown(host)} is not a host name") from None


def _shown(text: str) -> str:
    """As it is, but nothing of it can break a line or be long; what may be a password is left out."""
    head, at, tail = text.rpartition("@")
    scheme, separator, _ = head.partition("://")
    return ascii(f"{scheme if separator else ''}{separator}…@{tail}" if at else text)[:120].replace("\\u2026", "…")
