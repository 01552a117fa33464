"""Client credentials in the operating system's keyring. Importing keyring takes a third of a second, so only when asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field

from websakctl.record import record

SERVICE = "websakctl"


class KeyringUnavailable(Exception):
    """There is no keyring here, as on most CI machines."""


@record
class Credentials:
    """Who the client is. The secret never shows in a repr."""

    client_id: str
    client_secret: str = field(repr=False)


@contextmanager
def _keyring() -> Iterator[None]:
    """Whatever a backend raises means that there is none: a service that is away, a module that cannot be imported."""
    try:
        yield
    except Exception as error:
        raise KeyringUnavailable(str(error).strip().partition("\n")[0] or type(error).__name__) from None


def stored(environment: str) -> Credentials | None:
    """What ``auth login`` stored for an environment.

    Raises:
        KeyringUnavailable: If there is no keyring.
    """
    with _keyring():
        import keyring

        text = keyring.get_password(SERVICE, environment)
    if text is None:
        return None
    try:
        found = json.loads(text)
        return Credentials(found["client_id"], found["client_secret"])
    except (ValueError, KeyError, TypeError):
        return None


def stored_text(name: str) -> str | None:
    """A secret that `keyring set websakctl NAME` stored.

    Raises:
        KeyringUnavailable: If there is no keyring.
    """
    with _keyring():
        import keyring

        return keyring.get_password(SERVICE, name)


def store(environment: str, credentials: Credentials) -> None:
    """Keep credentials for an environment.

    Raises:
        KeyringUnavailable: If there is no keyring.
    """
    with _keyring():
        import keyring

        keyring.set_password(
            SERVICE,
            environment,
            json.dumps({"client_id": credentials.client_id, "client_secret": credentials.client_secret}),
        )


def forget(environment: str) -> bool:
    """Delete what is stored; false if nothing was.

    Raises:
        KeyringUnavailable: If there is no keyring.
    """
    with _keyring():
        import keyring
        from keyring.errors import PasswordDeleteError

        try:
            keyring.delete_password(SERVICE, environment)
        except PasswordDeleteError:
            return False
    return True
