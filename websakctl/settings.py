"""The process's settings: command line over WEBSAKCTL_* variables over config/websak.yaml over defaults."""

import os
from pathlib import Path

import msgspec
from msgspec.structs import replace

from websakctl.redaction import Secret
from websakctl.source.server_addresses import insecure_urls
from websakctl.source.settings_file import Environment, SettingsFile
from websakctl.urls import parse_url

PREFIX = "WEBSAKCTL_"
SANDBOX = "sandbox"
SANDBOX_ROOT_UNIT = "OSLO"
SANDBOX_OWN_USER = "SYS-BYARK"


class InvalidVariable(Exception):
    """Variables whose values do not do; the message names each."""


class EnvironmentVariables(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says; ``None`` where it says nothing. ``setup_url`` empty: this Websak has no Setup API."""

    root: Path | None = None
    environment: str | None = None
    base_url: str | None = None
    setup_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    root_unit: str | None = None
    state_dir: Path | None = None
    state_key: Secret | None = None  # 64 hexadecimal digits
    credentials: str | None = None  # under which name the keyring has the client's; the environment's when omitted
    api_version: str | None = None
    concurrency: int | None = None
    rate: float | None = None
    allow_insecure: bool | None = None
    register_url: str | None = None
    fiks_url: str | None = None
    fiks_issuer: str | None = None
    fiks_client_id: str | None = None
    fiks_key_id: str | None = None
    fiks_integration_id: str | None = None
    fiks_password: Secret | None = None
    fiks_private_key: Secret | None = None


def read_environment_variables() -> EnvironmentVariables:
    """Read the WEBSAKCTL_* variables. What reads them takes longer to load than the config: only where one is set.

    Raises:
        InvalidVariable: If one is not as it should be.
    """
    if not any(name.upper().startswith(PREFIX) for name in os.environ):
        return EnvironmentVariables()
    from websakctl.variables import read_variables

    try:
        return EnvironmentVariables(**read_variables(PREFIX, EnvironmentVariables))
    except ValueError as error:
        raise InvalidVariable(str(error)) from None


class UnknownEnvironment(Exception):
    """The environment that was asked for is nowhere described."""


class BadAddress(Exception):
    """An address that nothing may be sent to."""


class InsecureAddress(BadAddress):
    """An http:// address beyond this machine that nothing allows; in a ``protected`` environment nothing can."""

    def __init__(self, why: str, *, protected: bool) -> None:
        super().__init__(f"{why}; the environment is protected" if protected else why)
        self.protected = protected


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The Websak that a command is about. ``embedded``: the sandbox that the command starts itself."""

    name: str
    described: Environment
    embedded: bool
    client_secret: Secret | None = None
    token_host: str = ""  # of the variable that says where tokens come from; empty: only the config says it


def choose_target(asked: str | None, around: EnvironmentVariables, file: SettingsFile) -> Target:
    """Find the environment: the one asked for, else the one that variables describe, else the embedded sandbox.

    Raises:
        UnknownEnvironment: If it has neither an entry in config/websak.yaml nor a WEBSAKCTL_BASE_URL.
        BadAddress: If an address is http:// beyond this machine and not allowed to be, or would be sent a token of another host.
    """
    name = asked or around.environment or (SANDBOX if not around.base_url else "environment")
    entry = file.environments.get(name)
    given = {
        key: value
        for key in ("setup_url", "token_url", "client_id", "root_unit", "api_version", "concurrency", "rate")
        if (value := getattr(around, key)) is not None
    }
    if around.base_url:
        base = around.base_url.rstrip("/")
        other = {} if entry is not None and entry.base_url.rstrip("/") == base else {"setup_url": "", "token_url": ""}
        described = replace(entry or Environment(), **{**other, **given, "base_url": base})  # never half of two Websaks
        return _target(name, described, around)
    if entry is None and name == SANDBOX:
        given.setdefault("root_unit", SANDBOX_ROOT_UNIT)
        given.setdefault("own_user", SANDBOX_OWN_USER)
        return Target(name=name, described=Environment(**given), embedded=True)
    if entry is None:
        known = ", ".join([*file.environments, SANDBOX])
        raise UnknownEnvironment(f"there is no environment {name}; config/websak.yaml and the tool know {known}")
    if not entry.base_url:
        if name == SANDBOX:
            return Target(
                name=name,
                described=replace(entry, **{"root_unit": entry.root_unit or SANDBOX_ROOT_UNIT, **given}),
                embedded=True,
            )
        raise UnknownEnvironment(f"environment {name} in config/websak.yaml has no base_url")
    return _target(name, replace(entry, **given), around)


def _target(name: str, described: Environment, around: EnvironmentVariables) -> Target:
    filled = _filled(described)
    allowed = (described.allow_insecure or bool(around.allow_insecure)) and not described.protected
    for url in () if allowed else insecure_urls(filled):
        why = f"{url} of {name} is http:// beyond this machine: {getattr(filled, url)}"
        raise InsecureAddress(why, protected=described.protected)
    if "://" in filled.openapi_url and parse_url(filled.openapi_url).host != parse_url(filled.base_url).host:
        raise BadAddress(f"openapi_url of {name} is on another host than its base_url, and would be sent a token")
    return Target(
        name=name,
        described=filled,
        embedded=False,
        client_secret=around.client_secret,
        token_host=host_of(filled.token_url)
        if around.token_url or (around.base_url and not described.token_url)
        else "",
    )


def host_of(url: str) -> str:
    """Host and port of an address: what a secret is stored for."""
    return parse_url(url).authority


def _filled(described: Environment) -> Environment:
    base = described.base_url.rstrip("/")
    return replace(
        described,
        base_url=base,
        setup_url=described.setup_url.rstrip("/"),
        token_url=described.token_url or f"{base}/connect/token",
    )
