"""Addresses: the ones that are taken, and what is said of the others; none reaches a request or a message unread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.urls import UrlError, parse_url

GOOD = {
    "https://websak.example.no": ("https", "websak.example.no", 443),
    "HTTPS://WebSak.Example.NO./User Api".replace(" ", ""): ("https", "websak.example.no", 443),
    "http://127.0.0.1:8080/api": ("http", "127.0.0.1", 8080),
    "https://[2001:DB8::1]:8443/": ("https", "2001:db8::1", 8443),
    "https://bærum.kommune.no": ("https", "xn--brum-voa.kommune.no", 443),
    "https://intern_server/websak": ("https", "intern_server", 443),
}
BAD = {
    "": "empty",
    "  ": "empty",
    "https://h\r": "carriage return",
    "https://h\n": "line end at its end",
    " https://h": "a blank",
    "https://h h": "a blank in it",
    "https://h\u00a0": "a no-break space",
    "https://h\u200b": "control character U+200B",
    "\x1b[31mhttps://h": "control character U+001B",
    "websak.example.no": "does not begin with https://",
    "websak.example.no:443": "does not begin with https://",
    "https:/h": "does not begin with https://",
    "ftp://h": "ftp:// is not supported",
    "file:///etc/passwd": "file:// is not supported",
    "https://": "names no host",
    "https:///path": "names no host",
    "https://:443": "names no host",
    "https://[::1": "no closing bracket",
    "https://::1": "in brackets",
    "https://[::1]8443": "follows the IPv6 address",
    "https://[::g]": "is not an IPv6 address",
    "https://[fe80::1%25eth0]": "zone",
    "https://h:": "is not a number",
    "https://h:https": "is not a number",
    "https://h:８": "is not a number",
    "https://h:0": "not from 1 to 65535",
    "https://h:65536": "not from 1 to 65535",
    "https://h:" + "9" * 5000: "not from 1 to 65535",
    "https://user:hunter22@h": "a name or a password",
    "https://h\\@elsewhere": "backslash",
    "https://h/?x=1": "has a ?",
    "https://h/#x": "has a #",
    "https://2130706433": "neither a host name nor an IPv4 address",
    "https://0x7f.0.0.1": "neither a host name nor an IPv4 address",
    "https://127.1": "neither a host name nor an IPv4 address",
    "https://300.1.1.1": "neither a host name nor an IPv4 address",
    "https://010.1.1.1": "neither a host name nor an IPv4 address",
    "https://a..b": "is not a host name",
    "https://-a": "is not a host name",
    "https://" + "a" * 64 + ".no": "is not a host name",
}


@pytest.mark.parametrize("text", GOOD)
def test_an_address_is_read(text: str) -> None:
    url = parse_url(text)
    assert (url.scheme, url.host, url.port) == GOOD[text]


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_said_in_one_line(text: str) -> None:
    with pytest.raises(UrlError) as wrong:
        parse_url(text)
    stated = str(wrong.value)
    assert BAD[text] in stated
    assert stated.isprintable() and len(stated) < 300
    assert "hunter22" not in stated


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.3.4", "localhost", "LOCALHOST.", "[::1]", "[0:0:0:0:0:0:0:1]"])
def test_this_machine_is_known(host: str) -> None:
    assert parse_url(f"http://{host}:1").loopback
    assert not parse_url(f"http://{host}:1").insecure


@pytest.mark.parametrize(
    "host", ["127.example.no", "localhost.example.no", "128.0.0.1", "[::2]", "[::ffff:10.0.0.1]", "127-0-0-1.no"]
)
def test_others_are_not_taken_for_this_machine(host: str) -> None:
    assert not parse_url(f"http://{host}").loopback
    assert parse_url(f"http://{host}").insecure
    assert not parse_url(f"https://{host}").insecure


@given(
    st.one_of(
        st.text(max_size=60), st.builds("https://{}{}".format, st.text(max_size=30), st.text(":/[]@?#%.", max_size=5))
    )
)
def test_any_text_is_an_address_that_httpx_takes_too_or_a_sentence(text: str) -> None:
    import httpx

    try:
        url = parse_url(text)
    except UrlError as error:
        assert str(error).isprintable()
        return
    sent = httpx.URL(text)
    assert (sent.scheme, sent.raw_host.decode().strip("[]").removesuffix(".")) == (url.scheme, url.host)
    assert (sent.port or {"http": 80, "https": 443}[sent.scheme]) == url.port
