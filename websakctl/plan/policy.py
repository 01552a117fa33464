"""Policy of one's own: JMESPath expressions over the plan as JSON; what an expression finds, a guard objects to."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from websakctl.expressions import CannotJudge, search
from websakctl.plan.change import Finding


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of ``config/policy/``. ``match`` gives what breaks it: a list, or true. ``refuse``: apply refuses; otherwise it is a warning."""

    name: str
    match: str
    message: str
    refuse: bool = True


def judge(policies: Iterable[Policy], document: Mapping[str, Any]) -> tuple[list[Finding], list[str]]:
    """Evaluate policies over a plan document.

    Returns:
        Findings that must be allowed by name and number, and warnings.
    An expression that fails on this plan, as with a function on a wrong type, is a finding too: nobody knows what it would have found.
    """
    findings: list[Finding] = []
    warnings: list[str] = []
    for policy in policies:
        broken = _matches(policy, document)
        if isinstance(broken, str):
            findings.append(
                Finding(
                    guard=f"policy:{policy.name}", count=1, message=f"policy {policy.name} cannot be judged: {broken}"
                )
            )
            continue
        if not broken:
            continue
        named = ", ".join(_named(item) for item in broken[:5]) + (
            f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        )
        reported = f"policy {policy.name}: {policy.message}" + (f" ({named})" if named else "")
        if policy.refuse:
            findings.append(Finding(guard=f"policy:{policy.name}", count=len(broken), message=reported))
        else:
            warnings.append(reported)
    return findings, warnings


def _matches(policy: Policy, document: Mapping[str, Any]) -> list[Any] | str:
    try:
        result = search(policy.match, document)
    except CannotJudge as error:
        return str(error)
    if result is True:
        return [True]
    if isinstance(result, list):
        return result
    if result is None or result is False:
        return []
    return f"it gives {type(result).__name__}; it should give a list, or true or false"


def _named(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping) and isinstance(item.get("address"), str):
        return str(item["address"])
    return "" if item is True else json.dumps(item, ensure_ascii=False)[:80]
