"""The sign of life."""

from starlette.responses import Response

from websakctl.sandbox.settings import ApiVersion
from websakctl.sandbox.userapi.answers import answer
from websakctl.sandbox.userapi.routing import Call, Operation


def operations(_version: ApiVersion) -> list[Operation]:
    """List the route."""
    return [Operation(method="GET", path="/api/info", handler=read, public=True)]


def read(_call: Call) -> Response:
    """Say that the service is there. What a real one says is not published, so nothing is to be read out of this."""
    return answer("A sandbox that plays the User API")
