"""A plan that was saved, read for being applied."""

from typing import Any

import msgspec
from msgspec.structs import replace

from websakctl.operations.apply.observer import ApplyRefused
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.plan.change import Plan
from websakctl.plan.decide import digest
from websakctl.plan.document import PlanFileError, from_document, identity
from websakctl.plan.stale import restored

_AGAIN = "plan again: websakctl plan --out FILE"


class SavedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and where it came from. ``digest`` is the file's identity: it is applied once."""

    name: str
    plan: Plan
    digest: str

    @classmethod
    def read(cls, name: str, document: Any) -> "SavedPlan":
        """Read a plan's document.

        Raises:
            ApplyRefused: If it is none.
        """
        try:
            plan = from_document(document)
        except PlanFileError as error:
            raise ApplyRefused(f"{name}: {error}", _AGAIN) from None
        return cls(name=name, plan=plan, digest=identity(document))

    def restored(self, scene: ConfigInput) -> "SavedPlan":
        """The same plan, with the values that its file does not hold taken from the config that it was made from.

        Raises:
            ApplyRefused: If it was made for another environment, from another config, or for kinds without an API here.
        """
        if self.plan.environment != scene.environment:
            raise ApplyRefused(
                f"{self.name} was made for environment {self.plan.environment}, and this is {scene.environment}",
                f"--environment {self.plan.environment}, or plan again",
            )
        if self.plan.config_digest != digest(scene.config.state):
            raise ApplyRefused(f"{self.name} was made from another version of the config", _AGAIN)
        if missing := {change.address.kind for change in self.plan.changes} - set(scene.kinds):
            raise ApplyRefused(
                f"{self.name} changes {', '.join(sorted(missing))}, and this Websak now has no API for that",
                "check WEBSAKCTL_SETUP_URL and setup_url in config/websak.yaml, or plan again",
            )
        return msgspec.structs.replace(
            self, plan=replace(self.plan, changes=restored(self.plan.changes, scene.config.state))
        )
