"""What ``config/websak.yaml`` says, with a finding at the place of whatever is wrong in it."""

from msgspec.structs import replace

from websakctl.diagnostics import RULES, Diagnostic
from websakctl.model.validation import ValidationError, convert
from websakctl.source.documents import Document
from websakctl.source.problems import did_you_mean, findings_of
from websakctl.source.reporting import Report
from websakctl.source.server_addresses import check_environment
from websakctl.source.settings_file import SettingsFile
from websakctl.source.tree import Map, Span


def read_settings(document: Document, report: Report) -> SettingsFile:
    """The settings; those that hold where nothing is said, if something is wrong."""
    wrapper = Map()
    wrapper["websak.yaml"] = document.top
    wrapper.spans["websak.yaml"] = Span(0, 0, 0, 1, 0, 0, 0, 1)
    try:
        settings = convert(SettingsFile, document.top)
    except ValidationError as error:
        result = findings_of(error, (document, wrapper, "websak.yaml"), key_field=None)
        renamed = {"unknown-field": "bad-settings", "bad-value": "bad-settings"}
        for f in result:
            report(replace(f, code=renamed.get(f.code, f.code)))
        return SettingsFile()
    _check_rule_names(document, settings, report)
    for name, environment in settings.environments.items():
        for f in check_environment(document, name, environment):
            report(f)
    return settings


def _check_rule_names(document: Document, settings: SettingsFile, report: Report) -> None:
    """Refuse a severity for what is no rule, or one that must hold everywhere."""
    settable = [rule.name for rule in RULES.values() if rule.settable]
    for name in settings.rules:
        if name not in settable:
            known = name in RULES
            report(
                Diagnostic(
                    code="bad-settings",
                    at=document.key_position(document.top["rules"].spans, name),
                    message=f"the severity of {name} cannot be changed" if known else f"there is no rule {name}",
                    help=did_you_mean(name, () if known else settable)
                    or f"those that can be set are {', '.join(sorted(settable))}",
                )
            )
