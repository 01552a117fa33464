"""What is in a request's body: JSON read as it should be, and everything wrong with it said at once."""

import json
from email.message import Message
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from websakctl.sandbox.setupapi.models import Strict, describe_error
from websakctl.sandbox.setupapi.problems import Problem

READ_ONLY: Final = ("etag", "updated_at")  # in every answer, and ignored when sent back

Model = TypeVar("Model", bound=Strict)
Errors = list[dict[str, str]]


async def json_body(request: Request) -> Any:
    """Read the body as JSON.

    Raises:
        Problem: It is not JSON in UTF-8, or does not say that it is.
    """
    if not _says_json(request.headers.get("content-type", "")):
        raise Problem("malformed", "The body must be sent as application/json.")
    try:
        return json.loads(
            (await request.body()).decode(),
            parse_constant=_no_constant,
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise Problem("malformed", f"The body is not JSON: {error}") from None


def check(model: type[Model], content: Any) -> tuple[Model | None, Errors]:
    """Hold ``content`` against ``model``; the second value lists everything that is wrong."""
    if isinstance(content, dict):
        content = {name: value for name, value in content.items() if name not in READ_ONLY}
    try:
        return model.model_validate(content), []
    except ValidationError as error:
        result = [describe_error(dict(fault)) for fault in error.errors(include_url=False)]
        return None, [{"pointer": pointer, "detail": detail} for pointer, detail in dict(result).items()]


def checked(model: type[Model], content: Any) -> Model:
    """Make a ``model`` of ``content``.

    Raises:
        Problem: Something in it is not valid.
    """
    created, errors = check(model, content)
    if created is None:
        raise invalid(errors)
    return created


def invalid(errors: Errors) -> Problem:
    """Say which values are wrong, in the order of their places."""
    places = ", ".join(error["pointer"] or "the body" for error in errors)
    return Problem("invalid", f"Not valid: {places}.", errors=errors)


def _says_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _number(text: str) -> int | float:
    """Take 3.0 for the whole number it is."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    created = dict(pairs)
    if len(created) < len(pairs):
        raise ValueError("duplicate name in one object")
    return created
