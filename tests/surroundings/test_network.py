"""Which requests go by which proxy, whom TLS trusts, and what is said where a variable is wrong."""

from pathlib import Path

import pytest

from websakctl.live.errors import Unreachable
from websakctl.live.network import Network, NetworkError, read_network
from websakctl.live.tls import context_for
from websakctl.urls import parse_url

PROXY = "http://proxy.example.no:3128"

# NO_PROXY, address, whether it goes by the proxy
BYPASS = [
    ("", "https://websak.example.no", True),
    ("example.no", "https://websak.example.no", False),
    (".example.no", "https://websak.example.no", False),
    ("*.example.no", "https://websak.example.no", False),
    (".example.no", "https://example.no", False),
    ("example.no", "https://badexample.no", True),
    ("EXAMPLE.no", "https://websak.example.NO.", False),
    ("websak.example.no:443", "https://websak.example.no", False),
    ("websak.example.no:8443", "https://websak.example.no", True),
    ("websak.example.no:8443", "https://websak.example.no:8443", False),
    ("other.no, example.no", "https://websak.example.no", False),
    ("other.no example.no", "https://websak.example.no", False),
    ("*", "https://websak.example.no", False),
    ("10.0.0.0/8", "https://10.20.30.40", False),
    ("10.0.0.0/8", "https://11.20.30.40", True),
    ("10.20.30.40", "https://10.20.30.40:99", False),
    ("10.20.30.40:98", "https://10.20.30.40:99", True),
    ("10.0.0.0/8", "https://ten.example.no", True),
    ("2001:db8::/32", "https://[2001:db8::5]", False),
    ("[2001:db8::5]:443", "https://[2001:db8::5]", False),
    ("[2001:db8::5]:444", "https://[2001:db8::5]", True),
    ("0.0.0.0/0", "https://[2001:db8::5]", True),
    ("10.0.0.0/99", "https://10.20.30.40", True),
    ("", "https://127.0.0.1:8443", False),
    ("", "http://127.8.8.8", False),
    ("", "http://localhost:9", False),
    ("", "https://[::1]:9", False),
]


@pytest.mark.parametrize(("no_proxy", "address", "by_proxy"), BYPASS)
def test_what_goes_past_the_proxy(no_proxy: str, address: str, by_proxy: bool) -> None:
    network = read_network({"ALL_PROXY": PROXY, "NO_PROXY": no_proxy})
    assert (network.proxy_for(parse_url(address)) is not None) == by_proxy


def chosen(address: str, **environ: str) -> str | None:
    proxy = read_network(environ).proxy_for(parse_url(address))
    return proxy.variable if proxy else None


def test_each_scheme_has_its_variable_and_lower_case_wins() -> None:
    assert chosen("https://a.no", HTTPS_PROXY=PROXY, ALL_PROXY=PROXY) == "HTTPS_PROXY"
    assert chosen("https://a.no", HTTPS_PROXY=PROXY, https_proxy="http://b:1") == "https_proxy"
    assert chosen("https://a.no", HTTPS_PROXY=PROXY, https_proxy="") is None
    assert chosen("http://a.no", HTTPS_PROXY=PROXY) is None
    assert chosen("http://a.no", HTTP_PROXY=PROXY) == "HTTP_PROXY"
    assert chosen("http://a.no", all_proxy="proxy:3128") == "all_proxy"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("socks5://p:1080", "SOCKS is not supported"),
        ("socks5h://p:1080", "SOCKS is not supported"),
        ("quic://p", "is not supported"),
        ("http://p:port", "is not a number"),
        ("http://user:hunter22@", "names no host"),
        ("http://user:hunter22@p q", "a blank"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(value: str, why: str) -> None:
    with pytest.raises(NetworkError, match="HTTPS_PROXY: ") as wrong:
        read_network({"HTTPS_PROXY": value})
    assert why in str(wrong.value)
    assert "hunter22" not in str(wrong.value)


def test_the_password_of_a_proxy_shows_nowhere() -> None:
    proxy = read_network({"HTTPS_PROXY": "http://me:p%40ss-word@proxy:3128"}).proxies["https"]
    assert "p@ss-word" not in repr(proxy) and "p%40ss" not in repr(proxy)
    assert proxy.address == "http://proxy:3128"
    assert proxy.password is not None and proxy.password.reveal() == "p@ss-word"


HTTPS = parse_url("https://websak.example.no")


def test_files_of_authorities_must_be_there_and_hold_one(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate\n")
    for file, why in (
        (tmp_path / "none.pem", "No such file"),
        (empty, "holds no certificate"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(Unreachable, match=why) as wrong:
            context_for(HTTPS, Network(ca_file=file))
        assert f"SSL_CERT_FILE={file}" in str(wrong.value)
    for folder, why in ((tmp_path / "none", "No such file"), (tmp_path, "no certificate under a hashed name")):
        with pytest.raises(Unreachable, match=why) as wrong:
            context_for(HTTPS, Network(ca_dirs=(folder,)))
        assert f"SSL_CERT_DIR={folder}" in str(wrong.value)
    context_for(parse_url("http://127.0.0.1:1"), Network(ca_file=empty))  # nobody is to be trusted there


def test_without_a_file_the_system_is_asked() -> None:
    assert type(context_for(HTTPS, Network())).__module__.startswith("truststore")
    assert read_network({}).trust == "the system's certificate authorities"
