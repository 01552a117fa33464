"""How one resource is named everywhere: ``KIND/SCOPE/KEY``."""

from typing import NamedTuple

BASE = "base"
_ASCII: dict[int, str] = {
    ord("æ"): "ae",
    ord("ø"): "oe",
    ord("å"): "aa",
    ord("ü"): "ue",
    ord("ö"): "oe",
    ord("ä"): "ae",
    ord("."): "",
    ord(" "): "-",
}


class Address(NamedTuple):
    """The name of a resource. ``scope`` is ``base`` or a district's slug; the key may hold slashes."""

    kind: str
    scope: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.scope}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read ``KIND/SCOPE/KEY``.

        Raises:
            ValueError: If a part is missing.
        """
        parts = text.split("/", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} is not an address: write KIND/SCOPE/KEY, such as org_unit/frogner/FR-OPPV")
        return cls(*parts)


def slug(name: str) -> str:
    """Make a district's slug from its name: ``Søndre Nordstrand`` is ``soendre-nordstrand``."""
    return name.lower().translate(_ASCII)
