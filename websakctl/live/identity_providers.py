"""Identity providers of a Websak: what a login mapping may name (User API 3.3)."""

from collections.abc import Iterable

from websakctl.live.adapter import rows_of
from websakctl.live.errors import LiveError
from websakctl.live.transport import Reading

PATH = "/api/Admin/availableidentityproviders"


def unchecked_providers(reading: Reading, names: Iterable[str]) -> str:
    """See that each name is a provider's scheme, letter by letter; why it could not be seen, or nothing.

    Raises:
        LiveError: If one is none; nothing has been sent then.
    """
    answer = reading.get(PATH, absent=(204, 403, 404))
    if answer.status in (403, 404):
        return f"which identity providers there are could not be checked: GET {PATH} answers {answer.status}"
    rows = rows_of(answer.body or [], f"GET {PATH}", ("scheme",))
    known = {str(row["scheme"]) for row in rows}
    for name in sorted(set(names) - known):
        raise LiveError(
            f"there is no identity provider {name} in this Websak",
            f"name one of its schemes under `provider:` of a login: {', '.join(sorted(known)) or 'there is none'}",
        )
    return ""
