"""The five kinds of object, and what refers to what."""

from typing import Final

import msgspec
from sqlalchemy import Table

from websakctl.sandbox.setupapi import models, tables

CONTRACT_VERSION: Final = "2.0.0"  # of the contract; the server's own is beside it in /info


class SetupKind(msgspec.Struct, frozen=True, kw_only=True):
    """One collection of the Setup API."""

    name: str
    path: str
    key: str  # the field that names an object
    model: type[models.Strict]
    table: Table
    references: tuple[tuple[str, str], ...] = ()  # field, and the kind it names an object of
    example: str  # the key of one, for the documentation

    @property
    def fields(self) -> tuple[str, ...]:
        """What a client may set, in the order of an answer."""
        return tuple(self.model.model_fields)


KINDS: Final = (
    SetupKind(
        name="access_code",
        path="/access-codes",
        key="code",
        model=models.AccessCode,
        table=tables.access_code,
        example="U",
    ),
    SetupKind(
        name="case_type",
        path="/case-types",
        key="code",
        model=models.CaseType,
        table=tables.case_type,
        references=(("access_code", "access_code"),),
        example="PERS",
    ),
    SetupKind(
        name="sub_org",
        path="/sub-orgs",
        key="orgnr",
        model=models.SubOrg,
        table=tables.sub_org,
        references=(("unit", "department"), ("batch", "rollout_batch")),
        example="310000000",
    ),
    SetupKind(
        name="licence",
        path="/licences",
        key="code",
        model=models.Licence,
        table=tables.licence,
        example="WEBSAK-PLUS",
    ),
    SetupKind(
        name="rollout_batch",
        path="/rollout-batches",
        key="code",
        model=models.RolloutBatch,
        table=tables.rollout_batch,
        example="PULJE-1",
    ),
)

BY_NAME: Final = {kind.name: kind for kind in KINDS}
