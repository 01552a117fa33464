"""The access packages (tilgangspakker) of Altinn 3 that let somebody read an organisation's mail, and the roles they replaced."""

from enum import StrEnum

_URN = "urn:altinn:accesspackage:"
_LETTERS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})


class Package(StrEnum):
    """One access package, by its URN. The confidential one never comes by itself with a post in the register."""

    ORDINARY = f"{_URN}ordinaerposttilvirksomheten"
    CONFIDENTIAL = f"{_URN}posttilvirksomhetenmedtaushetsbelagtinnhold"

    @property
    def key(self) -> str:
        """The URN's last part, by which people know it."""
        return self.value.removeprefix(_URN)

    @property
    def mail(self) -> str:
        """What it lets somebody read."""
        return "ordinary" if self is Package.ORDINARY else "confidential"


_OF_ALTINN_2 = frozenset({"postarkiv", "postogarkiv", "taushetsbelagtpost"})


def package_of(text: str) -> Package | None:
    """The package that a text names, by URN, key or Norwegian name; else nothing."""
    folded = _folded(text)
    return next((package for package in Package if package.key == folded), None)


def is_role_of_altinn_2(text: str) -> bool:
    """Whether a text names one of the roles that read mail until Altinn 2 closed on 19 June 2026."""
    return _folded(text) in _OF_ALTINN_2


def _folded(text: str) -> str:
    plain = text.strip().casefold().removeprefix(_URN).translate(_LETTERS)
    return "".join(char for char in plain if char.isalnum())
