"""Client credentials in the operating system's keyring. Importing keyring takes a third of a second, so only when asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from websakctl.redaction import Secret

SERVICE = "websakctl"


class KeyringUnavailable(Exception):
    """There is no keyring here, as on most CI machines; or it does not give back what it was given."""


class EntryDamaged(KeyringUnavailable):
    """The keyring holds something else than ``auth login`` stores."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Who the client is."""

    client_id: str
    client_secret: Secret
    token_host: str = ""  # host and port that the secret may be sent to; empty where an older version stored it


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
        EntryDamaged: If it holds something else.
    """
    with _keyring():
        import keyring

        text = keyring.get_password(SERVICE, environment)
    if text is None:
        return None
    try:
        result = json.loads(text)
        return Credentials(
            client_id=result["client_id"],
            client_secret=Secret(result["client_secret"]),
            token_host=str(result.get("token_host", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EntryDamaged(f"its entry {SERVICE} {environment} is damaged") from None


def stored_secret(name: str) -> Secret | None:
    """A secret that `keyring set websakctl NAME` stored.

    Raises:
        KeyringUnavailable: If there is no keyring.
    """
    with _keyring():
        import keyring

        text = keyring.get_password(SERVICE, name)
    return Secret(text) if text else None


def store_secret(name: str, secret: Secret) -> None:
    """Keep a secret under a name.

    Raises:
        KeyringUnavailable: If there is no keyring, or it keeps nothing.
    """
    _keep(name, secret.reveal())


def store(environment: str, credentials: Credentials) -> None:
    """Keep credentials for an environment.

    Raises:
        KeyringUnavailable: If there is no keyring, or it keeps nothing.
    """
    text = json.dumps(
        {
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret.reveal(),
            "token_host": credentials.token_host,
        }
    )
    _keep(environment, text)


def _keep(name: str, text: str) -> None:
    """Store a text and read it back: keyring.backends.null takes everything and keeps nothing."""
    with _keyring():
        import keyring

        keyring.set_password(SERVICE, name, text)
        if keyring.get_password(SERVICE, name) != text:
            raise KeyringUnavailable(f"{type(keyring.get_keyring()).__module__} does not keep what it is given")


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
