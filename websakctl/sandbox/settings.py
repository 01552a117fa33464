"""What one sandbox server is told when it starts."""

from typing import Literal

import msgspec

ApiVersion = Literal["3.0", "3.3"]
Seed = Literal["standard", "empty"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one server behaves for as long as it runs."""

    database_url: str = "sqlite://"  # sqlite:///file, sqlite:// (memory) or postgresql+psycopg://…
    api_version: ApiVersion = "3.3"  # which User API it pretends to be
    client_id: str = "websakctl"
    client_secret: str = "sandbox"  # noqa: S105 - a practice server's default; the real one is made at random per server
    token_lifetime: float = 3600.0  # seconds
    seed: Seed = "standard"  # what an empty database is filled with
    name_limit: int = 70  # characters a name is cut at, without a word, as the real database does
