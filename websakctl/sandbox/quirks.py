"""Doubtful points of the User API: the other reading of each, chosen by name. Needs none of the server's libraries."""

from typing import Final, Literal, get_args

Quirk = Literal[
    "zones-kept",
    "logins-kept",
    "functions-told",
    "unknown-404",
    "mail-withheld",
    "codes-cut",
    "any-order",
    "retired-hidden",
    "capped-pages",
    "starts-inactive",
]
Published = Literal["3.0", "3.3", "3.0@2021", "3.0@2023"]  # which published file of the vendor is played

QUIRKS: Final[dict[Quirk, str]] = {
    "zones-kept": "a PUT of a user that names no zones keeps them",
    "logins-kept": "a PUT of a user that names no login mappings keeps them on 3.0 too",
    "functions-told": "access functions are filled in without includeUserAccess",
    "unknown-404": "an unknown id is refused with 404 where 500 is documented",
    "mail-withheld": "single reads of a user leave out its e-mail addresses",
    "codes-cut": "a user code is cut at 10 characters instead of refused",
    "any-order": "lists come newest first",
    "retired-hidden": "lists of departments leave out the retired ones",
    "starts-inactive": "a user is not active before the day of its validFrom",
    "capped-pages": "a page of users holds 3 at the most, whatever limit asks for",
}
PUBLISHED: Final[tuple[Published, ...]] = get_args(Published)
