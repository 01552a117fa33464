"""What the addresses of one environment say together: which could be read or changed on the way."""

from collections.abc import Iterator

from websakctl.diagnostics import Diagnostic, Severity
from websakctl.source.documents import Document
from websakctl.source.settings_file import Environment
from websakctl.urls import parse_url

URLS = ("base_url", "setup_url", "token_url")


def insecure_urls(environment: Environment) -> Iterator[str]:
    """The names of the addresses that what is sent to can be read on the way: http:// beyond this machine."""
    for name in URLS:
        text = getattr(environment, name)
        if text and parse_url(text).insecure:
            yield name


def check_environment(document: Document, name: str, environment: Environment) -> Iterator[Diagnostic]:
    """Find each address of an environment that nothing may be sent to."""
    section = document.top["environments"][name]
    if environment.allow_insecure and environment.protected:
        yield Diagnostic(
            code="bad-settings",
            at=document.value_position(section.spans, "allow_insecure"),
            message=f"allow_insecure has no effect in {name}: it is protected",
            help="take allow_insecure out; a protected environment is reached over https:// only",
        )
    if environment.allow_insecure and not environment.protected:
        return
    for url in insecure_urls(environment):
        yield Diagnostic(
            code="insecure-address",
            at=document.value_position(section.spans, url),
            message=f"{url} is http://: secret and data can be read and changed on the way",
            help="write https://"
            if environment.protected
            else "write https://; for a Websak to practise on, `allow_insecure: true` or WEBSAKCTL_ALLOW_INSECURE=1",
            severity=Severity.ERROR if environment.protected else Severity.WARNING,
        )
