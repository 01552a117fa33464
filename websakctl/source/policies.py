"""Policies of the repository: ``config/policy/*.yaml``, with a finding at the place of whatever is wrong in them."""

from websakctl.diagnostics import Diagnostic, Position
from websakctl.expressions import problem_of
from websakctl.model.validation import ValidationError, convert
from websakctl.source.documents import Document
from websakctl.source.policy_entry import PolicyEntry
from websakctl.source.problems import did_you_mean, findings_of
from websakctl.source.tree import Map

FOLDER = "config/policy/"
SECTION = "policies"


def read_policies(documents: list[Document]) -> tuple[dict[str, tuple[PolicyEntry, Position]], list[Diagnostic]]:
    """Read every policy by name, with the position of its expression."""
    result: dict[str, tuple[PolicyEntry, Position]] = {}
    findings: list[Diagnostic] = []
    for document in documents:
        for key in document.top:
            if key != SECTION:
                at = document.key_position(document.top.spans, key)
                findings.append(
                    Diagnostic(
                        code="unknown-section",
                        at=at,
                        message=f"{key} is not a section here",
                        help=did_you_mean(key, [SECTION]) or "the section is policies",
                    )
                )
        entries = document.top.get(SECTION)
        if entries is None:
            continue
        if not isinstance(entries, Map):
            findings.append(
                Diagnostic(
                    code="wrong-type",
                    at=document.value_position(document.top.spans, SECTION),
                    message=f"{SECTION} should be a mapping from names to policies",
                    help="write a name, and below it `match:` and `message:`",
                )
            )
            continue
        for name in entries:
            try:
                entry = convert(PolicyEntry, entries[name])
            except ValidationError as error:
                findings.extend(findings_of(error, (document, entries, name), key_field=None))
                continue
            at = document.value_position(entries[name].spans, "match")
            if name in result:
                findings.append(
                    Diagnostic(
                        code="duplicate-resource",
                        at=document.key_position(entries.spans, name),
                        message=f"duplicate policy '{name}'",
                        help="keep one",
                        related=result[name][1],
                        related_label="first here",
                    )
                )
            if (mistake := problem_of(entry.match)) is not None:
                findings.append(
                    Diagnostic(
                        code="bad-policy",
                        at=at,
                        message=mistake,
                        help="the language is JMESPath: https://jmespath.org; try it on `websakctl plan --format json`",
                    )
                )
                continue
            result[name] = (entry, at)
    return result, findings
