"""What people call the kinds, one and many."""

from collections.abc import Mapping

from websakctl.report.texts import Language, counted
from websakctl.report.texts.dates import listed

_THINGS = {
    "access_code": "{n} access code|{n} access codes",
    "access_group": "{n} access group|{n} access groups",
    "case_type": "{n} case type|{n} case types",
    "committee": "{n} committee|{n} committees",
    "form": "{n} form|{n} forms",
    "historical_base": "{n} historical base|{n} historical bases",
    "integration": "{n} integration|{n} integrations",
    "licence": "{n} licence pool|{n} licence pools",
    "org_unit": "{n} unit|{n} units",
    "rollout_batch": "{n} batch|{n} batches",
    "specialist_system": "{n} specialist system|{n} specialist systems",
    "sub_org": "{n} mail route|{n} mail routes",
    "user": "{n} user|{n} users",
    "user_role": "{n} user role|{n} user roles",
}


def things(counts: Mapping[str, int], language: Language) -> str:
    """Write how many there are of each kind: ``3 enheter og 1 postrute``."""
    return listed((counted(_THINGS[kind], language, count) for kind, count in counts.items() if count), language)
