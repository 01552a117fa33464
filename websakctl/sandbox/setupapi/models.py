"""The objects of the Setup API as they go over the wire."""

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

_NO_NUL: Final = r"^[^\x00]*$"
_CODE: Final = r"^[0-9A-Za-zÆØÅæøå][0-9A-Za-zÆØÅæøå._-]*$"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WEIGHTS: Final = (3, 2, 7, 6, 5, 4, 3, 2)


def check_digit(first_eight: str) -> int | None:
    """Reckon the ninth digit of an organisation number; None when no number begins so."""
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_eight, strict=True)) % 11
    digit = 0 if rest == 0 else 11 - rest
    return None if digit == 10 else digit


def _organisation_number(text: str) -> str:
    expected = check_digit(text[:8])
    if expected is None:
        raise ValueError("is not an organisation number: none begins with these eight digits")
    if text[8] != str(expected):
        raise ValueError(f"is not an organisation number: the check digit should be {expected}")
    return text


def _day(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError("is not a date as YYYY-MM-DD")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day in the calendar") from None
    return text


Text = Annotated[str, StringConstraints(pattern=_NO_NUL)]
Name = Annotated[str, StringConstraints(pattern=_NO_NUL, min_length=1)]
Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Years = Annotated[int, Field(ge=0, le=1_000)]
# Not Literal, which would take true for 1.
ScreeningLevel = Annotated[int, Field(ge=1, le=3)]
SecurityLevel = Annotated[int, Field(ge=3, le=4)]
Code = Annotated[str, StringConstraints(pattern=_CODE, min_length=1, max_length=40)]
AccessCodeKey = Annotated[str, StringConstraints(pattern=_CODE, min_length=1, max_length=12)]
CaseTypeKey = Annotated[str, StringConstraints(pattern=_CODE, min_length=2, max_length=20)]
OrganisationNumber = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{9}$"),
    AfterValidator(_organisation_number),
    WithJsonSchema(
        {
            "type": "string",
            "format": "orgnr",
            "pattern": "^[0-9]{9}$",
            "description": "Nine digits, the last a check digit (modulus 11, weights 3 2 7 6 5 4 3 2).",
        }
    ),
]


class Strict(BaseModel):
    """No value is bent into a type, no field is let through unseen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LegalBasis(Strict):
    """One statutory basis (hjemmel), and when it holds."""

    reference: Name
    valid_from: Day | None = None
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "LegalBasis":
        _check_order(self.valid_from, self.valid_to)
        return self


class AccessCode(Strict):
    """An access code (tilgangskode): what may be withheld, on which basis."""

    code: AccessCodeKey
    name: Name
    description: Text | None = None
    legal_basis: list[LegalBasis] = []
    basis_chosen_per_case: bool = False
    screening_level: ScreeningLevel | None = None
    screening_years: Years | None = None
    publishable: Literal["yes", "no", "partly"] = "no"
    temporary: bool = False
    active: bool = True


class CaseType(Strict):
    """A case type (sakstype): how a case of this type is filed, kept and published."""

    code: CaseTypeKey
    name: Name
    series: Annotated[Name, Field(description="Part of the archive (arkivdel).")]
    ordering_principle: Name
    class_code: Text | None = None
    access_code: Annotated[AccessCodeKey | None, Field(description="Code of an active access code.")] = None
    screening_level: ScreeningLevel | None = None
    legal_basis: Text | None = None
    retention: Annotated[
        Literal["B", "K", "G"], Field(description="B: kept for ever, K: disposed of, G: disposed of after review.")
    ]
    retention_years: Years | None = None
    retention_basis: Text | None = None
    publish: bool = False
    personal_data: bool = False
    active: bool = True


class SubOrg(Strict):
    """The number of a district's sub-unit, and where its mail goes."""

    orgnr: OrganisationNumber
    name: Name
    district: Slug
    unit: Annotated[Text | None, Field(description="External id of an active department of the User API.")] = None
    channel: Literal["svarinn", "altinn"]
    message_types: Annotated[list[Text], Field(description="Empty: all types.")] = []
    level: SecurityLevel | None = None
    readers: Annotated[list[Text], Field(description="Names of roles, never of persons.")] = []
    daily_routine: Text | None = None
    arrives: Literal["dokulink", "svarinn", "altinn", "paper"] | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    batch: Annotated[Code | None, Field(description="Code of an active rollout batch.")] = None
    active: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> "SubOrg":
        _check_order(self.valid_from, self.valid_to)
        return self


class Licence(Strict):
    """Seats bought of a product, and how many each district may use."""

    code: Code
    product: Name
    bought: Count
    valid_from: Day | None = None
    valid_to: Day | None = None
    allotments: Annotated[dict[Slug, Count], Field(description="Seats by district.")] = {}
    active: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> "Licence":
        _check_order(self.valid_from, self.valid_to)
        return self


class RolloutBatch(Strict):
    """Districts that go live together (pulje)."""

    code: Code
    name: Name
    go_live: Day | None = None
    districts: list[Slug] = []
    paused: bool = False
    pause_reason: Text | None = None
    active: bool = True


class LeaseRequest(Strict):
    """Who wants to be the only writer, and for what."""

    owner: Annotated[Name, Field(max_length=200)]
    purpose: Annotated[Name, Field(max_length=500)]
    ttl_seconds: Annotated[int, Field(ge=5, le=600)]


class LeaseRenewal(Strict):
    """For how long a lease should hold from now."""

    ttl_seconds: Annotated[int, Field(ge=5, le=600)]


class LeaseBreak(Strict):
    """Whose lease should end."""

    owner: Annotated[Name, Field(max_length=200)]


def _check_order(valid_from: str | None, valid_to: str | None) -> None:
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise DaysOutOfOrder


class DaysOutOfOrder(ValueError):
    """The last day comes before the first; the fault is reported at ``valid_to``."""

    def __str__(self) -> str:
        return "is before valid_from"


def describe_error(error: dict[str, Any]) -> tuple[str, str]:
    """Turn one finding of the validation into a JSON pointer and a sentence about the value there."""
    parts = [part for part in error["loc"] if part != "[key]"]
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, DaysOutOfOrder):
        parts.append("valid_to")
    detail = _SENTENCES.get(error["type"], error["msg"]) if raised is None else str(raised)
    return pointer(*parts), detail


_SENTENCES: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this kind of object",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "string_type": "must be text",
    "string_unicode": "must be text that can be written as UTF-8",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
}


def pointer(*parts: object) -> str:
    """Write a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
