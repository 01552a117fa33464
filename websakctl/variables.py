"""The WEBSAKCTL_* variables, read by pydantic-settings; ``websakctl.settings`` says what each is."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from websakctl.model.shape import Invalid


class Variables(BaseSettings):
    """What each may be; an empty one says nothing, but for ``setup_url``."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_unsaid(cls, value: object, info: ValidationInfo) -> object:
        return None if value == "" and info.field_name != "setup_url" else value

    root: Path | None = None
    environment: str | None = None
    base_url: str | None = None
    setup_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    root_unit: str | None = None
    state_dir: Path | None = None
    credentials: str | None = None
    api_version: Annotated[str | None, Field(pattern=r"^(3\.0|3\.3)$")] = None
    concurrency: Annotated[int | None, Field(ge=1, le=32)] = None
    rate: Annotated[float | None, Field(gt=0, le=1000)] = None
    register_url: str | None = None
    fiks_url: str | None = None
    fiks_issuer: str | None = None
    fiks_client_id: str | None = None
    fiks_key_id: str | None = None
    fiks_integration_id: str | None = None
    fiks_password: SecretStr | None = None
    fiks_private_key: SecretStr | None = None


def read_variables(prefix: str) -> dict[str, Any]:
    """Every variable by its name without the prefix.

    Raises:
        Invalid: If one is not as it should be.
    """
    try:
        said = Variables(_env_prefix=prefix)
    except ValidationError as error:
        raise Invalid(list(error.errors(include_input=False, include_url=False))) from None
    return {name: getattr(said, name) for name in Variables.model_fields}
