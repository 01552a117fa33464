"""The WEBSAKCTL_* variables, read by pydantic-settings: only where one is set, since it takes longer to load than a config."""

from typing import Annotated, Any, get_type_hints

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, create_model, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from websakctl.redaction import Secret
from websakctl.urls import UrlError, checked_url


def _url(text: str | None) -> str | None:
    try:
        return checked_url(text) if text else text
    except UrlError as error:
        raise PydanticCustomError("url", "{why}", {"why": str(error)}) from None


_URLS = ("base_url", "setup_url", "token_url", "register_url", "fiks_url", "fiks_issuer")
_LIMITS: dict[str, Any] = {
    **dict.fromkeys(_URLS, AfterValidator(_url)),
    "api_version": Field(pattern=r"^(3\.0|3\.3)$"),
    "concurrency": Field(ge=1, le=32),
    "rate": Field(gt=0, le=1000),
}


class _Variables(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unsaid(cls, value: object, info: ValidationInfo) -> object:
        return None if value == "" and info.field_name != "setup_url" else value


def read_variables(prefix: str, named: type) -> dict[str, Any]:
    """Every variable by its name without the prefix; ``None`` where it says nothing.

    Args:
        prefix: What the variables' names begin with.
        named: A class whose annotations are the names and types.

    Raises:
        ValueError: If one is not as it should be; the message names each.
    """
    types = {n: SecretStr | None if t == Secret | None else t for n, t in get_type_hints(named).items()}
    fields: dict[str, Any] = {
        name: (Annotated[type_, _LIMITS[name]] if name in _LIMITS else type_, None) for name, type_ in types.items()
    }
    try:
        given = create_model("Variables", __base__=_Variables, **fields)(_env_prefix=prefix)
    except ValidationError as error:
        result = error.errors(include_input=False, include_url=False)
        reported = ", ".join(f"{prefix}{str(each['loc'][0]).upper()}: {each['msg']}" for each in result)
        raise ValueError(reported) from None
    values = {name: getattr(given, name) for name in types}
    return {n: Secret(v.get_secret_value()) if isinstance(v, SecretStr) else v for n, v in values.items()}
