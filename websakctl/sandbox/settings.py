"""What one sandbox server is told when it starts."""

from typing import Literal

import msgspec

from websakctl.sandbox.quirks import Quirk

ApiVersion = Literal["3.0", "3.3"]
Seed = Literal["standard", "empty"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one server behaves for as long as it runs."""

    database_url: str = "sqlite://"  # sqlite:///file, sqlite:// (memory) or postgresql+psycopg://…
    api_version: ApiVersion = "3.3"  # which User API it pretends to be
    published: str = ""  # year of an older file that bore the same version: 2021 or 2023; empty: the newest
    quirks: frozenset[Quirk] = frozenset()  # doubtful points that are played the other way
    client_id: str = "websakctl"
    client_secret: str = "sandbox"  # noqa: S105 - a practice server's default; the real one is made at random per server
    token_lifetime: float = 3600.0  # seconds
    seed: Seed = "standard"  # what an empty database is filled with
    name_limit: int = 70  # characters a name is cut at, without a word, as the real database does
    code_limit: int = 10  # characters of a user's code (Gid_GidKode); the vendor's SCIM guide says so
